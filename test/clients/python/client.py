"""Sends one of everything with the Python SDK and prints what the test should find."""

import json
import os

from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

LONG = 9007199254740993
START = 1795000000123456789
END = START + 1000001

endpoint = os.environ["CLIENT_ENDPOINT"]
compression = Compression.Gzip if os.environ.get("CLIENT_COMPRESSION") == "gzip" else Compression.NoCompression
resource = Resource({"service.name": "client-python", "client.long": LONG})

tracers = TracerProvider(resource=resource)
tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint + "/v1/traces", compression=compression)))
tracer = tracers.get_tracer("client.scope", "1.2.3")
parent = tracer.start_span("parent", start_time=START)
context = trace.set_span_in_context(parent)
child = tracer.start_span(
    "child",
    context=context,
    kind=trace.SpanKind.SERVER,
    start_time=START,
    attributes={"text": "Größe 漢字 🚀", "long": LONG, "double": 0.1, "flag": True, "list": ["a", "b"]},
)
child.add_event("note", {"event.long": LONG}, timestamp=START + 5)
child.set_status(trace.StatusCode.ERROR, "broken")
child.end(END)
parent.end(END)

reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint + "/v1/metrics", compression=compression), 3600000)
meters = MeterProvider([reader], resource=resource)
meter = meters.get_meter("client.scope", "1.2.3")
meter.create_counter("client.requests", unit="1").add(LONG, {"route": "/a"})
histogram = meter.create_histogram("client.latency", unit="ms")
for value in (1.5, 20.0, 300.0):
    histogram.record(value, {"route": "/a"})

loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(
    BatchLogRecordProcessor(OTLPLogExporter(endpoint + "/v1/logs", compression=compression))
)
loggers.get_logger("client.scope", "1.2.3").emit(
    LogRecord(
        timestamp=START,
        context=context,
        severity_number=SeverityNumber.WARN,
        severity_text="WARN",
        body="line Größe",
        attributes={"long": LONG},
    )
)

for provider in (tracers, meters, loggers):
    provider.shutdown()

print(
    json.dumps(
        {
            "service": "client-python",
            "long": str(LONG),
            "start": str(START),
            "end": str(END),
            "traceId": f"{parent.get_span_context().trace_id:032x}",
            "parentId": f"{parent.get_span_context().span_id:016x}",
            "childId": f"{child.get_span_context().span_id:016x}",
        }
    )
)
