import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Sends one of everything with the Java SDK and prints what the test should find. */
public final class Client {
  private static final long LONG = 9007199254740993L;
  private static final long START = 1795000000123456789L;
  private static final long END = START + 1000001;
  private static final String ENDPOINT = System.getenv("CLIENT_ENDPOINT");
  private static final String COMPRESSION = "gzip".equals(System.getenv("CLIENT_COMPRESSION")) ? "gzip" : "none";
  private static final Resource RESOURCE =
      Resource.create(Attributes.builder().put("service.name", "client-java").put("client.long", LONG).build());

  public static void main(String[] args) {
    var tracers =
        SdkTracerProvider.builder()
            .setResource(RESOURCE)
            .addSpanProcessor(
                BatchSpanProcessor.builder(
                        OtlpHttpSpanExporter.builder()
                            .setEndpoint(ENDPOINT + "/v1/traces")
                            .setCompression(COMPRESSION)
                            .build())
                    .build())
            .build();
    var tracer = tracers.tracerBuilder("client.scope").setInstrumentationVersion("1.2.3").build();
    Span parent =
        tracer.spanBuilder("parent").setNoParent().setStartTimestamp(START, TimeUnit.NANOSECONDS).startSpan();
    Context inside = Context.root().with(parent);
    Span child =
        tracer
            .spanBuilder("child")
            .setParent(inside)
            .setSpanKind(SpanKind.SERVER)
            .setStartTimestamp(START, TimeUnit.NANOSECONDS)
            .setAttribute("text", "Größe 漢字 🚀")
            .setAttribute("long", LONG)
            .setAttribute("double", 0.1)
            .setAttribute("flag", true)
            .setAttribute(AttributeKey.stringArrayKey("list"), java.util.List.of("a", "b"))
            .startSpan();
    child.addEvent("note", Attributes.builder().put("event.long", LONG).build(), START + 5, TimeUnit.NANOSECONDS);
    child.setStatus(StatusCode.ERROR, "broken");
    child.end(END, TimeUnit.NANOSECONDS);
    parent.end(END, TimeUnit.NANOSECONDS);
    tracers.shutdown().join(20, TimeUnit.SECONDS);

    sendMetrics();
    sendLogs(inside);
    print(parent.getSpanContext(), child.getSpanContext());
    System.exit(0);
  }

  private static void sendMetrics() {
    var exporter =
        OtlpHttpMetricExporter.builder().setEndpoint(ENDPOINT + "/v1/metrics").setCompression(COMPRESSION).build();
    var meters =
        SdkMeterProvider.builder()
            .setResource(RESOURCE)
            .registerMetricReader(PeriodicMetricReader.builder(exporter).setInterval(Duration.ofHours(1)).build())
            .build();
    var meter = meters.meterBuilder("client.scope").setInstrumentationVersion("1.2.3").build();
    Attributes route = Attributes.builder().put("route", "/a").build();
    meter.counterBuilder("client.requests").setUnit("1").build().add(LONG, route);
    var histogram = meter.histogramBuilder("client.latency").setUnit("ms").build();
    for (double value : new double[] {1.5, 20, 300}) histogram.record(value, route);
    meters.shutdown().join(20, TimeUnit.SECONDS);
  }

  private static void sendLogs(Context context) {
    var exporter =
        OtlpHttpLogRecordExporter.builder().setEndpoint(ENDPOINT + "/v1/logs").setCompression(COMPRESSION).build();
    var loggers =
        SdkLoggerProvider.builder()
            .setResource(RESOURCE)
            .addLogRecordProcessor(BatchLogRecordProcessor.builder(exporter).build())
            .build();
    loggers
        .loggerBuilder("client.scope")
        .setInstrumentationVersion("1.2.3")
        .build()
        .logRecordBuilder()
        .setTimestamp(START, TimeUnit.NANOSECONDS)
        .setContext(context)
        .setSeverity(Severity.WARN)
        .setSeverityText("WARN")
        .setBody("line Größe")
        .setAttribute(AttributeKey.longKey("long"), LONG)
        .emit();
    loggers.shutdown().join(20, TimeUnit.SECONDS);
  }

  private static void print(SpanContext parent, SpanContext child) {
    System.out.printf(
        "{\"service\":\"client-java\",\"long\":\"%d\",\"start\":\"%d\",\"end\":\"%d\","
            + "\"traceId\":\"%s\",\"parentId\":\"%s\",\"childId\":\"%s\"}%n",
        LONG, START, END, parent.getTraceId(), parent.getSpanId(), child.getSpanId());
  }
}
