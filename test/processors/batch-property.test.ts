/** For any row of requests, sizes, limits and outages: nothing is lost, nothing doubled, nothing too large, and the books agree at every step. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Signal } from "../../src/base/signal.ts";
import type { Envelope } from "../../src/pipeline/stage.ts";
import { cutOf } from "../../src/pipeline/batching/cut.ts";
import { testEngine } from "../harness/engine.ts";
import { manySpans } from "../harness/many-spans.ts";
import { leaves } from "../harness/multiset.ts";
import { ACCEPTED, batchRig, envelopeOf, LATER, ORIGIN, sizesOf, UNTRIED } from "./batch-rig.ts";
import { runsHere } from "../harness/runs.ts";

const SIGNALS: readonly Signal[] = ["traces", "metrics", "logs"];

const contents = (envelopes: readonly Envelope[]) =>
  envelopes.flatMap(({ signal, requests }) => requests.flatMap((request) => leaves(signal, request))).toSorted();

describe("where batches end", () => {
  it("is as if items came one by one, and each full batch left before the next item: sizes from the limit, remainders from the size", () => {
    const sizes = fc.integer({ min: 1, max: 20 }).chain((sendItems) =>
      fc.record({
        sendItems: fc.constant(sendItems),
        maxItems: fc.oneof(fc.constant(0), fc.integer({ min: sendItems, max: 30 })),
        waiting: fc.integer({ min: 0, max: sendItems - 1 }),
      }),
    );
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 200 }), ({ sendItems, maxItems, waiting }, arriving) => {
        const { sent, kept } = cutOf(waiting, arriving, { sendItems, maxItems });
        expect(sent.reduce((sum, items) => sum + items, kept)).toBe(arriving);
        const batches = sent.map((items, index) => items + (index === 0 ? waiting : 0));
        expect(kept + (sent.length === 0 ? waiting : 0)).toBeLessThan(sendItems);
        for (const [index, items] of batches.entries()) {
          expect(items).toBeGreaterThanOrEqual(sendItems);
          if (maxItems > 0) expect(items).toBeLessThanOrEqual(maxItems);
          if (maxItems > 0 && index < batches.length - 1) expect(items).toBe(maxItems);
        }
        if (maxItems === 0) expect(batches.length).toBeLessThanOrEqual(1);
        expect(sent.every((items) => items > 0)).toBe(true);
      }),
    );
  });
});

describe.each(SIGNALS)("any row of %s", (signal) => {
  const event = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("send" as const), items: fc.integer({ min: 1, max: 60 }), tenant: fc.constantFrom("a", "b") }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 300 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("mood" as const), mood: fc.constantFrom("well", "down", "crowded") }) },
  );
  const settings = fc.record({
    size: fc.integer({ min: 0, max: 50 }),
    more: fc.option(fc.integer({ min: 0, max: 30 })),
    timeoutMs: fc.constantFrom(0, 1, 200),
  });

  it("keeps the multiset of (resource, scope, item), less what it counts as dropped", async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.array(event, { maxLength: 14 }), async ({ size, more, timeoutMs }, events) => {
        const maxItems = more === null ? 0 : Math.max(1, size + more);
        const rig = batchRig({ timeout: `${timeoutMs}ms`, send_batch_size: size, send_batch_max_size: maxItems, metadata_keys: ["tenant"] }, signal);
        const taken: Envelope[] = [];
        const out: Envelope[] = [];
        let mood = "well";
        let dropped = 0;
        rig.answer = (envelope) => {
          if (mood === "crowded") return UNTRIED;
          if (mood === "down") return LATER;
          out.push(envelope);
          return ACCEPTED;
        };
        for (const [index, one] of events.entries()) {
          if (one.kind === "wait") await rig.clock.advance(one.ms);
          if (one.kind === "mood") ({ mood } = one);
          if (one.kind === "send") {
            const envelope = envelopeOf(signal, one.items, index + 1, { headers: { tenant: one.tenant } });
            const outcome = await rig.stage.consume(envelope, rig.next);
            if (outcome.kind === "accepted") taken.push(envelope);
          }
          dropped = rig.books().dropped;
        }
        mood = "well";
        const draining = rig.stage.drain(rig.next, 60_000);
        await rig.clock.advance(60_000);
        await draining;
        expect(rig.books().held).toBe(0);
        dropped = rig.books().dropped;
        const [before, after] = [contents(taken), contents(out)];
        expect(before.length - after.length).toBe(dropped);
        if (dropped === 0) expect(after).toEqual(before);
        else expect(remainder(before, after).length).toBe(dropped);
        for (const { items, requests } of rig.passed) {
          expect(requests.reduce((sum, request) => sum + leaves(signal, request).length, 0)).toBe(items);
          if (maxItems > 0) expect(items).toBeLessThanOrEqual(maxItems);
        }
        for (const { origin, requests } of out) expect(requests.length === 0 || ["a", "b"].includes(origin.headers["tenant"] ?? "")).toBe(true);
        expect(rig.engine.pool.blocks).toBe(0);
      }),
      { numRuns: runsHere(25), seed: 4 },
    );
  });
});

/** What is in `before` and not in `after`; throws when something is in `after` alone. */
function remainder(before: readonly string[], after: readonly string[]): string[] {
  const rest = [...before];
  for (const one of after) {
    const at = rest.indexOf(one);
    if (at < 0) throw new Error("An item came from nowhere, or twice");
    rest.splice(at, 1);
  }
  return rest;
}

