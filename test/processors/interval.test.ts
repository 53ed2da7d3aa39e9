/** interval: what is held, which point wins, when it leaves, bounds, and law 2 under any row of events. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { interval } from "../../src/processors/interval.ts";
import type { Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { ACCEPTED, atMs, label, LATER, metricsIn, metricsOf, pointsIn, rigOf } from "./stage-rig.ts";
import { faultsOf } from "./support.ts";
import { runsHere } from "../harness/runs.ts";

const MINUTE_MS = 60_000;
const rig = (settings: object = {}) => rigOf(interval, "metrics", settings);
const point = (ms: number, value: number, more: Plain = {}): Plain => ({ timeUnixNano: atMs(ms), asInt: String(value), ...more });
const sum = (points: readonly Plain[], more: Plain = {}): Plain => ({
  name: "s",
  sum: { dataPoints: points, aggregationTemporality: 2, isMonotonic: true, ...more },
});
const values = (requests: readonly Plain[]) => pointsIn(requests).map((one) => one["asInt"]);

describe("what is held", () => {
  const data = { dataPoints: [{ timeUnixNano: "5", count: "1" }] };
  const cases: readonly [string, Plain, object, boolean][] = [
    ["a cumulative monotonic sum", sum([point(1, 1)]), {}, true],
    ["a sum of differences", sum([point(1, 1)], { aggregationTemporality: 1 }), {}, false],
    ["a sum that is no total", sum([point(1, 1)], { isMonotonic: false }), {}, false],
    ["a gauge", { name: "g", gauge: { dataPoints: [point(1, 1)] } }, {}, true],
    ["a gauge that is to pass", { name: "g", gauge: { dataPoints: [point(1, 1)] } }, { pass_through: { gauge: true } }, false],
    ["a summary", { name: "y", summary: data }, {}, true],
    ["a summary that is to pass", { name: "y", summary: data }, { pass_through: { summary: true } }, false],
    ["a cumulative histogram", { name: "h", histogram: { ...data, aggregationTemporality: 2 } }, {}, true],
    ["a histogram of differences", { name: "h", histogram: { ...data, aggregationTemporality: 1 } }, {}, false],
    ["a cumulative exponential histogram", { name: "e", exponentialHistogram: { ...data, aggregationTemporality: 2 } }, {}, true],
  ];
  it.each(cases)("%s", async (_, metric, settings, held) => {
    const one = rig(settings);
    await one.send(metricsOf(metric));
    expect(one.passed.length).toBe(held ? 0 : 1);
    expect(one.books()).toMatchObject({ taken: 1, held: held ? 1 : 0 });
    await one.clock.advance(MINUTE_MS);
    expect(metricsIn(one.out())).toEqual([metric]);
    expect(one.books()).toMatchObject({ out: 1, held: 0 });
  });

  it("passes on the others of a request at once", async () => {
    const one = rig();
    await one.send(metricsOf(sum([point(1, 1)]), sum([point(1, 2)], { isMonotonic: false })));
    expect(values(one.out())).toEqual(["2"]);
    await one.clock.advance(MINUTE_MS);
    expect(values(one.out())).toEqual(["1"]);
  });
});

describe("which point", () => {
  it("is the newest, whenever it came, and the first of two of one time", async () => {
    const one = rig();
    for (const [ms, value] of [
      [10, 1],
      [30, 3],
      [20, 2],
      [30, 4],
    ] as const)
      await one.send(metricsOf(sum([point(ms, value)])));
    await one.clock.advance(MINUTE_MS);
    expect(values(one.out())).toEqual(["3"]);
    expect(one.books()).toEqual({ taken: 4, out: 1, dropped: 0, held: 0, folded: 3, created: 0 });
  });

  it("of each stream: attributes in any order, unit, scope, resource and tenant tell them apart", async () => {
    const one = rig();
    const [a, b] = [label("a", "1"), label("b", "2")];
    await one.send(metricsOf(sum([point(1, 1, { attributes: [a, b] }), point(2, 2, { attributes: [b, a] }), point(1, 3, { attributes: [a] })])));
    await one.send(metricsOf({ ...sum([point(1, 4, { attributes: [a] })]), unit: "s" }));
    await one.send({ resourceMetrics: [{ scopeMetrics: [{ scope: { name: "test" }, metrics: [sum([point(1, 5, { attributes: [a] })])] }] }] });
    await one.send(metricsOf(sum([point(1, 6, { attributes: [a] })])), { tenant: "t" });
    await one.clock.advance(MINUTE_MS);
    expect(one.passed.map(({ origin }) => origin.tenant)).toEqual(["", "t"]);
    expect(values(one.out()).map(String).toSorted()).toEqual(["2", "3", "4", "5", "6"]);
  });

  it("has its metric, scope and resource around it, once", async () => {
    const one = rig();
    const metric = { ...sum([point(1, 1)]), description: "d", unit: "u", metadata: [label("k", "v")] };
    const scope = { scope: { name: "s", version: "1", attributes: [label("x", "y")] }, schemaUrl: "scope" };
    const group = { resource: { attributes: [label("r", "1")], droppedAttributesCount: 3 }, schemaUrl: "group" };
    await one.send({ resourceMetrics: [{ ...group, scopeMetrics: [{ ...scope, metrics: [metric] }] }] });
    await one.send({
      resourceMetrics: [{ ...group, scopeMetrics: [{ ...scope, metrics: [{ ...metric, ...sum([point(1, 2, { attributes: [label("n", "2")] })]) }] }] }],
    });
    await one.clock.advance(MINUTE_MS);
    const [request] = one.out();
    expect(list(request, "resourceMetrics")).toMatchObject([
      { ...group, scopeMetrics: [{ ...scope, metrics: [{ name: "s", unit: "u", metadata: [label("k", "v")] }] }] },
    ]);
    expect(pointsIn([request ?? {}])).toHaveLength(2);
  });
});

describe("when", () => {
  it("leaves at multiples of the interval since the start, and nothing sleeps when nothing is held", async () => {
    const one = rig({ interval: "10s" });
    await one.clock.advance(25_000);
    expect(one.clock.sleeping).toBe(0);
    await one.send(metricsOf(sum([point(1, 1)])));
    await one.clock.advance(4999);
    expect(one.passed).toEqual([]);
    await one.clock.advance(1);
    expect(values(one.out())).toEqual(["1"]);
    await one.clock.advance(100_000);
    expect(one.passed.length).toBe(1);
    expect(one.clock.sleeping).toBe(0);
  });

  it("leaves when it is drained, and is held no more after that", async () => {
    const one = rig();
    await one.send(metricsOf(sum([point(1, 1)])));
    await one.stage.drain(one.next, 0);
    await one.send(metricsOf(sum([point(1, 2)])));
    expect(values(one.out())).toEqual(["1", "2"]);
    expect(one.books()).toMatchObject({ taken: 2, out: 2, held: 0 });
  });

  it("in requests of a few MiB, with all parents around each", async () => {
    const one = rig();
    const text = "x".repeat(1000);
    for (let at = 0; at < 10; at++) {
      await one.send(metricsOf(sum(Array.from({ length: 500 }, (_, index) => point(1, index, { attributes: [label("n", `${at}.${index}.${text}`)] })))));
    }
    await one.clock.advance(MINUTE_MS);
    expect(one.passed.length).toBe(2);
    for (const { requests } of one.passed) expect(requests[0]?.length).toBeLessThan((4 << 20) + 1000);
    expect(pointsIn(one.out())).toHaveLength(5000);
    expect(one.books()).toMatchObject({ out: 5000, held: 0 });
  });
});

describe("failures", () => {
  it("counts what nobody took as dropped", async () => {
    const one = rig();
    one.answer = () => LATER;
    await one.send(metricsOf(sum([point(1, 1)])));
    await one.clock.advance(MINUTE_MS);
    expect(one.dropped("send_failed")).toBe(1);
    expect(one.books()).toMatchObject({ held: 0 });
    expect(one.log.filter((line) => line.startsWith("error"))).toHaveLength(1);
  });

  it("holds nothing of a request of which the rest was refused", async () => {
    const one = rig();
    one.answer = () => LATER;
    expect(await one.send(metricsOf(sum([point(1, 1)]), sum([point(1, 2)], { isMonotonic: false })))).toEqual(LATER);
    expect(one.books()).toMatchObject({ held: 0 });
  });

  it("counts as dropped what is under way when the time to drain is up", async () => {
    const one = rig();
    one.answer = () => new Promise(() => {});
    await one.send(metricsOf(sum([point(1, 1)])));
    const drained = one.stage.drain(one.next, 100);
    await one.clock.advance(100);
    await drained;
    expect(one.dropped("stopped")).toBe(1);
    expect(one.books()).toMatchObject({ held: 0 });
  });
});

describe("bounds", () => {
  const streams = (from: number, count: number) =>
    metricsOf(sum(Array.from({ length: count }, (_, index) => point(1, 1, { attributes: [label("n", String(from + index))] }))));

  it("takes max_streams streams, and answers 503 to one more", async () => {
    const one = rig({ max_streams: 5 });
    expect(await one.send(streams(0, 5))).toEqual(ACCEPTED);
    expect(await one.send(streams(0, 5))).toEqual(ACCEPTED);
    expect(await one.send(streams(5, 1))).toMatchObject({ kind: "retry", afterMs: 1000 });
    expect(one.total("sluice_processor_state_entries")).toBe(5);
    expect(one.total("sluice_processor_refused_items")).toBe(1);
    await one.clock.advance(MINUTE_MS);
    expect(await one.send(streams(5, 1))).toEqual(ACCEPTED);
    expect(one.total("sluice_processor_state_entries")).toBe(1);
  });

  it("counts what is under way, too", async () => {
    const one = rig({ held_bytes_max: 1 << 16 });
    one.answer = () => new Promise(() => {});
    expect(await one.send(streams(0, 50))).toEqual(ACCEPTED);
    await one.clock.advance(MINUTE_MS);
    expect(one.total("sluice_processor_held_bytes")).toBeGreaterThan(50 * 512);
    expect(await one.send(streams(0, 80))).toMatchObject({ kind: "retry" });
  });

  it("names what is wrong", () => {
    expect(faultsOf(interval, { interval: "0s" })).toEqual(["interval: interval must be more than 0"]);
    expect(faultsOf(interval, { pass_through: { sum: true } })).toHaveLength(1);
  });
});

it("any row of requests, waits and outages: in = out + dropped + folded + held, at every step", async () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant("send" as const), seed: fc.integer({ min: 1, max: 50 }), items: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 90_000 }) }),
    fc.record({ kind: fc.constant("mood" as const), well: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (events) => {
      const one = rig();
      let well = true;
      one.answer = () => (well ? ACCEPTED : LATER);
      for (const step of events) {
        if (step.kind === "wait") await one.clock.advance(step.ms);
        if (step.kind === "mood") ({ well } = step);
        if (step.kind === "send") await one.send(payload("metrics", { items: step.items, seed: step.seed, order: "descending", unknown: true }).bytes);
        one.books();
      }
      await one.stage.drain(one.next, 0);
      await one.clock.advance(10_000);
      expect(one.books().held).toBe(0);
      one.out();
      expect(one.engine.pool.blocks).toBe(0);
    }),
    { numRuns: runsHere(20), seed: 6 },
  );
});
