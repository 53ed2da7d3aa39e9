/** Two destinations on Workers, one of which the sender waits for: the other goes on behind the answer. */
import type { ServerResponse } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { payload } from "../../../bench/payloads.ts";
import { request } from "../../contract/rig.ts";
import { startSink } from "../../contract/sinks.ts";
import { startWorker, until } from "./harness.ts";

test("await: primary answers at once; the slow one gets its answer, too, and its end is told", async () => {
  const held: ServerResponse[] = [];
  const [fast, slow] = await Promise.all([startSink(), startSink((_request, response) => void held.push(response))]);
  const worker = await startWorker(`
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {otlp_http/fast: {endpoint: "${fast.url}"}, otlp_http/slow: {endpoint: "${slow.url}"}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_http/fast, otlp_http/slow], await: primary}}}
`);
  onTestFinished(async () => {
    await worker.stop();
    await Promise.all([fast.close(), slow.close()]);
  });
  expect((await request(`${worker.url}/v1/traces`, payload("traces", { items: 10 }).bytes)).status).toBe(200);
  await until(() => held.length === 1);
  // A second behind the sender's answer: its outcome shows only in the log.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  held[0]?.writeHead(400).end();
  await until(() => worker.stdout().includes("Export refused for good"));
});