describe("large requests", () => {
  it("divides one resource of 50,000 spans into batches of exactly 1,000", async () => {
    const engine = testEngine(256 << 20);
    const rig = batchRig({ timeout: "1h", send_batch_size: 1000, send_batch_max_size: 1000 }, "traces", engine);
    const [bytes, items] = [manySpans(50_000), 50_000];
    await rig.send(7);
    expect(await rig.stage.consume({ signal: "traces", requests: [bytes], items, id: "large", origin: ORIGIN }, rig.next)).toEqual(ACCEPTED);
    await rig.stage.drain(rig.next, 0);
    expect(sizesOf(rig.passed)).toEqual([...Array.from({ length: 50 }, () => 1000), 7]);
    // Compared as one text: a list of 50,000 would be printed for minutes when it differs.
    const found = contents(rig.passed).join("\n");
    expect(found === [...contents([envelopeOf("traces", 7, 1)]), ...leaves("traces", bytes)].toSorted().join("\n")).toBe(true);
    expect(engine.pool.blocks).toBe(0);
  });

  it("divides into more parts than the pool has blocks, a few at a time", async () => {
    const engine = testEngine(8 << 20);
    const rig = batchRig({ send_batch_size: 1, send_batch_max_size: 1 }, "traces", engine);
    const blocks = engine.pool.capacity / (16 << 10);
    const { bytes, items } = payload("traces", { items: 1000, resources: 1, seed: 3 });
    expect(items).toBeGreaterThan(blocks);
    expect(await rig.stage.consume({ signal: "traces", requests: [bytes], items, id: "large", origin: ORIGIN }, rig.next)).toEqual(ACCEPTED);
    await rig.stage.drain(rig.next, 0);
    expect(rig.books()).toMatchObject({ taken: items });
    await rig.clock.advance(0);
    expect(contents(rig.passed)).toEqual(leaves("traces", bytes));
  });

  it("refuses a request that the pool has no room to divide, and takes nothing of it", async () => {
    const engine = testEngine(8 << 20);
    const rig = batchRig({ send_batch_size: 10, send_batch_max_size: 10 }, "traces", engine);
    const blocks = [];
    for (let block = engine.pool.take(1); block !== undefined; block = engine.pool.take(1)) blocks.push(block);
    expect(await rig.send(5)).toEqual(ACCEPTED);
    expect(await rig.send(25)).toMatchObject({ kind: "retry", untried: true });
    expect(rig.books()).toEqual({ taken: 5, out: 0, dropped: 0, held: 5 });
    for (const block of blocks) block.release();
    expect(await rig.send(25)).toEqual(ACCEPTED);
    await rig.clock.advance(200);
    expect(rig.books()).toEqual({ taken: 30, out: 30, dropped: 0, held: 0 });
  });
});
