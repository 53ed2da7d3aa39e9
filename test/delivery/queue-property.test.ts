/**
 * Any row of requests, settings, answers and times: the books agree at every step, nothing is taken
 * twice unless an attempt had no answer, nothing is lost uncounted, tenants never meet, and no block
 * of the pool is left. The seed of a run that fails is printed, and replays it.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { lentEngine } from "../harness/engine.ts";
import { leaves } from "../harness/multiset.ts";
import { ACCEPTED, deliveryRig, LATER, REFUSED, requestOf, TOO_LARGE, UNTRIED } from "./delivery-rig.ts";
import { runsHere } from "../harness/runs.ts";

const SIGNALS: readonly Signal[] = ["traces", "metrics", "logs"];
const MIB = 1 << 20;
const HANG_MS = 5000;

type Mood = "well" | "slow" | "dropped" | "throttled" | "down" | "partial" | "large" | "refusing" | "hung" | "crowded";

const event = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("send" as const), items: fc.integer({ min: 1, max: 40 }), tenant: fc.constantFrom("a", "b") }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 8000 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("mood" as const),
      mood: fc.constantFrom<Mood>("well", "slow", "dropped", "throttled", "down", "partial", "large", "refusing", "hung", "crowded"),
    }),
  },
);

const batch = fc.option(
  fc.record({
    min_size: fc.integer({ min: 0, max: 40 }),
    more: fc.option(fc.integer({ min: 0, max: 30 })),
    flush_timeout: fc.constantFrom("1ms", "200ms", "10s"),
    sizer: fc.constantFrom("items" as const, "bytes" as const),
  }),
);

const settings = fc.record({
  queued: fc.boolean(),
  num_consumers: fc.integer({ min: 1, max: 4 }),
  size: fc.constantFrom({ sizer: "requests", queue_size: 3 }, { sizer: "requests", queue_size: 1000 }, { sizer: "items", queue_size: 100 }),
  block_on_overflow: fc.boolean(),
  wait_for_result: fc.boolean(),
  batch,
  retries: fc.constantFrom({ enabled: false }, { max_elapsed_time: "40s" }, { initial_interval: "100ms", max_interval: "1s", max_elapsed_time: "3s" }),
  stopMs: fc.constantFrom(0, 1000, 600_000),
});

describe.each(SIGNALS)("any row of %s", (signal) => {
  it("keeps the books, and every item is delivered once, or counted", async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.array(event, { maxLength: 14 }), fc.nat(), async (drawn, events, seed) => {
        const engine = lentEngine(32 << 20);
        const rig = deliveryRig(sectionsOf(drawn), { engine, seed, heldBytesMax: MIB });
        const offered: string[] = [];
        const taken: string[] = [];
        /** By the destination's own count. */
        let arrived = 0;
        let mood: Mood = "well";
        rig.answer = async (arrival): Promise<Outcome> => {
          const found = leaves(signal, arrival.bytes);
          const tenants = new Set(found.map((leaf) => tenantOf.get(leaf)));
          expect(tenants.size).toBe(1);
          const accept = () => {
            taken.push(...found);
            arrived += arrival.items;
            return ACCEPTED;
          };
          switch (mood) {
            case "well":
              return accept();
            case "slow":
              await rig.clock.sleep(700);
              return accept();
            case "dropped":
              return { kind: "retry", message: "reset" };
            case "throttled":
              return { kind: "retry", message: "slow down", status: 429, afterMs: 2000 };
            case "down":
              return LATER;
            case "partial":
              arrived += Math.floor(arrival.items / 2);
              return { kind: "partial", rejected: Math.ceil(arrival.items / 2), message: "half" };
            case "large":
              return arrival.items > 5 ? TOO_LARGE : accept();
            case "refusing":
              return REFUSED;
            case "hung":
              await rig.clock.sleep(HANG_MS);
              return { kind: "retry", message: "timeout" };
            default:
              return UNTRIED;
          }
        };
        const tenantOf = new Map<string, string>();
        const sends: Promise<Outcome>[] = [];
        for (const [index, one] of events.entries()) {
          if (one.kind === "wait") await rig.clock.advance(one.ms);
          if (one.kind === "mood") ({ mood } = one);
          if (one.kind === "send") {
            const bytes = requestOf(signal, one.items, 1000 + index);
            const found = leaves(signal, bytes);
            for (const leaf of found) tenantOf.set(leaf, one.tenant);
            offered.push(...found);
            sends.push(rig.sendBytes(bytes, { tenant: one.tenant }, signal));
            await rig.clock.advance(0);
          }
          rig.books(signal);
          if (drawn.queued) expect(rig.underWay).toBeLessThanOrEqual(drawn.num_consumers);
        }
        mood = mood === "partial" ? "partial" : "well";
        await rig.stop(drawn.stopMs);
        const outcomes = await Promise.all(sends);
        await rig.clock.advance(120_000);
        const books = rig.books(signal);
        expect(books).toMatchObject({ offered: offered.length, queued: 0, size: 0, bytes: 0, inFlight: 0 });
        // Nothing came from nowhere, and nothing arrived twice.
        expect(isPart(taken, offered)).toBe(true);
        // What is called sent has arrived; what arrived is called so, but for what was under way at the deadline.
        if (drawn.stopMs > HANG_MS) expect(books.sent).toBe(arrived);
        else expect(books.sent).toBeLessThanOrEqual(arrived);
        if (drawn.queued && !drawn.wait_for_result) expect(outcomes.filter(({ kind }) => kind === "partial")).toEqual([]);
        expect(engine.pool.blocks).toBe(0);
        expect(rig.clock.sleeping).toBe(0);
      }),
      { numRuns: runsHere(40), seed: 11 },
    );
  });
});

interface Drawn {
  readonly queued: boolean;
  readonly num_consumers: number;
  readonly size: object;
  readonly block_on_overflow: boolean;
  readonly wait_for_result: boolean;
  readonly batch: { readonly min_size: number; readonly more: number | null; readonly flush_timeout: string; readonly sizer: "items" | "bytes" } | null;
  readonly retries: object;
}

function sectionsOf({ batch: joining, block_on_overflow, num_consumers, queued, retries, size, wait_for_result }: Drawn) {
  const scale = joining?.sizer === "bytes" ? 300 : 1;
  const made =
    joining === null
      ? {}
      : {
          batch: {
            flush_timeout: joining.flush_timeout,
            sizer: joining.sizer,
            min_size: joining.min_size * scale,
            max_size: joining.more === null ? 0 : Math.max(1, joining.min_size + joining.more) * scale,
          },
        };
  const queue = { num_consumers, ...size, block_on_overflow, wait_for_result, held_bytes_max: MIB, ...made };
  // With neither there is nothing to test: the exporter is by itself.
  return queued ? { sending_queue: queue, retry_on_failure: retries } : { retry_on_failure: { ...retries, enabled: true } };
}

/** Whether every one of `part` is in `whole`, as often at the most. */
function isPart(part: readonly string[], whole: readonly string[]): boolean {
  const counts = new Map<string, number>();
  for (const one of whole) counts.set(one, (counts.get(one) ?? 0) + 1);
  return part.every((one) => {
    const left = (counts.get(one) ?? 0) - 1;
    counts.set(one, left);
    return left >= 0;
  });
}
