/** The made-up telemetry itself: valid, seeded, true to itself, as the flags ask. */
import { describe, expect, it } from "vitest";
import { type Content, SENT_SIGNALS, SHAPES } from "../../src/cli/send/content.ts";
import { generatorOf } from "../../src/cli/send/generator.ts";
import { MessageWriter } from "../../src/cli/send/message.ts";
import { Random } from "../../src/cli/send/random.ts";
import { admitted, testEngine } from "../harness/engine.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { attributesOf, itemsOf } from "./send-harness.ts";

const NOW_MS = 1_795_000_000_000;

const PLAIN: Content = {
  signal: "traces",
  seed: 7,
  service: "shop",
  resourceAttributes: [],
  attributes: [],
  childSpans: 2,
  spanDurationMs: undefined,
  statusCode: undefined,
  shapes: SHAPES,
  metricName: undefined,
  temporality: 2,
  body: undefined,
  severityNumber: undefined,
  severityText: undefined,
  traceId: undefined,
  spanId: undefined,
};

function make(content: Partial<Content>, sizes: readonly number[] = [100]): Uint8Array[] {
  let now = NOW_MS;
  const generator = generatorOf({ ...PLAIN, ...content }, () => now++);
  return sizes.map((size) => generator.request(size));
}

function items(content: Partial<Content>, sizes?: readonly number[]): Plain[] {
  return itemsOf(content.signal ?? "traces", make(content, sizes));
}

const hex = (id: unknown) => Buffer.from(id as Uint8Array).toString("hex");

describe("every signal", () => {
  it.each(SENT_SIGNALS)("%s: valid, with nothing to mend, and as many items as asked for", (signal) => {
    const engine = testEngine();
    for (const [index, bytes] of make({ signal }, [1, 2, 7, 100, 2000]).entries()) {
      const { chunk, items: count, rejected, unchanged } = admitted(engine, signal, bytes);
      expect([count, rejected, unchanged]).toEqual([[1, 2, 7, 100, 2000][index], 0, true]);
      chunk.release();
    }
    expect(engine.pool.blocks).toBe(0);
  });

  it.each(SENT_SIGNALS)("%s: read by an independent decoder, and written by it in the very same bytes", (signal) => {
    const { toObject, encode } = judge(signal);
    for (const bytes of make({ signal, attributes: [{ key: "größe", value: ["a", 1n, 0.5, true] }] })) {
      expect(Buffer.from(encode(toObject(bytes))).equals(bytes)).toBe(true);
    }
  });

  it.each(SENT_SIGNALS)("%s: the same seed gives the same, another seed something else", (signal) => {
    const [first, again, other] = [make({ signal }), make({ signal }), make({ signal, seed: 8 })];
    expect(first).toEqual(again);
    expect(first).not.toEqual(other);
  });

  it.each(SENT_SIGNALS)("%s: given attributes stand in place of generated ones, once", (signal) => {
    const attributes = [
      { key: "http.route", value: "/x" },
      { key: "team", value: "a" },
      { key: "n", value: -5n },
    ];
    const resourceAttributes = [
      { key: "service.name", value: "other" },
      { key: "zone", value: ["a", "b"] },
    ];
    for (const item of items({ signal, attributes, resourceAttributes })) {
      expect(attributesOf(item)).toMatchObject({ "http.route": "/x", team: "a", n: "-5" });
      expect(item["resource"]).toMatchObject({ "service.name": "other", zone: { values: [{ stringValue: "a" }, { stringValue: "b" }] } });
    }
  });
});

