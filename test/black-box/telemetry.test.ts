/** The real server's own metrics and health, scraped from the outside after traffic: what went in and what came out adds up. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { readExposition, type ReadFamily, sumOf } from "../admin/exposition.ts";
import { type Sink, startSink } from "../contract/sinks.ts";
import { field } from "../harness/bytes.ts";
import { headersOf, send } from "./client.ts";
import { named, span, spans } from "./payloads.ts";
import { yamlFor } from "./rig.ts";
import { startTarget, TARGET, type Target } from "./target.ts";

const LISTENS = TARGET !== "workers";
let target: Target;
let sink: Sink;
let status = 200;

beforeAll(async () => {
  sink = await startSink((_request, response) => void response.writeHead(status).end());
  const yaml = yamlFor(sink.url, sink.url).replace(
    "service:\n",
    "service:\n  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}, health: {failing_after: 0s}}\n",
  );
  target = await startTarget(yaml);
}, 120_000);

afterAll(async () => {
  await target?.stop();
  await sink?.close();
}, 30_000);

/** Where the admin port is, as the start-up lines say. */
async function adminPort(): Promise<number> {
  for (;;) {
    const port = /Listening component=\S*readers\S* address=http:\/\/127\.0\.0\.1:(\d+)\/metrics/.exec(target.log())?.[1];
    if (port !== undefined) return Number(port);
    if (!target.alive()) throw new Error(target.log());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function ask(path: string, accept = "*/*") {
  const { status: code, headers, body } = await send(await adminPort(), { method: "GET", path, headers: { accept } });
  return { status: code, type: headers["content-type"] ?? "", text: body.toString("utf8") };
}

async function scrape(accept?: string): Promise<readonly ReadFamily[]> {
  const { status: code, type, text } = await ask("/metrics", accept);
  expect(code).toBe(200);
  return readExposition(text, type.includes("openmetrics"));
}

/** Three good spans, and one whose trace id is nothing but zeros. */
const MIXED = spans(span(named("a")), span(named("b")), span(named("c")), field(2, field(1, new Uint8Array(16)), field(2, new Uint8Array(8).fill(1))));

async function exportSpans(): Promise<number> {
  return (await send(target.port, { headers: headersOf("proto"), body: MIXED })).status;
}

test.runIf(LISTENS)("Telemetry: what is scraped adds up, in both formats", async () => {
  for (const answer of [200, 503, 200, 400]) {
    status = answer;
    expect(await exportSpans()).toBe(answer);
  }
  expect((await send(target.port, { headers: headersOf("proto"), body: Buffer.from([0xff]) })).status).toBe(400);
  for (const accept of ["*/*", "application/openmetrics-text; version=1.0.0"]) {
    const families = await scrape(accept);
    const sum = (name: string, labels: Readonly<Record<string, string>> = {}) => sumOf(families, name, labels);
    const http = { receiver: "otlp", transport: "http" };
    const of = { exporter: "otlp_http" };
    // Received = accepted + refused + failed; accepted = sent; refused = failed to be sent.
    expect([sum("otelcol_receiver_accepted_spans", http), sum("otelcol_receiver_refused_spans", http), sum("otelcol_receiver_failed_spans", http)]).toEqual([
      6, 6, 4,
    ]);
    expect([sum("otelcol_exporter_sent_spans", of), sum("otelcol_exporter_send_failed_spans", of)]).toEqual([6, 6]);
    const requests = (outcome: string) => sum("otelcol_receiver_requests", { ...http, otel_signal: "traces", outcome });
    expect([requests("success"), requests("refused"), requests("failure")]).toEqual([2, 2, 1]);
    expect([sum("sluice_memory_used_bytes"), sum("sluice_memory_blocks")]).toEqual([0, 0]);
    expect(sum("sluice_memory_peak_bytes")).toBeGreaterThan(0);
  }
});

test.runIf(LISTENS)("Telemetry: health follows the destination", async () => {
  status = 200;
  expect(await exportSpans()).toBe(200);
  expect([(await ask("/readyz")).status, (await ask("/healthz")).status]).toEqual([200, 200]);
  status = 503;
  expect(await exportSpans()).toBe(503);
  // Metrics and logs have another destination still.
  expect([(await ask("/readyz")).status, (await ask("/readyz/traces")).status, (await ask("/healthz")).status]).toEqual([200, 503, 200]);
  expect(JSON.parse((await ask("/readyz")).text)).toMatchObject({ pipelines_down: expect.arrayContaining(["traces"]) });
  status = 200;
  expect(await exportSpans()).toBe(200);
  expect((await ask("/readyz/traces")).status).toBe(200);
});

const TAKEN = /WARN  "?Own metrics and health are not served.* cure=.*service\.telemetry\.metrics\.level: none/;

test.runIf(LISTENS)("Telemetry: that the default port is taken stops nothing: it is told, with the cure", async () => {
  // Whoever has the port, another run of this suite perhaps: at the latest the first of these has it.
  const running: Awaited<ReturnType<typeof startTarget>>[] = [];
  try {
    do {
      const one = await startTarget(yamlFor(sink.url, sink.url));
      running.push(one);
      while (!one.log().includes("Sluice is ready")) await new Promise((resolve) => setTimeout(resolve, 10));
    } while (running.length < 2 && !TAKEN.test(running.at(-1)?.log() ?? ""));
    expect(running.at(-1)?.log()).toMatch(TAKEN);
  } finally {
    for (const one of running) expect(await one.stop()).toBe(0);
  }
});
