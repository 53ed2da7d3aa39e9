/** The very lines of docs/mounting.md, run on Node, Bun and Deno against a sink. Needs Node. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { freePort, type Sink, startSink } from "../../contract/sinks.ts";
import { ROOT } from "../workers/harness.ts";

const BODY = JSON.stringify({
  resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174", name: "x" }] }] }],
});

let sink: Sink;
let directory: string;
let children: ChildProcess[] = [];

beforeAll(async () => {
  sink = await startSink();
  // In the repository, where the packages are found; git ignores the folder.
  mkdirSync(join(ROOT, ".wrangler"), { recursive: true });
  directory = mkdtempSync(join(ROOT, ".wrangler", "mounting-"));
  const modules = join(directory, "node_modules");
  mkdirSync(join(modules, "sluice"), { recursive: true });
  // The package as its users see it, over the sources.
  const source = pathToFileURL(join(ROOT, "src/runtimes/gateway-fetch.ts")).href;
  writeFileSync(join(modules, "sluice", "index.js"), `export * from ${JSON.stringify(source)};\n`);
  writeFileSync(join(directory, "deno-imports.json"), JSON.stringify({ imports: { sluice: source, hono: import.meta.resolve("hono") } }));
  // Not the repository's own: there "sluice" would be the repository.
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
  writeFileSync(join(modules, "sluice", "package.json"), '{ "name": "sluice", "version": "0.1.0", "type": "module", "exports": "./index.js" }');
  writeFileSync(
    join(directory, "sluice.yaml"),
    `
receivers: {otlp: {protocols: {http: }}}
exporters: {otlp_http: {endpoint: "\${env:SLUICE_TEST_SINK}"}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}
`,
  );
  for (const [name, code] of snippets()) writeFileSync(join(directory, name), code);
});

afterEach(async () => {
  for (const child of children) {
    const closed = new Promise((resolve) => child.once("close", resolve));
    child.kill();
    await closed;
  }
  children = [];
  sink.requests.length = 0;
});

afterAll(async () => {
  await sink.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Code blocks of a page with a file's name behind the language. */
function snippets(page = "docs/mounting.md"): (readonly [name: string, code: string])[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map((match) => [match[1] ?? "", match[2] ?? ""] as const);
}

async function serve(command: string, args: (port: number) => readonly string[]): Promise<string> {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), SLUICE_TEST_SINK: sink.url };
  const child = spawn(join(ROOT, "node_modules/.bin", command), args(port), { cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let told = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (told += text));
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answered) return url;
    if (child.exitCode !== null) throw new Error(`${command} ended: ${told}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function post(url: string): Promise<readonly [number, string]> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: BODY });
  return [response.status, await response.text()];
}

test("the page and the README have a Hono app of at most ten lines, and a server for Deno", () => {
  const found = new Map(snippets());
  expect([...found.keys()]).toEqual(["app.ts", "serve.ts"]);
  expect(snippets("README.md")).toEqual([["app.ts", found.get("app.ts")]]);
  expect(found.get("app.ts")?.trimEnd().split("\n").length).toBeLessThanOrEqual(10);
});

test("the Hono app on Node", async () => {
  const run = `
    const { default: app } = await import("./app.ts");
    const post = (path) => app.fetch(new Request("http://localhost" + path, { method: "POST", headers: { "content-type": "application/json" }, body: ${JSON.stringify(BODY)} }));
    const answers = [await app.fetch(new Request("http://localhost/")), await post("/otlp/v1/traces"), await post("/otlp/v1/logs")];
    console.log(JSON.stringify(await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]))));
    process.exit(0);
  `;
  writeFileSync(join(directory, "run.js"), run);
  const child = spawn(process.execPath, ["run.js"], {
    cwd: directory,
    env: { ...process.env, SLUICE_TEST_SINK: sink.url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  await new Promise((resolve) => child.once("close", resolve));
  expect(JSON.parse(out)).toEqual([
    [200, "hello"],
    [200, "{}"],
    [404, expect.stringContaining("no pipeline")],
  ]);
  expect(sink.requests.map(({ url }) => url)).toEqual(["/v1/traces"]);
});

test("the Hono app on Bun", async () => {
  const url = await serve("bun", () => ["app.ts"]);
  expect(await post(`${url}/otlp/v1/traces`)).toEqual([200, "{}"]);
  expect(sink.requests.length).toBe(1);
});

test("the Hono app on Deno", async () => {
  const url = await serve("deno", (port) => ["serve", "-A", "--import-map", "deno-imports.json", "--host", "127.0.0.1", "--port", String(port), "app.ts"]);
  expect(await post(`${url}/otlp/v1/traces`)).toEqual([200, "{}"]);
  expect(sink.requests.length).toBe(1);
});

test("Deno.serve", async () => {
  const url = await serve("deno", () => ["run", "-A", "--import-map", "deno-imports.json", "serve.ts"]);
  expect(await post(`${url}/v1/traces`)).toEqual([200, "{}"]);
  expect(await post(`${url}/other`)).toEqual([404, expect.stringContaining("Cannot serve this path")]);
  expect(sink.requests.length).toBe(1);
});