describe("traces", () => {
  it("are whole over the borders of requests: one root each, its children inside its time", () => {
    const spans = items({ childSpans: 4 }, [7, 7, 6]);
    const traces = Map.groupBy(spans, ({ traceId }) => hex(traceId));
    expect(traces.size).toBe(4);
    for (const trace of traces.values()) {
      const [root, ...children] = trace;
      expect([root?.["parentSpanId"], children.length]).toEqual([undefined, 4]);
      for (const child of children) {
        expect(hex(child["parentSpanId"])).toBe(hex(root?.["spanId"]));
        expect(BigInt(String(child["startTimeUnixNano"])) >= BigInt(String(root?.["startTimeUnixNano"]))).toBe(true);
        expect(BigInt(String(child["endTimeUnixNano"])) <= BigInt(String(root?.["endTimeUnixNano"]))).toBe(true);
      }
    }
    expect(new Set(spans.map(({ spanId }) => hex(spanId))).size).toBe(20);
  });

  it("end now, and are varied: kinds, names, durations, some errors", () => {
    const spans = items({}, [1000]);
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    for (const { endTimeUnixNano } of roots) expect(Math.abs(Number(endTimeUnixNano) / 1e6 - NOW_MS)).toBeLessThan(3000);
    expect(new Set(spans.map(({ kind }) => kind))).toEqual(new Set([1, 2, 3, 4]));
    expect(new Set(spans.map(({ name }) => name)).size).toBeGreaterThan(8);
    const failed = roots.filter(({ status }) => (status as Plain | undefined)?.["code"] === 2);
    expect(failed.length).toBeGreaterThan(5);
    expect(failed.length).toBeLessThan(40);
    for (const { events } of failed) expect(events).toHaveLength(1);
  });

  it("take a duration and a status", () => {
    for (const span of items({ spanDurationMs: 1.5, statusCode: 1 })) {
      expect(BigInt(String(span["endTimeUnixNano"])) - BigInt(String(span["startTimeUnixNano"]))).toBe(1_500_000n);
      expect(span["status"]).toEqual({ code: 1 });
    }
  });

  it("may be single spans", () => {
    expect(items({ childSpans: 0 }, [3, 2]).every(({ parentSpanId }) => parentSpanId === undefined)).toBe(true);
  });
});

describe("metrics", () => {
  it("have all five shapes, in a small request, too", () => {
    expect(new Set(items({ signal: "metrics" }, [25]).map(({ shape }) => shape)).size).toBe(5);
    expect(new Set(items({ signal: "metrics", shapes: ["sum"] }, [25]).map(({ shape }) => shape))).toEqual(new Set(["sum"]));
  });

  it("add up: buckets to the count, extremes around the mean", () => {
    const sum = (counts: unknown) => (counts as string[]).reduce((total, count) => total + Number(count), 0);
    for (const point of items({ signal: "metrics" }, [500, 500])) {
      const { shape, count, min, max } = point;
      if (shape === "histogram") expect([sum(point["bucketCounts"]), (point["bucketCounts"] as []).length]).toEqual([Number(count), 15]);
      if (shape === "exponentialHistogram") expect(sum((point["positive"] as Plain)["bucketCounts"])).toBe(Number(count));
      if (shape !== "histogram" && shape !== "exponentialHistogram") continue;
      const mean = Number(point["sum"]) / Number(count);
      expect(Number(min) <= mean + 1e-9 && mean <= Number(max) + 1e-9).toBe(true);
    }
  });

  it("fill exponential buckets whose bounds hold the extremes", () => {
    for (const { positive, scale, min, max } of items({ signal: "metrics", shapes: ["exponential_histogram"] }, [200])) {
      const { offset = 0, bucketCounts } = positive as { offset?: number; bucketCounts: string[] };
      const base = 2 ** (2 ** -Number(scale));
      expect([bucketCounts[0], bucketCounts.at(-1)]).not.toContain("0");
      expect(Number(min)).toBeGreaterThan(base ** offset * 0.999_999);
      expect(Number(max)).toBeLessThanOrEqual(base ** (offset + bucketCounts.length) * 1.000_001);
    }
  });

  it("grow when cumulative, begin again when delta; times of a series run forward", () => {
    for (const temporality of [1, 2]) {
      const points = items({ signal: "metrics", temporality, shapes: ["sum"] }, [300]);
      const series = Map.groupBy(points, (point) => JSON.stringify(attributesOf(point)));
      expect(series.size).toBe(20);
      for (const [first, second, third] of series.values()) {
        const [a, b, c] = [first, second, third].map((point) => ({
          start: BigInt(String(point?.["startTimeUnixNano"])),
          time: BigInt(String(point?.["timeUnixNano"])),
          value: Number(point?.["asInt"]),
        }));
        if (a === undefined || b === undefined || c === undefined) throw new TypeError("Too few points");
        expect([first?.["temporality"], a.start < a.time, a.time < b.time, b.time < c.time]).toEqual([temporality, true, true, true]);
        if (temporality === 2) expect([b.start, c.value > b.value && b.value > a.value]).toEqual([a.start, true]);
        else expect([b.start, c.value <= 20]).toEqual([a.time, true]);
      }
    }
  });

  it("keep their times in order when the clock stands still", () => {
    const generator = generatorOf({ ...PLAIN, signal: "metrics", shapes: ["gauge"] }, () => NOW_MS);
    const points = itemsOf("metrics", [generator.request(2000)]);
    for (const series of Map.groupBy(points, (point) => JSON.stringify(attributesOf(point))).values()) {
      const times = series.map(({ timeUnixNano }) => BigInt(String(timeUnixNano)));
      expect(times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0n))).toBe(true);
    }
  });

  it("take a name: each shape its own, where there are several", () => {
    expect(new Set(items({ signal: "metrics", metricName: "m", shapes: ["gauge"] }).map(({ name }) => name))).toEqual(new Set(["m"]));
    expect(new Set(items({ signal: "metrics", metricName: "m" }).map(({ name }) => name))).toEqual(new Set(SHAPES.map((shape) => `m.${shape}`)));
  });
});

