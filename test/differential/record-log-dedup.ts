/**
 * Records what a real Collector's log_dedup processor makes of test/differential/log-dedup-cases.ts:
 *
 *   SLUICE_COLLECTOR=path/to/otelcol node test/differential/record-log-dedup.ts
 *
 * A process for each case, whose interval is long enough for all its requests: what arrives before the
 * last one is answered was passed on at once, what arrives later was counted. Takes some minutes.
 */
import { writeFileSync } from "node:fs";
import { startCollector } from "../../scripts/differential/collector.ts";
import { freePorts, type Sink, startSink } from "../../scripts/differential/sink.ts";
import { judge } from "../harness/judge.ts";
import { countedUp, passedOn } from "./log-dedup-answer.ts";
import { LOG_DEDUP_CASES, type LogDedupAnswer, type LogDedupCase } from "./log-dedup-cases.ts";

/** The process has begun its first one when its port is open. */
const INTERVAL_MS = 2500;
/** What is counted arrives in one request. */
const SETTLE_MS = 300;

function configuration({ settings }: LogDedupCase, port: number, sinkPort: number): string {
  const out = { sending_queue: { enabled: false }, retry_on_failure: { enabled: false }, compression: "none" };
  return JSON.stringify({
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    processors: { logdedup: { interval: `${INTERVAL_MS}ms`, ...settings } },
    exporters: { otlp_http: { logs_endpoint: `http://127.0.0.1:${sinkPort}/0`, ...out } },
    service: {
      telemetry: { metrics: { level: "none" }, logs: { level: "fatal" } },
      pipelines: { logs: { receivers: ["otlp"], processors: ["logdedup"], exporters: ["otlp_http"] } },
    },
  });
}

async function answerOf(binary: string, one: LogDedupCase, sink: Sink): Promise<LogDedupAnswer> {
  const [port = 0] = await freePorts(1);
  const started = await startCollector(binary, configuration(one, port, sink.port), [port]);
  if (started.kind === "ended") return { refused: true };
  try {
    sink.arrived.clear();
    const headers = { "content-type": "application/x-protobuf" };
    for (const request of one.requests) {
      const response = await fetch(`http://127.0.0.1:${port}/v1/logs`, { method: "POST", headers, body: judge("logs").encode(request) });
      if (response.status !== 200) throw new Error(`Cannot record "${one.id}": ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    }
    const passed = passedOn(sink.arrived.get(0) ?? []);
    sink.arrived.clear();
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS + SETTLE_MS));
    const arrived = sink.arrived.get(0) ?? [];
    if (arrived.length > 1) throw new Error(`Cannot record "${one.id}": its requests came in two intervals`);
    const counted = countedUp(arrived);
    return { ...(passed !== undefined && { passed }), ...(counted !== undefined && { counted }) };
  } finally {
    await started.stop();
  }
}

const binary = process.env["SLUICE_COLLECTOR"];
if (binary === undefined) throw new Error("Cannot record: SLUICE_COLLECTOR does not name a Collector's binary");
const sink = await startSink();
const lines: string[] = [];
for (const one of LOG_DEDUP_CASES) lines.push(`${JSON.stringify(one.id)}:${JSON.stringify(await answerOf(binary, one, sink))}`);
await sink.close();
writeFileSync(new URL("recorded/log-dedup.json", import.meta.url), `{"collector":"0.159.0, logdedup of 0.149.0","cases":{\n${lines.join(",\n")}\n}}\n`);
console.log(`${lines.length} cases, ${lines.filter((line) => line.endsWith('{"refused":true}')).length} refused`);
