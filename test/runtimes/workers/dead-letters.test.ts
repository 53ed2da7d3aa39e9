/** Dead letters in an R2 bucket, in workerd as an operator runs it: no Durable Object, and what the destination refused is there after the Worker's end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { payload } from "../../../bench/payloads.ts";
import { storedFrom } from "../../../src/pipeline/stored.ts";
import { request } from "../../contract/rig.ts";
import { startSink } from "../../contract/sinks.ts";
import { testEngine } from "../../harness/engine.ts";
import { runToEnd, startWorker, until } from "./harness.ts";

const ITEMS = 10;
/** The shortest name, and a bucket behind S3 beside it, which is not for Workers. */
const BOUND = "binding: R2, s3: {endpoint: 'https://s3.test', bucket: letters, access_key_id: '${env:NO_KEY:-}'}, prefix: otel";

function yamlTo(sink: string, extension = BOUND, exporter = ""): string {
  return `
extensions: {object_storage: {${extension}}, file_storage: }
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {otlp_http: {endpoint: "${sink}", compression: none, dead_letters: {storage: object_storage}${exporter}}}
service: {extensions: [object_storage${exporter === "" ? "" : ", file_storage"}], pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}
`;
}

/** Everything in the folder where the platform's stand-in keeps what is in buckets: a file for each object, which has another name, hidden, until it is whole. */
function objectsIn(folder: string): Uint8Array[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.parentPath.endsWith("blobs") && !entry.name.startsWith("."));
  return files.map(({ name, parentPath }) => Uint8Array.from(readFileSync(join(parentPath, name))));
}

describe("dead letters in R2", () => {
  const ends: (() => unknown)[] = [];

  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });

  test.each([
    ["in the Worker itself", ""],
    ["in a Durable Object", ", sending_queue: {storage: file_storage, durability: write_first}"],
  ])("are kept %s", async (_, exporter) => {
    const sink = await startSink((_request, response) => void response.writeHead(400).end());
    const folder = mkdtempSync(join(tmpdir(), "sluice-r2-"));
    ends.push(
      () => sink.close(),
      () => rmSync(folder, { recursive: true, force: true }),
    );
    const worker = await startWorker(yamlTo(sink.url, undefined, exporter), {}, ["--persist", folder]);
    const bodies = [1, 2, 3].map((seed) => payload("traces", { items: ITEMS, seed }).bytes);
    try {
      const answers = await Promise.all(bodies.map((body) => request(`${worker.url}/v1/traces`, body)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      await until(() => objectsIn(folder).length === bodies.length);
    } finally {
      await worker.stop();
    }
    const engine = testEngine();
    const stored = objectsIn(folder).flatMap((bytes) => storedFrom(engine, [bytes]) ?? []);
    expect(stored.map(({ envelope }) => envelope.items)).toEqual([ITEMS, ITEMS, ITEMS]);
    const kept = new Set(stored.map(({ envelope }) => Buffer.concat(envelope.requests).toString("hex")));
    expect(kept).toEqual(new Set(bodies.map((body) => Buffer.from(body).toString("hex"))));
  });

  test.each([
    ["directory: /var/letters", "on Workers: there are no files"],
    ["s3: {endpoint: 'https://s3.test', bucket: letters, access_key_id: a, secret_access_key: b}", "on Workers: a bucket is bound there"],
  ])("are an error where they are elsewhere: %s", async (extension, state) => {
    const { code, stderr } = await runToEnd(["--config", `yaml:${yamlTo("http://127.0.0.1:1", extension)}`]);
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining(state)]);
    expect(stderr).toContain("Bind an R2 bucket in wrangler.toml");
  });
});
