/** Counters and what is read when it is asked for. */
import { expect, test } from "vitest";
import { Counters } from "../../src/pipeline/counters.ts";

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

test("a value that changes by itself is read each time, and the last reader counts", () => {
  const counters = new Counters();
  let value = 1;
  counters.observe("g", { a: "1" }, () => -1);
  counters.observe("g", { a: "1" }, () => value);
  expect(counters.samples()).toEqual([{ name: "g", labels: { a: "1" }, value: 1 }]);
  value = 2;
  expect([counters.total("g"), counters.samples()[0]?.value]).toEqual([2, 2]);
});
