// Sends one of everything with the Go SDK and prints what the test should find.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	long  = int64(9007199254740993)
	start = int64(1795000000123456789)
	end   = start + 1000001
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	endpoint := os.Getenv("CLIENT_ENDPOINT")
	gzip := os.Getenv("CLIENT_COMPRESSION") == "gzip"
	traces := []otlptracehttp.Option{otlptracehttp.WithEndpointURL(endpoint + "/v1/traces")}
	metrics := []otlpmetrichttp.Option{otlpmetrichttp.WithEndpointURL(endpoint + "/v1/metrics")}
	logs := []otlploghttp.Option{otlploghttp.WithEndpointURL(endpoint + "/v1/logs")}
	if gzip {
		traces = append(traces, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
		metrics = append(metrics, otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
		logs = append(logs, otlploghttp.WithCompression(otlploghttp.GzipCompression))
	}
	res := resource.NewSchemaless(attribute.String("service.name", "client-go"), attribute.Int64("client.long", long))

	parent, child, err := sendTraces(ctx, res, traces)
	if err != nil {
		return err
	}
	if err := sendMetrics(ctx, res, metrics); err != nil {
		return err
	}
	if err := sendLogs(trace.ContextWithSpanContext(ctx, parent), res, logs); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]string{
		"service":  "client-go",
		"long":     strconv.FormatInt(long, 10),
		"start":    strconv.FormatInt(start, 10),
		"end":      strconv.FormatInt(end, 10),
		"traceId":  parent.TraceID().String(),
		"parentId": parent.SpanID().String(),
		"childId":  child.SpanID().String(),
	})
}

func sendTraces(ctx context.Context, res *resource.Resource, options []otlptracehttp.Option) (parent, child trace.SpanContext, err error) {
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return parent, child, err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(res))
	tracer := provider.Tracer("client.scope", trace.WithInstrumentationVersion("1.2.3"))
	at := trace.WithTimestamp(time.Unix(0, start))
	until := trace.WithTimestamp(time.Unix(0, end))
	inside, one := tracer.Start(ctx, "parent", at)
	_, two := tracer.Start(inside, "child", at, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("text", "Größe 漢字 🚀"), attribute.Int64("long", long), attribute.Float64("double", 0.1),
		attribute.Bool("flag", true), attribute.StringSlice("list", []string{"a", "b"})))
	two.AddEvent("note", trace.WithAttributes(attribute.Int64("event.long", long)), trace.WithTimestamp(time.Unix(0, start+5)))
	two.SetStatus(codes.Error, "broken")
	two.End(until)
	one.End(until)
	return one.SpanContext(), two.SpanContext(), provider.Shutdown(ctx)
}

func sendMetrics(ctx context.Context, res *resource.Resource, options []otlpmetrichttp.Option) error {
	exporter, err := otlpmetrichttp.New(ctx, options...)
	if err != nil {
		return err
	}
	reader := sdkmetric.NewPeriodicReader(exporter, sdkmetric.WithInterval(time.Hour))
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(res))
	meter := provider.Meter("client.scope", metric.WithInstrumentationVersion("1.2.3"))
	counter, err := meter.Int64Counter("client.requests", metric.WithUnit("1"))
	if err != nil {
		return err
	}
	histogram, err := meter.Float64Histogram("client.latency", metric.WithUnit("ms"))
	if err != nil {
		return err
	}
	route := metric.WithAttributes(attribute.String("route", "/a"))
	counter.Add(ctx, long, route)
	for _, value := range []float64{1.5, 20, 300} {
		histogram.Record(ctx, value, route)
	}
	return provider.Shutdown(ctx)
}

func sendLogs(ctx context.Context, res *resource.Resource, options []otlploghttp.Option) error {
	exporter, err := otlploghttp.New(ctx, options...)
	if err != nil {
		return err
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)), sdklog.WithResource(res))
	var record log.Record
	record.SetTimestamp(time.Unix(0, start))
	record.SetSeverity(log.SeverityWarn)
	record.SetSeverityText("WARN")
	record.SetBody(attribute.StringValue("line Größe"))
	record.AddAttributes(attribute.Int64("long", long))
	provider.Logger("client.scope", log.WithInstrumentationVersion("1.2.3")).Emit(ctx, record)
	return provider.Shutdown(ctx)
}
