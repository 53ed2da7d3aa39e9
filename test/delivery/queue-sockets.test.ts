/** The queue before the real exporter, over real sockets. */
import * as zlib from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { SIGNALS } from "../../src/base/signal.ts";
import { otlpHttp } from "../../src/exporters/otlp-http.ts";
import { bench, checkExporterContract } from "../contract/exporter-contract.ts";
import { type Answering, type Sink, startSink, until } from "../contract/sinks.ts";
import { SOCKETS } from "../harness/host.ts";
import { leaves } from "../harness/multiset.ts";
import { checkAllBooks, checkBooks } from "./books.ts";

let open: Sink[] = [];
afterEach(async () => {
  await Promise.all(open.map((sink) => sink.close()));
  open = [];
});

async function sinkFor(answering?: Answering): Promise<Sink> {
  const sink = await startSink(answering);
  open.push(sink);
  return sink;
}

const RETRY = { initial_interval: "5ms", max_interval: "20ms", randomization_factor: 0 };

describe.runIf(SOCKETS)("otlp_http behind a queue", () => {
  test.each([
    ["in memory", {}],
    ["in batches", { batch: { min_size: 50, max_size: 50, flush_timeout: "20ms" } }],
    ["with senders that wait", { wait_for_result: true }],
  ])("keeps the exporter's contract: %s", async (_name, queue) => {
    const sink = await sinkFor();
    const on = bench("otlp_http/q");
    await checkExporterContract(otlpHttp.create(otlpHttp.schema.parse({ endpoint: sink.url, sending_queue: queue, retry_on_failure: RETRY }), on), on, SIGNALS);
    checkAllBooks(on.counters, "otlp_http/q");
  });

  test("delivers everything past 503, 429 with Retry-After, a reset and 413, and nothing twice", async () => {
    const taken: Buffer[] = [];
    let turn = 0;
    const sink = await sinkFor((request, response, body) => {
      turn++;
      if (turn % 5 === 1) return void response.writeHead(503).end();
      if (turn % 5 === 2) return void request.socket.resetAndDestroy();
      if (turn === 8) return void response.writeHead(429, { "retry-after": "1" }).end();
      const plain = zlib.gunzipSync(body);
      if (leaves("traces", plain).length > 20) return void response.writeHead(413).end();
      taken.push(plain);
      return void response.end();
    });
    const on = bench("otlp_http/q");
    const exporter = otlpHttp.create(
      otlpHttp.schema.parse({
        endpoint: sink.url,
        sending_queue: { num_consumers: 3, batch: { min_size: 30, flush_timeout: "10ms" } },
        retry_on_failure: RETRY,
      }),
      on,
    );
    const sent: string[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const batch = on.batch("traces", 10, seed);
      const bytes = await batch.body("proto", "none", undefined, on.host.codecs, on.engine);
      sent.push(...leaves("traces", Buffer.concat(bytes.slices)));
      expect((await exporter.consume(batch)).kind).toBe("accepted");
      batch.release();
      checkBooks(on.counters, "otlp_http/q", "traces");
    }
    await until(() => checkBooks(on.counters, "otlp_http/q", "traces").queued === 0, "everything is delivered");
    expect(taken.flatMap((bytes) => leaves("traces", bytes)).toSorted()).toEqual(sent.toSorted());
    expect(checkBooks(on.counters, "otlp_http/q", "traces")).toMatchObject({ sent: 200, dropped: 0 });
    expect(on.counters.total("sluice_exporter_retries", { reason: "unavailable" })).toBeGreaterThan(0);
    expect(on.counters.total("sluice_exporter_retries", { reason: "unreachable" })).toBeGreaterThan(0);
    await exporter.stop(1000);
    expect(on.engine.pool.blocks).toBe(0);
  });

  test("stops within its deadline when nobody answers, and says what is lost", async () => {
    const mute = await sinkFor(() => {});
    const on = bench("otlp_http/q");
    const exporter = otlpHttp.create(otlpHttp.schema.parse({ endpoint: mute.url, sending_queue: { num_consumers: 1 } }), on);
    for (let seed = 1; seed <= 5; seed++) {
      const batch = on.batch("traces", 10, seed);
      expect((await exporter.consume(batch)).kind).toBe("accepted");
      batch.release();
    }
    await until(() => mute.requests.length === 1, "one is under way");
    await exporter.stop(50);
    expect(checkBooks(on.counters, "otlp_http/q", "traces")).toMatchObject({ dropped: 50, queued: 0 });
    expect(on.counters.total("sluice_exporter_dropped_spans", { reason: "stopped" })).toBe(50);
    expect(on.log.join("\n")).toContain("Telemetry is lost");
    await until(() => on.engine.pool.blocks === 0, "every block is given back");
  });
});