describe("logs", () => {
  it("are varied: severities, texts and structures, with and without a span", () => {
    const records = items({ signal: "logs" }, [500]);
    expect(new Set(records.map(({ severityText }) => severityText))).toEqual(new Set(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]));
    expect(new Set(records.map(({ body }) => Object.keys(body as Plain)[0]))).toEqual(new Set(["stringValue", "kvlistValue"]));
    const tied = records.filter(({ traceId }) => traceId !== undefined).length;
    expect(tied > 150 && tied < 350).toBe(true);
  });

  it("take body, severity and ids", () => {
    const given = { body: "over and out", severityNumber: 14, severityText: "Notice", traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(2) };
    for (const record of items({ signal: "logs", ...given })) {
      expect(record).toMatchObject({ body: { stringValue: "over and out" }, severityNumber: 14, severityText: "Notice" });
      expect([hex(record["traceId"]), hex(record["spanId"])]).toEqual(["01".repeat(16), "02".repeat(8)]);
    }
  });
});

describe("the writer", () => {
  it("moves a long message, repairs lone surrogates, writes negative numbers", () => {
    const to = new MessageWriter();
    const long = "ä".repeat(300_000);
    const list = to.begin(5);
    for (const text of [long, "a\ud800b"]) {
      const any = to.begin(1);
      to.text(1, text);
      to.end(any);
    }
    const any = to.begin(1);
    to.int64(3, -(2n ** 63n));
    to.end(any);
    to.end(list);
    const attribute = new MessageWriter();
    attribute.bytes(2, to.take());
    const resource = new MessageWriter();
    resource.bytes(1, attribute.take());
    const group = new MessageWriter();
    group.bytes(1, resource.take());
    const request = new MessageWriter();
    request.bytes(1, group.take());
    const { resourceSpans } = judge("traces").toObject(request.take()) as { resourceSpans: { resource: Plain }[] };
    expect(resourceSpans[0]?.resource["attributes"]).toEqual([
      { value: { arrayValue: { values: [{ stringValue: long }, { stringValue: "a\ufffdb" }, { intValue: String(-(2n ** 63n)) }] } } },
    ]);
  });
});

describe("chance", () => {
  it("spreads evenly, and ids of different seeds differ", () => {
    const random = new Random(1);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 40_000; i++) {
      const drawn = random.below(4);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(9500);
    const ids = Array.from({ length: 1000 }, (_, seed) => hex(new Random(seed).id(16)));
    expect(new Set(ids).size).toBe(1000);
  });
});
