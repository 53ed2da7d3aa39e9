/** rate_limiting_sampler: rates, bursts, keys, every signal, and what is kept whole. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { SIGNALS } from "../../src/base/signal.ts";
import { rateLimitingSampler } from "../../src/processors/rate-limiting-sampler.ts";
import type { Plain } from "../harness/judge.ts";
import { leaves } from "../harness/multiset.ts";
import { ACCEPTED, label, rigOf } from "./stage-rig.ts";
import { faultsOf } from "./support.ts";
import { runsHere } from "../harness/runs.ts";

const logs = (service: string, count: number): Plain => ({
  resourceLogs: [
    {
      resource: { attributes: [label("service.name", service)] },
      scopeLogs: [{ logRecords: Array.from({ length: count }, (_, index) => ({ body: { stringValue: `${index % 10}` } })) }],
    },
  ],
});
const rig = (settings: object) => rigOf(rateLimitingSampler, "logs", settings);
const sizes = (one: ReturnType<typeof rig>) => one.passed.map(({ items }) => items);

describe("items a second", () => {
  it("passes what the bucket has, and fills it at the rate", async () => {
    const one = rig({ items_per_second: 10 });
    expect(await one.send(logs("a", 25))).toEqual(ACCEPTED);
    expect(await one.send(logs("a", 5))).toEqual(ACCEPTED);
    await one.clock.advance(500);
    await one.send(logs("a", 25));
    await one.clock.advance(100_000);
    await one.send(logs("a", 10));
    expect(sizes(one)).toEqual([10, 5, 10]);
    expect(one.dropped("rate_limited")).toBe(40);
    expect(one.books()).toMatchObject({ taken: 65, out: 25 });
  });

  it("saves up burst_seconds, and a rate below one lets one pass from time to time", async () => {
    const one = rig({ items_per_second: 10, burst_seconds: 3 });
    await one.send(logs("a", 100));
    const slow = rig({ items_per_second: 0.125 });
    for (let second = 0; second < 25; second++) {
      await slow.send(logs("a", 1));
      await slow.clock.advance(1000);
    }
    expect(sizes(one)).toEqual([30]);
    expect(sizes(slow)).toEqual([1, 1, 1, 1]);
  });
});

describe("bytes a second", () => {
  it("counts the items as they are in OTLP", async () => {
    const one = rig({ bytes_per_second: 70 });
    // A record with a body of one letter is 7 bytes: tag, length, and 5 of the body.
    await one.send(logs("a", 25));
    expect(sizes(one)).toEqual([10]);
  });

  it("lets an item pass that is larger than a whole bucket, when that is full", async () => {
    const one = rig({ bytes_per_second: 3 });
    await one.send(logs("a", 2));
    expect(sizes(one)).toEqual([1]);
  });

  it("gets it back from those that follow, so that the rate holds", async () => {
    const one = rig({ bytes_per_second: 3 });
    const passes = async () => {
      await one.send(logs("a", 1));
      return sizes(one).length;
    };
    expect(await passes()).toBe(1);
    await one.clock.advance(2000);
    expect(await passes()).toBe(1);
    await one.clock.advance(334);
    expect(await passes()).toBe(2);
  });
});

describe("keys", () => {
  it("have a rate each, by attributes of the resource, or by tenant", async () => {
    const byService = rig({ items_per_second: 5, attribute_keys: ["service.name"] });
    for (const service of ["a", "b", "a"]) await byService.send(logs(service, 4));
    expect(sizes(byService)).toEqual([4, 4, 1]);
    expect(byService.total("sluice_processor_state_entries")).toBe(2);
    const byTenant = rig({ items_per_second: 5, per_tenant: true });
    for (const tenant of ["a", "b", "a"]) await byTenant.send(logs("x", 4), { tenant });
    expect(sizes(byTenant)).toEqual([4, 4, 1]);
  });

  it("above max_keys share one, until a full bucket is forgotten", async () => {
    const one = rig({ items_per_second: 5, attribute_keys: ["service.name"], max_keys: 2 });
    for (const service of ["a", "b", "c", "d"]) await one.send(logs(service, 3));
    expect(sizes(one)).toEqual([3, 3, 3, 2]);
    expect(one.total("sluice_processor_state_entries")).toBe(2);
    await one.clock.advance(2000);
    await one.send(logs("c", 5));
    expect(sizes(one).at(-1)).toBe(5);
    expect(one.total("sluice_processor_state_entries")).toBe(1);
  });
});

it("a key's bucket is not forgotten before it is full, however slowly it fills", async () => {
  const one = rig({ items_per_second: 0.125, attribute_keys: ["service.name"], max_keys: 1 });
  for (const service of ["a", "b", "a"]) {
    await one.send(logs(service, 1));
    await one.clock.advance(2000);
  }
  expect(one.books()).toMatchObject({ out: 2, dropped: 1 });
});

it.each(SIGNALS)("%s: what passes is whole, with its parents, and in order", async (signal) => {
  const one = rigOf(rateLimitingSampler, signal, { items_per_second: 7 });
  const { bytes, items } = payload(signal, { items: 20, seed: 3, unknown: true, order: "descending" });
  await one.send(bytes);
  expect(one.passed[0]?.items).toBe(7);
  expect(one.books()).toMatchObject({ taken: items, dropped: items - 7 });
  one.out();
  if (signal !== "profiles") {
    const before = leaves(signal, bytes);
    const after = leaves(signal, one.passed[0]?.requests[0] ?? new Uint8Array());
    expect(before).toEqual(expect.arrayContaining(after));
    expect(after).toHaveLength(7);
  }
  expect(one.engine.pool.blocks).toBe(0);
});

it("never lets more pass than the rate and the burst allow, and leaves a request that passes in its bytes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ count: fc.integer({ min: 1, max: 30 }), waitMs: fc.nat(400) }), { maxLength: 15 }), async (steps) => {
      const one = rig({ items_per_second: 20 });
      let elapsedMs = 0;
      for (const { count, waitMs } of steps) {
        await one.send(logs("a", count));
        const last = one.passed.at(-1);
        if (last?.items === count) expect(last.checked).toBe(true);
        expect(one.books().out).toBeLessThanOrEqual(20 + Math.ceil(elapsedMs / 50));
        await one.clock.advance(waitMs);
        elapsedMs += waitMs;
      }
    }),
    { numRuns: runsHere(30), seed: 7 },
  );
});

it("needs a rate", () => {
  expect(faultsOf(rateLimitingSampler, {})).toEqual(["items_per_second: items_per_second or bytes_per_second is needed"]);
  expect(faultsOf(rateLimitingSampler, { items_per_second: 0 })).toHaveLength(1);
});
