/**
 * What a Worker cannot have is told before it starts, by its key and its line, in the words of
 * `sluice validate`; and what stands in two places for a Worker is the same in both.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMPATIBILITY_DATE, COMPATIBILITY_FLAGS, OBJECTS } from "../../../scripts/workers/files.ts";
import { portOf } from "../../contract/sinks.ts";
import { ROOT, runToEnd } from "./harness.ts";

interface Parts {
  readonly receivers?: string;
  readonly processors?: string;
  readonly exporter?: string;
  readonly pipeline?: string;
}

function yaml({ receivers, processors, exporter, pipeline }: Parts): string {
  return `yaml:
receivers: ${receivers ?? '{otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}'}
processors: ${processors ?? "{}"}
exporters: {otlp_http: {endpoint: "https://otlp.example.com"${exporter ?? ""}}}
service: {pipelines: {traces: ${pipeline ?? "{receivers: [otlp], exporters: [otlp_http]}"}}}
`;
}

test.each<readonly [name: string, parts: Parts, message: RegExp]>([
  [
    "TLS on the receiver",
    { receivers: '{otlp: {protocols: {http: {endpoint: "127.0.0.1:0", tls: {cert_file: a, key_file: b}}}}}' },
    /:2:\d+: Cannot use receivers\.otlp\.protocols\.http\.tls on Workers: .*\n(?:.*\n)+.*=> Remove it/,
  ],
  [
    "two ports",
    {
      receivers: '{otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}, otlp/b: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}',
      pipeline: "{receivers: [otlp, otlp/b], exporters: [otlp_http]}",
    },
    /:2:\d+: Cannot listen for "receivers\.otlp\/b\.protocols\.http\.endpoint" on Workers: .*"receivers\.otlp\.protocols\.http\.endpoint" has/,
  ],
  [
    "a queue in memory",
    { exporter: ", sending_queue: {}" },
    /:4:\d+: Cannot use exporter "otlp_http" on Workers: its queue is in memory.*\n(?:.*\n)*.*=> Give it a storage .*, or take sending_queue out/,
  ],
  ["certificates of a destination", { exporter: ", tls: {ca_file: ca.pem}" }, /Cannot use tls\.ca_file on Workers/],
  ["no verification", { exporter: ", tls: {insecure_skip_verify: true}" }, /Cannot use tls\.insecure_skip_verify on Workers/],
  ["connections of its own", { exporter: ", max_conns_per_host: 3" }, /Cannot use max_conns_per_host on Workers/],
  [
    "a file in a value",
    { processors: '{resource: {attributes: [{key: a, value: "${file:.gitignore}", action: upsert}]}}' },
    /Cannot use "\$\{file:\.gitignore\}" on Workers: there are no files/,
  ],
  ["no door", { receivers: "{otlp: {protocols: {grpc: }}}" }, /Cannot serve requests: no receiver takes them over HTTP/],
  ["a slip in the YAML", { exporter: ", timout: 3s" }, /:4:\d+: Cannot use key "timout".*\n(?:.*\n)+.*"timeout"/],
])("%s: code 2, and what to do", async (_name, parts, message) => {
  const { code, stderr } = await runToEnd(["--config", yaml(parts)]);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});

test("a port that another process has: the message of the other runtimes", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = portOf(server);
  const receivers = `{otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}`;
  const { code, stderr } = await runToEnd(["--config", yaml({ receivers })]);
  await new Promise((resolve) => server.close(resolve));
  expect(stderr).toContain(`Cannot listen on "127.0.0.1:${port}": another process has this port`);
  expect(code).toBe(1);
});

test("the repository's Worker and the one on the desk have one date, the same flags and the same objects", () => {
  const toml = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  expect(/^compatibility_date = "(.*)"$/m.exec(toml)?.[1]).toBe(COMPATIBILITY_DATE);
  const flags = /^compatibility_flags = \[(.*?)^\]$/ms.exec(toml)?.[1] ?? "";
  expect([...flags.matchAll(/^\s*"(.*)",$/gm)].map((match) => match[1])).toEqual([...COMPATIBILITY_FLAGS]);
  const [binding] = OBJECTS.durable_objects.bindings;
  expect(toml).toContain(`[[durable_objects.bindings]]\nname = "${binding.name}"\nclass_name = "${binding.class_name}"\n`);
  const [{ tag, new_sqlite_classes: classes }] = OBJECTS.migrations;
  expect(toml).toContain(`[[migrations]]\ntag = "${tag}"\nnew_sqlite_classes = ["${classes.join('", "')}"]\n`);
  expect(readFileSync(join(ROOT, "examples/workers/worker.ts"), "utf8")).toContain(`export const ${binding.class_name} = `);
});
