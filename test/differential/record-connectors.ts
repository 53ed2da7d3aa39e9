/**
 * Records what a real Collector's connectors make of test/differential/connector-cases.ts:
 *
 *   SLUICE_COLLECTOR=path/to/otelcol node test/differential/record-connectors.ts
 *
 * A process for each case. For each pipeline behind the connector: what arrived there.
 */
import { writeFileSync } from "node:fs";
import { startCollector } from "../../scripts/differential/collector.ts";
import { freePorts, type Sink, startSink } from "../../scripts/differential/sink.ts";
import { CONNECTOR_CASES, type ConnectorAnswer, type ConnectorCase } from "./connector-cases.ts";
import { arrivedIn } from "./connector-answer.ts";
import { payloadBytes } from "./payloads.ts";

function configuration({ connector, signal, settings, pipelines }: ConnectorCase, port: number, sinkPort: number): string {
  const out = { sending_queue: { enabled: false }, retry_on_failure: { enabled: false }, compression: "none" };
  const endpoint = (index: number) => ({ traces_endpoint: url(index), metrics_endpoint: url(index), logs_endpoint: url(index), ...out });
  const url = (index: number) => `http://127.0.0.1:${sinkPort}/${index}`;
  return JSON.stringify({
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    connectors: { [connector]: settings },
    exporters: Object.fromEntries(pipelines.map((_, index) => [`otlp_http/${index}`, endpoint(index)])),
    service: {
      telemetry: { metrics: { level: "none" }, logs: { level: "error" } },
      pipelines: {
        [`${signal}/in`]: { receivers: ["otlp"], exporters: [connector] },
        ...Object.fromEntries(pipelines.map((id, index) => [id, { receivers: [connector], exporters: [`otlp_http/${index}`] }])),
      },
    },
  });
}

async function answerOf(binary: string, one: ConnectorCase, sink: Sink): Promise<ConnectorAnswer> {
  const [port = 0] = await freePorts(1);
  const started = await startCollector(binary, configuration(one, port, sink.port), [port]);
  if (started.kind === "ended") return { refused: true };
  try {
    sink.arrived.clear();
    const headers = { "content-type": "application/x-protobuf" };
    const response = await fetch(`http://127.0.0.1:${port}/v1/${one.signal}`, { method: "POST", headers, body: payloadBytes(one.signal, one.payload) });
    if (response.status !== 200) throw new Error(`Cannot record "${one.id}": ${response.status} ${await response.text()} ${started.log()}`);
    await response.arrayBuffer();
    return { out: arrivedIn(one.pipelines, (_, index) => sink.arrived.get(index) ?? []) };
  } finally {
    await started.stop();
  }
}

const binary = process.env["SLUICE_COLLECTOR"];
if (binary === undefined) throw new Error("Cannot record: SLUICE_COLLECTOR does not name a Collector's binary");
const sink = await startSink();
const lines: string[] = [];
for (const one of CONNECTOR_CASES) lines.push(`${JSON.stringify(one.id)}:${JSON.stringify(await answerOf(binary, one, sink))}`);
await sink.close();
writeFileSync(
  new URL("recorded/connectors.json", import.meta.url),
  `{"collector":"0.159.0, routing of 0.149.0, count of 0.155.0","cases":{\n${lines.join(",\n")}\n}}\n`,
);
console.log(`${lines.length} cases, ${lines.filter((line) => line.endsWith('{"refused":true}')).length} refused`);
