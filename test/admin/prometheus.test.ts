/** Samples as Prometheus reads them: names, types, units, escapes, in both formats. */
import { describe, expect, test } from "vitest";
import { Counters } from "../../src/pipeline/counters.ts";
import { formatOf, type TextOptions, writeText } from "../../src/pipeline/metrics/prometheus.ts";
import { METRICS } from "../../src/pipeline/metrics/table.ts";
import { type ReadFamily, readExposition } from "./exposition.ts";

/** The Collector's defaults. */
const PLAIN: TextOptions = {
  format: "0.0.4",
  withoutTypeSuffix: true,
  withoutUnits: true,
  constantLabels: {},
  resource: { "service.name": "sluice" },
};
const SUFFIXED: TextOptions = { ...PLAIN, withoutTypeSuffix: false, withoutUnits: false };

const ODD = 'a"b\\c\nd';

function counted(): Counters {
  const counters = new Counters();
  counters.counter("otelcol_exporter_sent_spans", { exporter: "otlp_http/b" }).add(2);
  counters.counter("otelcol_receiver_accepted_spans", { receiver: ODD, transport: "http" }).add(7);
  counters.counter("otelcol_exporter_sent_spans", { exporter: "otlp_http/a" }).add(1);
  counters.counter("otelcol_processor_incoming_items", { processor: "p", "otel.signal": "traces" }).add(3);
  counters.observe("otelcol_process_memory_rss", {}, () => 43_204_608);
  counters.observe("otelcol_process_uptime", {}, () => 1.5);
  counters.observe("otelcol_process_cpu_seconds", {}, () => 0.25);
  return counters;
}

function read(options: TextOptions, counters = counted()): readonly ReadFamily[] {
  return readExposition(writeText(counters.samples(), options), options.format === "openmetrics");
}

function named(families: readonly ReadFamily[]): string[] {
  return families.map(
    ({ name, type, unit, samples }) => `${name} ${type}${unit === undefined ? "" : ` ${unit}`}: ${[...new Set(samples.map((one) => one.name))].join(" ")}`,
  );
}

describe("names and types", () => {
  test("the Collector's by default: neither type nor unit behind a name", () => {
    expect(named(read(PLAIN))).toEqual([
      "otelcol_exporter_sent_spans counter: otelcol_exporter_sent_spans",
      "otelcol_process_cpu_seconds counter: otelcol_process_cpu_seconds",
      "otelcol_process_memory_rss gauge: otelcol_process_memory_rss",
      "otelcol_process_uptime counter: otelcol_process_uptime",
      "otelcol_processor_incoming_items counter: otelcol_processor_incoming_items",
      "otelcol_receiver_accepted_spans counter: otelcol_receiver_accepted_spans",
      "target_info gauge: target_info",
    ]);
  });

  test("both behind it where they are asked for, each once", () => {
    expect(named(read(SUFFIXED))).toEqual([
      "otelcol_exporter_sent_spans_total counter: otelcol_exporter_sent_spans_total",
      "otelcol_process_cpu_seconds_total counter: otelcol_process_cpu_seconds_total",
      "otelcol_process_memory_rss_bytes gauge: otelcol_process_memory_rss_bytes",
      "otelcol_process_uptime_seconds_total counter: otelcol_process_uptime_seconds_total",
      "otelcol_processor_incoming_items_total counter: otelcol_processor_incoming_items_total",
      "otelcol_receiver_accepted_spans_total counter: otelcol_receiver_accepted_spans_total",
      "target_info gauge: target_info",
    ]);
  });

  test("in OpenMetrics a counter without its suffix is unknown, so that its name stays", () => {
    expect(named(read({ ...PLAIN, format: "openmetrics" }))).toEqual([
      "otelcol_exporter_sent_spans unknown: otelcol_exporter_sent_spans",
      "otelcol_process_cpu_seconds unknown seconds: otelcol_process_cpu_seconds",
      "otelcol_process_memory_rss gauge: otelcol_process_memory_rss",
      "otelcol_process_uptime unknown: otelcol_process_uptime",
      "otelcol_processor_incoming_items unknown: otelcol_processor_incoming_items",
      "otelcol_receiver_accepted_spans unknown: otelcol_receiver_accepted_spans",
      "target info: target_info",
    ]);
    expect(named(read({ ...SUFFIXED, format: "openmetrics" }))).toEqual([
      "otelcol_exporter_sent_spans counter: otelcol_exporter_sent_spans_total",
      "otelcol_process_cpu_seconds counter seconds: otelcol_process_cpu_seconds_total",
      "otelcol_process_memory_rss_bytes gauge bytes: otelcol_process_memory_rss_bytes",
      "otelcol_process_uptime_seconds counter seconds: otelcol_process_uptime_seconds_total",
      "otelcol_processor_incoming_items counter: otelcol_processor_incoming_items_total",
      "otelcol_receiver_accepted_spans counter: otelcol_receiver_accepted_spans_total",
      "target info: target_info",
    ]);
  });

  test("every metric of the table is one family in every form", () => {
    const counters = new Counters();
    for (const { name, kind, labels } of METRICS) {
      const x = Object.fromEntries(labels.map((label) => [label, "x"]));
      if (kind === "histogram") counters.histogram(name, x, [1]).record(1);
      else counters.counter(name, x).add(1);
    }
    for (const format of ["0.0.4", "openmetrics"] as const) {
      for (const options of [PLAIN, SUFFIXED]) {
        const families = read({ ...options, format }, counters);
        expect(families.length).toBe(METRICS.length + 1);
        // Of a histogram two buckets, the sum and the count.
        for (const { name, help, type, samples } of families) {
          expect([name, help === "", samples.length]).toEqual([name, false, type === "histogram" ? 4 : 1]);
        }
      }
    }
  });
});

