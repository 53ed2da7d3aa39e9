/** Sends one of everything with the JavaScript SDK and prints what the test should find. */
import { type HrTime, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, ValueType } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter as JsonLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtoLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as JsonMetrics } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtoMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as JsonTraces } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

/** This SDK's attributes are doubles: the largest whole number that they say exactly. */
const LONG = Number.MAX_SAFE_INTEGER;
const START: HrTime = [1_795_000_000, 123_456_789];
const END: HrTime = [1_795_000_000, 124_456_790];

const endpoint = process.env["CLIENT_ENDPOINT"] ?? "";
const json = process.env["CLIENT_ENCODING"] === "json";
if (process.env["CLIENT_COMPRESSION"] === "gzip") process.env["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip";
const options = (path: string) => ({ url: `${endpoint}${path}` });
const resource = resourceFromAttributes({ "service.name": "client-js", "client.long": LONG });

const traceOptions = options("/v1/traces");
const tracers = new BasicTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(json ? new JsonTraces(traceOptions) : new ProtoTraces(traceOptions))],
});
const tracer = tracers.getTracer("client.scope", "1.2.3");
const parent = tracer.startSpan("parent", { startTime: START }, ROOT_CONTEXT);
const inside = trace.setSpan(ROOT_CONTEXT, parent);
const child = tracer.startSpan(
  "child",
  {
    kind: SpanKind.SERVER,
    startTime: START,
    attributes: { text: "Größe 漢字 🚀", long: LONG, double: 0.1, flag: true, list: ["a", "b"] },
  },
  inside,
);
child.addEvent("note", { "event.long": LONG }, [START[0], START[1] + 5]);
child.setStatus({ code: SpanStatusCode.ERROR, message: "broken" });
child.end(END);
parent.end(END);

const metricOptions = options("/v1/metrics");
const exporter = json ? new JsonMetrics(metricOptions) : new ProtoMetrics(metricOptions);
const meters = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
});
const meter = meters.getMeter("client.scope", "1.2.3");
meter.createCounter("client.requests", { unit: "1", valueType: ValueType.INT }).add(LONG, { route: "/a" });
const histogram = meter.createHistogram("client.latency", { unit: "ms" });
for (const value of [1.5, 20, 300]) histogram.record(value, { route: "/a" });

const logOptions = options("/v1/logs");
const loggers = new LoggerProvider({
  resource,
  processors: [
    new BatchLogRecordProcessor({
      exporter: json ? new JsonLogs(logOptions) : new ProtoLogs(logOptions),
    }),
  ],
});
loggers.getLogger("client.scope", "1.2.3").emit({
  timestamp: START,
  context: inside,
  severityNumber: SeverityNumber.WARN,
  severityText: "WARN",
  body: "line Größe",
  attributes: { long: LONG },
});

for (const provider of [tracers, meters, loggers]) await provider.shutdown();

const { traceId, spanId } = parent.spanContext();
const ids = { traceId, parentId: spanId, childId: child.spanContext().spanId };
process.stdout.write(`${JSON.stringify({ service: "client-js", long: String(LONG), start: "1795000000123456789", end: "1795000000124456790", ...ids })}\n`);
