/** Policies and several endpoints before real servers: one that dies and returns, one that hangs, one that is overloaded. */
import * as http from "node:http";
import * as zlib from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { SIGNALS } from "../../src/base/signal.ts";
import { otlpHttp } from "../../src/exporters/otlp-http.ts";
import type { Exporter } from "../../src/pipeline/component.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { bench, type Bench, checkExporterContract } from "../contract/exporter-contract.ts";
import { type Answering, type Sink, startSink, until } from "../contract/sinks.ts";
import { checkAllBooks, checkBooks } from "../delivery/books.ts";
import { SOCKETS } from "../harness/host.ts";
import { leaves } from "../harness/multiset.ts";

let open: Pick<Sink, "close">[] = [];
afterEach(async () => {
  await Promise.all(open.map((sink) => sink.close()));
  open = [];
});

async function sinkFor(answering?: Answering): Promise<Sink> {
  const sink = await startSink(answering);
  open.push(sink);
  return sink;
}

/** A server on the very port of one that is gone, which keeps what arrives. */
async function returned(url: string, bodies: Buffer[]): Promise<void> {
  const server = http.createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      bodies.push(Buffer.concat(pieces));
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(Number(new URL(url).port), "127.0.0.1", resolve));
  open.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

const RETRY = { initial_interval: "5ms", max_interval: "20ms", randomization_factor: 0 };
const ID = "otlp_http/b";

function exporterOf(on: Bench, config: Readonly<Record<string, unknown>>): Exporter {
  return otlpHttp.create(otlpHttp.schema.parse(config), on);
}

/** Sends one request, and adds what is in it to `sent`. */
async function send(on: Bench, exporter: Exporter, sent: string[], seed: number): Promise<Outcome> {
  const batch = on.batch("traces", 10, seed);
  const { slices } = await batch.body("proto", "none", undefined, on.host.codecs, on.engine);
  sent.push(...leaves("traces", Buffer.concat(slices)));
  const outcome = exporter.consume(batch);
  batch.release();
  return outcome;
}

function kept(bodies: readonly Buffer[]): string[] {
  return bodies.flatMap((body) => leaves("traces", zlib.gunzipSync(body))).toSorted();
}