describe("histograms", () => {
  function spread(): Counters {
    const counters = new Counters();
    const seconds = counters.histogram("otelcol_processor_internal_duration", { processor: "a,b", "otel.signal": "logs" }, [0.000025, 1]);
    for (const value of [0.5, 0.000025, 2]) seconds.record(value);
    counters.histogram("otelcol_exporter_enqueue_size_bytes", { exporter: "x", data_type: "logs" }, [128]).record(1);
    counters.histogram("otelcol_exporter_enqueue_size", { exporter: "x", data_type: "logs" }, [10]);
    return counters;
  }

  test("each bucket counts those below it, too; one without values is not told", () => {
    const labels = { otel_signal: "logs", processor: "a,b" };
    const [sizes, durations] = read(PLAIN, spread());
    expect([sizes?.name, durations]).toEqual([
      "otelcol_exporter_enqueue_size_bytes",
      {
        name: "otelcol_processor_internal_duration",
        type: "histogram",
        help: expect.stringContaining("Time that a processor took"),
        unit: undefined,
        samples: [
          { name: "otelcol_processor_internal_duration_bucket", labels: { ...labels, le: "0.000025" }, value: 1 },
          { name: "otelcol_processor_internal_duration_bucket", labels: { ...labels, le: "1" }, value: 2 },
          { name: "otelcol_processor_internal_duration_bucket", labels: { ...labels, le: "+Inf" }, value: 3 },
          { name: "otelcol_processor_internal_duration_sum", labels, value: 2.500025 },
          { name: "otelcol_processor_internal_duration_count", labels, value: 3 },
        ],
      },
    ]);
  });

  test("in OpenMetrics bounds are seen to be no integers, and names have their unit where it is asked for", () => {
    const [sizes, durations] = read({ ...SUFFIXED, format: "openmetrics" }, spread());
    expect([sizes?.name, sizes?.unit, durations?.name, durations?.unit]).toEqual([
      "otelcol_exporter_enqueue_size_bytes",
      "bytes",
      "otelcol_processor_internal_duration_seconds",
      "seconds",
    ]);
    expect(durations?.samples.flatMap(({ labels }) => labels["le"] ?? [])).toEqual(["0.000025", "1.0", "+Inf"]);
  });
});

describe("labels and values", () => {
  test("dots are underscores, odd characters are escaped, the resource is target_info", () => {
    for (const format of ["0.0.4", "openmetrics"] as const) {
      const samples = read({ ...PLAIN, format }).flatMap((family) => family.samples);
      expect(samples).toContainEqual({ name: "otelcol_processor_incoming_items", labels: { otel_signal: "traces", processor: "p" }, value: 3 });
      expect(samples).toContainEqual({ name: "otelcol_receiver_accepted_spans", labels: { receiver: ODD, transport: "http" }, value: 7 });
      expect(samples).toContainEqual({ name: "target_info", labels: { service_name: "sluice" }, value: 1 });
    }
  });

  test("constant labels stand at every sample, and give way to its own", () => {
    const constantLabels = { "service.name": "s", exporter: "never" };
    const samples = read({ ...PLAIN, constantLabels }).flatMap((family) => family.samples);
    expect(samples).toContainEqual({ name: "otelcol_exporter_sent_spans", labels: { exporter: "otlp_http/a", service_name: "s" }, value: 1 });
    expect(samples).toContainEqual({ name: "otelcol_process_uptime", labels: { exporter: "never", service_name: "s" }, value: 1.5 });
  });

  test("two labels that come to one name are one", () => {
    const samples = read({ ...PLAIN, resource: { "a.b": "1", a_b: "2", "9x": "3" } }).flatMap((family) => family.samples);
    expect(samples.at(-1)).toEqual({ name: "target_info", labels: { a_b: "1;2", _9x: "3" }, value: 1 });
  });

  test("numbers without an end, and none", () => {
    const counters = new Counters();
    [Infinity, -Infinity, NaN, 1e21, 0.1].forEach((value, index) => counters.observe("sluice_ready", { component: String(index) }, () => value));
    const [family] = read(PLAIN, counters);
    expect(family?.samples.map(({ value }) => value)).toEqual([Infinity, -Infinity, NaN, 1e21, 0.1]);
  });
});

test.each([
  [undefined, "0.0.4"],
  ["", "0.0.4"],
  ["*/*", "0.0.4"],
  ["text/plain", "0.0.4"],
  ["application/openmetrics-text", "openmetrics"],
  ["application/openmetrics-text; version=1.0.0; charset=utf-8", "openmetrics"],
  ['application/openmetrics-text;version="1.0.0"', "openmetrics"],
  ["application/openmetrics-text;version=0.0.1", "0.0.4"],
  // As Prometheus 3 asks.
  [
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    "openmetrics",
  ],
  ["application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.5", "0.0.4"],
  ["application/openmetrics-text;version=1.0.0;q=0", "0.0.4"],
] as const)("Accept: %s is answered in %s", (accept, format) => {
  expect(formatOf(accept)).toBe(format);
});
