/** Counters and what is read when it is asked for. */
import { expect, test } from "vitest";
import { Counters } from "../../src/pipeline/counters.ts";
import { BYTE_BOUNDS, ITEM_BOUNDS, SECOND_BOUNDS } from "../../src/pipeline/histogram.ts";

test("one counter a name and label set, whatever the order of the labels", () => {
  const counters = new Counters();
  counters.counter("c", { a: "1", b: "2" }).add(1);
  counters.counter("c", { b: "2", a: "1" }).add(2);
  counters.counter("c", { a: "1" }).add(4);
  expect(counters.samples()).toEqual([
    { name: "c", labels: { a: "1", b: "2" }, value: 3 },
    { name: "c", labels: { a: "1" }, value: 4 },
  ]);
  expect([counters.total("c"), counters.total("c", { b: "2" }), counters.total("d")]).toEqual([7, 3, 0]);
});

test("a histogram's bucket has what is at most its bound, and its samples stay as they were", () => {
  const counters = new Counters();
  const histogram = counters.histogram("h", { a: "1", b: "2" }, [10, 25]);
  expect(counters.samples()).toEqual([]);
  for (const value of [10, 10.5, 0]) histogram.record(value);
  counters.histogram("h", { b: "2", a: "1" }, [10, 25]).record(26);
  const samples = counters.samples();
  histogram.record(3);
  expect(samples).toEqual([
    { name: "h", labels: { a: "1", b: "2" }, value: 4, distribution: { bounds: [10, 25], counts: [2, 1, 1], count: 4, sum: 46.5, min: 0, max: 26 } },
  ]);
  expect(counters.total("h")).toBe(5);
});

test("bounds are the Collector's, and those of durations go from 10 us to 10 s", () => {
  expect([ITEM_BOUNDS[0], ITEM_BOUNDS.length, ITEM_BOUNDS.at(-1)]).toEqual([10, 22, 100_000]);
  expect([BYTE_BOUNDS[0], BYTE_BOUNDS.length, BYTE_BOUNDS.at(-1)]).toEqual([128, 18, 16 << 20]);
  expect([SECOND_BOUNDS[0], SECOND_BOUNDS.length, SECOND_BOUNDS.at(-1)]).toEqual([0.00001, 19, 10]);
  for (const bounds of [ITEM_BOUNDS, BYTE_BOUNDS, SECOND_BOUNDS]) expect(bounds.toSorted((a, b) => a - b)).toEqual(bounds);
});

test("a value that changes by itself is read each time, and the last reader counts", () => {
  const counters = new Counters();
  let value = 1;
  counters.observe("g", { a: "1" }, () => -1);
  counters.observe("g", { a: "1" }, () => value);
  expect(counters.samples()).toEqual([{ name: "g", labels: { a: "1" }, value: 1 }]);
  value = 2;
  expect([counters.total("g"), counters.samples()[0]?.value]).toEqual([2, 2]);
});
