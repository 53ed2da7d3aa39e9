/**
 * Any row of requests, answers, faults of the broker, stops and crashes, on two gateways over one broker:
 * what was acknowledged is delivered, or counted, by one of them; the books of both agree at every step; and
 * in the end nothing is left in the broker or in a pool. `SLUICE_SEED` begins elsewhere, and `SLUICE_RUNS`
 * goes on for longer; a run that fails prints what replays it.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { TestClock } from "../harness/clock.ts";
import { leaves } from "../harness/multiset.ts";
import { gatewayOn, inBroker, TestBroker, type TestGateway } from "./broker-rig.ts";
import { ACCEPTED, type Arrival, LATER, REFUSED, requestOf, TOO_LARGE } from "./delivery-rig.ts";

const SEED = numberIn("SLUICE_SEED") ?? 29;
/** A campaign asks for more. */
const RUNS = numberIn("SLUICE_RUNS") ?? 8;
const HANG_MS = 5000;
const REST_MS = 10_000;
const RESTS_MAX = 60;

type Mood = "well" | "slow" | "down" | "large" | "hung" | "refusing";
type BrokerMood = "well" | "slow" | "down" | "deaf";

const moods = fc.constantFrom<Mood>("well", "slow", "down", "large", "hung", "refusing");
const which = fc.constantFrom(0, 1);

const event = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("send" as const), which, items: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 6000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("mood" as const), mood: moods }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("broker" as const), mood: fc.constantFrom<BrokerMood>("well", "slow", "down", "deaf") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("stop" as const), which, ms: fc.constantFrom(0, 500, 10_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), which }) },
);

const settings = fc.record({
  /** At the start. */
  mood: moods,
  durability: fc.constantFrom("send_first" as const, "write_first" as const),
  num_consumers: fc.integer({ min: 1, max: 3 }),
  queue_size: fc.constantFrom(4, 1000),
  messageBytesMax: fc.constantFrom(4000, 1 << 20),
  batch: fc.constantFrom({ enabled: false }, { sizer: "items", min_size: 10, max_size: 15, flush_timeout: "200ms" }),
});

describe("any row of requests and faults, on two gateways over one broker", () => {
  it("loses nothing that was acknowledged, and keeps the books", async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.array(event, { minLength: 6, maxLength: 25, size: "max" }), async ({ messageBytesMax, mood, ...queue }, events) => {
        const clock = new TestClock();
        const broker = new TestBroker(clock);
        broker.messageBytesMax = messageBytesMax;
        const acknowledged: string[] = [];
        const offered: string[] = [];
        const taken: string[] = [];
        /** Final, too. */
        const refused: string[] = [];
        const state = { mood };
        const answer = async (arrival: Arrival): Promise<Outcome> => {
          const accept = () => {
            taken.push(...leaves("traces", arrival.bytes));
            return ACCEPTED;
          };
          switch (state.mood) {
            case "well":
              return accept();
            case "slow":
              await clock.sleep(1700);
              return accept();
            case "down":
              return LATER;
            case "large":
              return arrival.items > 5 ? TOO_LARGE : accept();
            case "hung":
              await clock.sleep(HANG_MS);
              return { kind: "retry", message: "timeout" };
            default:
              refused.push(...leaves("traces", arrival.bytes));
              return REFUSED;
          }
        };
        const sections = inBroker(queue, { retry_on_failure: { max_elapsed_time: "0s" } });
        const start = (): Promise<TestGateway> => gatewayOn(broker, sections, { answer });
        const gateways = [await start(), await start()];
        const restart = async (index: number) => {
          setBroker(broker, "well");
          gateways[index] = await start();
        };
        for (const [index, one] of events.entries()) {
          const gateway = "which" in one ? gateways[one.which] : undefined;
          if (one.kind === "send") {
            const bytes = requestOf("traces", one.items, 1000 + index);
            const found = leaves("traces", bytes);
            offered.push(...found);
            void gateway?.sendBytes(bytes).then(({ kind }) => kind === "accepted" && acknowledged.push(...found));
            await clock.advance(0);
          } else if (one.kind === "wait") await clock.advance(one.ms);
          else if (one.kind === "mood") state.mood = one.mood;
          else if (one.kind === "broker") setBroker(broker, one.mood);
          else {
            if (one.kind === "stop") await gateway?.stop(one.ms);
            gateway?.crash();
            await restart(one.which);
          }
          for (const each of gateways) each.books();
        }
        state.mood = "well";
        setBroker(broker, "well");
        const busy = () => broker.messages.length > 0 || gateways.some((one) => one.books().queued > 0);
        for (let rest = 0; busy() && rest < RESTS_MAX; rest++) await clock.advance(REST_MS);
        await clock.advance(REST_MS);
        for (const one of gateways) expect(one.books()).toMatchObject({ queued: 0, size: 0, bytes: 0, inFlight: 0 });
        expect(broker.messages).toEqual([]);
        const arrived = new Set([...taken, ...refused]);
        expect(acknowledged.filter((leaf) => !arrived.has(leaf)).length).toBe(0);
        const known = new Set(offered);
        expect(taken.filter((leaf) => !known.has(leaf)).length).toBe(0);
        for (const one of gateways) {
          await one.stop(1000);
          expect(one.engine.pool.blocks).toBe(0);
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

function setBroker(broker: TestBroker, mood: BrokerMood): void {
  broker.up = mood !== "down";
  broker.deaf = mood === "deaf";
  broker.publishMs = mood === "slow" ? 1500 : 0;
  broker.stir();
}

function numberIn(name: string): number | undefined {
  const text = typeof process === "object" ? process.env[name] : undefined;
  return text === undefined ? undefined : Number(text);
}