describe.runIf(SOCKETS)("several endpoints", () => {
  test.each(["round_robin", "least_in_flight", "weighted", "trace_id"])("keep the exporter's contract: %s", async (policy) => {
    const sinks = [await sinkFor(), await sinkFor()];
    const on = bench(ID);
    const config = {
      load_balancing: { endpoints: sinks.map(({ url }) => url), policy, health_check: { active: { interval: "20ms" } } },
      circuit_breaker: null,
      concurrency: null,
      rate_limit: { requests_per_second: 10_000 },
      sending_queue: { num_consumers: 3 },
      retry_on_failure: RETRY,
    };
    await checkExporterContract(exporterOf(on, config), on, SIGNALS);
    checkAllBooks(on.counters, ID);
    for (const sink of sinks) expect(sink.bodies.length).toBeGreaterThan(0);
  });

  test.each(["round_robin", "trace_id"])("one dies and returns: nothing is lost, nothing doubled, and it has its share again (%s)", async (policy) => {
    const sinks = [await sinkFor(), await sinkFor(), await sinkFor()];
    const [first] = sinks;
    if (first === undefined) throw new Error("No sink");
    const on = bench(ID);
    const passive = { failures: 2, ejection_time: "50ms", max_ejection_time: "100ms", slow_start: "0s" };
    const config = {
      load_balancing: { endpoints: sinks.map(({ url }) => url), policy, health_check: { passive } },
      sending_queue: { num_consumers: 3 },
      retry_on_failure: RETRY,
    };
    const exporter = exporterOf(on, config);
    const sent: string[] = [];
    const back: Buffer[] = [];
    let seed = 0;
    const some = async (times: number) => {
      for (let time = 0; time < times; time++) {
        expect(await send(on, exporter, sent, ++seed)).toEqual({ kind: "accepted" });
        checkBooks(on.counters, ID, "traces");
      }
      await until(() => checkBooks(on.counters, ID, "traces").queued === 0, "everything is delivered");
    };
    await some(6);
    await first.close();
    await some(12);
    expect(on.counters.total("sluice_exporter_endpoint_ejections", { exporter: ID })).toBeGreaterThan(0);
    await returned(first.url, back);
    for (let round = 0; round < 100 && back.length === 0; round++) {
      await some(2);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(back.length).toBeGreaterThan(0);
    await exporter.stop(1000);
    expect(kept([...sinks.flatMap(({ bodies }) => bodies), ...back])).toEqual(sent.toSorted());
    expect(checkBooks(on.counters, ID, "traces")).toMatchObject({ sent: sent.length, dropped: 0, returned: 0, queued: 0 });
    expect(on.engine.pool.blocks).toBe(0);
  });

  test("one that hangs is the sender's trouble for no longer than it takes to eject it", async () => {
    const hung = await sinkFor(() => {});
    const sinks = [await sinkFor(), await sinkFor()];
    const on = bench(ID);
    const load_balancing = { endpoints: [hung, ...sinks].map(({ url }) => url), health_check: { passive: { failures: 2 } } };
    // No queue and no retries: each sender waits for its own answer.
    const exporter = exporterOf(on, { load_balancing, timeout: "1500ms" });
    const sent: string[] = [];
    for (let seed = 1; seed <= 15; seed++) expect(await send(on, exporter, sent, seed)).toEqual({ kind: "accepted" });
    expect(hung.requests.length).toBe(2);
    expect(kept(sinks.flatMap(({ bodies }) => bodies))).toEqual(sent.toSorted());
    await exporter.stop(1000);
    await until(() => on.engine.pool.blocks === 0, "every block is given back");
  });

  test("checks ask for a path, or with an empty export request", async () => {
    const unwell = await sinkFor((request, response) => void response.writeHead(request.url === "/healthz" ? 500 : 200).end());
    const well = await sinkFor();
    const on = bench(ID);
    const passive = { failures: 1 };
    const byPath = { endpoints: [unwell.url, well.url], health_check: { active: { path: "/healthz", interval: "10ms" }, passive } };
    const exporter = exporterOf(on, { load_balancing: byPath });
    await send(on, exporter, [], 1);
    const inService = () => on.counters.total("sluice_exporter_endpoint_in_service", { exporter: ID, endpoint: new URL(unwell.url).host });
    await until(() => inService() === 0, "the one that is not well is ejected");
    expect(unwell.requests.some(({ method, url }) => method === "GET" && url === "/healthz")).toBe(true);
    await exporter.stop(100);
    const byExport = { endpoints: [well.url], health_check: { active: { interval: "10ms" } } };
    const other = exporterOf(bench("otlp_http/c"), { load_balancing: byExport });
    await send(on, other, [], 1);
    await until(() => well.bodies.some((body, index) => body.length === 0 && well.requests[index]?.url === "/v1/traces"), "an empty export request comes");
    await other.stop(100);
  });
});

describe.runIf(SOCKETS)("a breaker", () => {
  test("opens before a server that answers 503, and closes when it answers 200 again", async () => {
    let well = false;
    const sink = await sinkFor((_request, response) => void response.writeHead(well ? 200 : 503).end());
    const on = bench(ID);
    const circuit_breaker = { failures: 3, open_time: "30ms", max_open_time: "30ms", randomization_factor: 0 };
    const exporter = exporterOf(on, { endpoint: sink.url, circuit_breaker, sending_queue: { num_consumers: 4 }, retry_on_failure: RETRY });
    const state = () => on.counters.total("sluice_exporter_breaker_state", { exporter: ID });
    const sent: string[] = [];
    for (let seed = 1; seed <= 10; seed++) expect(await send(on, exporter, sent, seed)).toEqual({ kind: "accepted" });
    await until(() => on.counters.total("sluice_exporter_breaker_opened") > 1, "it opens, and a probe fails");
    expect(on.counters.total("sluice_exporter_breaker_rejected")).toBeGreaterThan(0);
    well = true;
    await until(() => checkBooks(on.counters, ID, "traces").queued === 0, "everything is delivered");
    expect(state()).toBe(0);
    expect(checkBooks(on.counters, ID, "traces")).toMatchObject({ sent: 100, dropped: 0 });
    await exporter.stop(1000);
    expect(on.engine.pool.blocks).toBe(0);
  });
});
