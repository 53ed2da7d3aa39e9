/** Sluice's own metrics as an export request, read by an independent decoder. */
import { expect, test } from "vitest";
import type { Plain } from "../../src/otlp/any-value.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { writeOwnMetrics } from "../../src/pipeline/metrics/otlp.ts";
import { admitted, testEngine } from "../harness/engine.ts";
import { judge } from "../harness/judge.ts";

function request(counters: Counters, resource: ReadonlyMap<string, Plain> = new Map(), schemaUrl = ""): Uint8Array {
  return writeOwnMetrics({
    samples: counters.samples(),
    resource,
    schemaUrl,
    scope: { name: "sluice", version: "1" },
    startNanos: 1_700_000_000_000_000_000n,
    timeNanos: 1_700_000_060_000_000_000n,
  });
}

test("sums count from the start, gauges have no start, and numbers keep one type", () => {
  const counters = new Counters();
  counters.counter("otelcol_exporter_sent_spans", { exporter: "a" }).add(3);
  counters.counter("otelcol_exporter_sent_spans", { exporter: "b" }).add(4);
  counters.counter("sluice_exporter_queued_spans", { exporter: "a" }).add(-1);
  counters.counter("otelcol_exporter_queue_size", { exporter: "a", data_type: "traces" }).add(5);
  counters.observe("otelcol_process_uptime", {}, () => 2);
  const resource = new Map<string, Plain>([
    ["service.name", "sluice"],
    ["replica", 3n],
  ]);
  const times = { timeUnixNano: "1700000060000000000" };
  const counted = { startTimeUnixNano: "1700000000000000000", ...times };
  const attributes = (pairs: Readonly<Record<string, string>>) => Object.entries(pairs).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  expect(judge("metrics").toObject(request(counters, resource, "https://example.com/schema"))).toEqual({
    resourceMetrics: [
      {
        resource: {
          attributes: [
            { key: "service.name", value: { stringValue: "sluice" } },
            { key: "replica", value: { intValue: "3" } },
          ],
        },
        schemaUrl: "https://example.com/schema",
        scopeMetrics: [
          {
            scope: { name: "sluice", version: "1" },
            metrics: [
              {
                name: "otelcol_exporter_queue_size",
                description: "What the queue holds, in units of its sizer",
                unit: "{batch}",
                gauge: { dataPoints: [{ ...times, asInt: "5", attributes: attributes({ exporter: "a", data_type: "traces" }) }] },
              },
              {
                name: "otelcol_exporter_sent_spans",
                description: "Spans that the destination accepted",
                unit: "{span}",
                sum: {
                  aggregationTemporality: 2,
                  isMonotonic: true,
                  dataPoints: [
                    { ...counted, asInt: "3", attributes: attributes({ exporter: "a" }) },
                    { ...counted, asInt: "4", attributes: attributes({ exporter: "b" }) },
                  ],
                },
              },
              {
                name: "otelcol_process_uptime",
                description: "Time since the process started",
                unit: "s",
                sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ ...counted, asDouble: 2 }] },
              },
              {
                name: "sluice_exporter_queued_spans",
                description: "Spans that wait or are under way",
                unit: "{span}",
                sum: { aggregationTemporality: 2, dataPoints: [{ ...counted, asInt: "-1", attributes: attributes({ exporter: "a" }) }] },
              },
            ],
          },
        ],
      },
    ],
  });
});

test("a histogram has its buckets, and counts from the start", () => {
  const counters = new Counters();
  const sizes = counters.histogram("otelcol_processor_batch_batch_send_size_bytes", { processor: "batch" }, [128, 256]);
  for (const size of [128, 129, 300, 0]) sizes.record(size);
  const { resourceMetrics } = judge("metrics").toObject(request(counters)) as { resourceMetrics: { scopeMetrics: { metrics: unknown[] }[] }[] };
  const metrics = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  expect(metrics).toEqual([
    {
      name: "otelcol_processor_batch_batch_send_size_bytes",
      description: "Bytes of the batches that were sent",
      unit: "By",
      histogram: {
        aggregationTemporality: 2,
        dataPoints: [
          {
            startTimeUnixNano: "1700000000000000000",
            timeUnixNano: "1700000060000000000",
            count: "4",
            sum: 557,
            bucketCounts: ["2", "1", "1"],
            explicitBounds: [128, 256],
            min: 0,
            max: 300,
            attributes: [{ key: "processor", value: { stringValue: "batch" } }],
          },
        ],
      },
    },
  ]);
});

test("the door takes it as it is", () => {
  const counters = new Counters();
  counters.counter("otelcol_exporter_sent_spans", { exporter: "a" }).add(3);
  counters.observe("otelcol_process_uptime", {}, () => 0.5);
  counters.histogram("otelcol_exporter_enqueue_size", { exporter: "a" }, [1, 2]).record(1);
  const admission = admitted(testEngine(), "metrics", request(counters));
  expect([admission.items, admission.unchanged, admission.rejected]).toEqual([3, true, 0]);
  admission.chunk.release();
});
