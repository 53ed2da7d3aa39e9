/** A sending queue in a Cloudflare Queue, in workerd as an operator runs it: no Durable Object, and what was acknowledged is delivered by the Worker's `queue`. */
import { afterAll, describe, expect, test } from "vitest";
import { payload } from "../../../bench/payloads.ts";
import { request } from "../../contract/rig.ts";
import { startSink } from "../../contract/sinks.ts";
import { leaves } from "../../harness/multiset.ts";
import { runToEnd, startWorker, until } from "./harness.ts";

const ITEMS = 10;
const MODES = ["write_first", "send_first"];

/** An exporter for each way to queue, all of one pipeline. */
function yamlTo(sinks: readonly string[], processors = ""): string {
  const exporters = sinks.map(
    (sink, index) => `
  otlp_http/${MODES[index]}:
    endpoint: "${sink}"
    compression: none
    sending_queue: {storage: cloudflare_queue, durability: ${MODES[index]}}
    retry_on_failure: {initial_interval: 100ms, max_elapsed_time: 0}`,
  );
  return `
extensions: {cloudflare_queue: }
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {batch: }
exporters: ${exporters.join("")}
service:
  extensions: [cloudflare_queue]
  pipelines: {traces: {receivers: [otlp], processors: [${processors}], exporters: [${sinks.map((_, index) => `otlp_http/${MODES[index]}`).join(", ")}]}}
`;
}

function leavesOf(bodies: readonly Uint8Array[]): string[] {
  // Copies: of a Buffer the judge would make Buffers.
  return bodies.flatMap((body) => leaves("traces", Uint8Array.from(body))).toSorted();
}

const bodies = [1, 2, 3].map((seed) => payload("traces", { items: ITEMS, seed }).bytes);

describe("a queue of the platform", () => {
  const ends: (() => Promise<unknown>)[] = [];

  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });

  test("keeps what destinations that are down do not take, and delivers it when they are up", async () => {
    const answers = { down: true };
    const sinks = await Promise.all(MODES.map(() => startSink((_request, response) => void response.writeHead(answers.down ? 503 : 200).end())));
    ends.push(...sinks.map((sink) => () => sink.close()));
    const worker = await startWorker(yamlTo(sinks.map(({ url }) => url)));
    ends.push(() => worker.stop());
    for (const body of bodies) expect((await request(`${worker.url}/v1/traces`, body)).status).toBe(200);
    await until(() => sinks.every((sink) => sink.bodies.length > 0));
    for (const sink of sinks) sink.bodies.length = 0;
    answers.down = false;
    await until(() => sinks.every((sink) => new Set(leavesOf(sink.bodies)).size === bodies.length * ITEMS));
    for (const sink of sinks) expect([...new Set(leavesOf(sink.bodies))]).toEqual(leavesOf(bodies));
  });

  test("is an error beside what needs a Durable Object", async () => {
    const { code, stderr } = await runToEnd(["--config", `yaml:${yamlTo(["http://127.0.0.1:1"], "batch")}`]);
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining('Cannot use extension "cloudflare_queue" beside what needs a Durable Object')]);
  });
});
