/**
 * Any row of requests, answers, faults of the disk, stops and power cuts over one disk: what was
 * acknowledged is delivered, or counted, in this process or in a later one; the books agree at every
 * step; and in the end nothing is left on the disk or in the pool. `SLUICE_SEED` begins elsewhere, and
 * `SLUICE_RUNS` goes on for longer; a run that fails prints what replays it.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { TestClock } from "../harness/clock.ts";
import { testEngine } from "../harness/engine.ts";
import { leaves } from "../harness/multiset.ts";
import { ACCEPTED, type Arrival, LATER, REFUSED, requestOf, TOO_LARGE, UNTRIED } from "./delivery-rig.ts";
import { Disk, durable, type Process, processOn } from "./durable-rig.ts";
import { runsHere } from "../harness/runs.ts";

const SEED = numberIn("SLUICE_SEED") ?? 23;
/** A campaign asks for more. */
const RUNS = numberIn("SLUICE_RUNS") ?? runsHere(15);
const HANG_MS = 5000;
const HOURS_MS = 20_000_000;

type Mood = "well" | "slow" | "dropped" | "throttled" | "down" | "large" | "hung" | "crowded" | "refusing" | "partial";
type DiskMood = "well" | "slow" | "failing" | "unreadable";

const moods = fc.constantFrom<Mood>("well", "slow", "dropped", "throttled", "down", "large", "hung", "crowded", "refusing", "partial");
const diskMoods = fc.constantFrom<DiskMood>("well", "slow", "failing", "unreadable");

const event = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("send" as const), items: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 6000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("mood" as const), mood: moods }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("disk" as const), mood: diskMoods }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("stop" as const), ms: fc.constantFrom(0, 500, 10_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
);

const settings = fc.record({
  /** At the start. */
  mood: moods,
  durability: fc.constantFrom("send_first" as const, "write_first" as const),
  num_consumers: fc.integer({ min: 1, max: 3 }),
  size: fc.constantFrom({ queue_size: 4 }, { queue_size: 1000 }, { sizer: "items", queue_size: 60 }),
  batch: fc.constantFrom(
    {},
    { batch: { sizer: "items", min_size: 10, max_size: 15, flush_timeout: "200ms" } },
    { batch: { min_size: 0, flush_timeout: "10s" } },
  ),
});

describe("any row of requests and faults, over one disk", () => {
  it("loses nothing that was acknowledged, and keeps the books", async () => {
    await fc.assert(
      fc.asyncProperty(
        settings,
        fc.array(event, { minLength: 6, maxLength: 25, size: "max" }),
        fc.nat(),
        async ({ batch, durability, mood, num_consumers, size }, events, seed) => {
          const disk = new Disk();
          const clock = new TestClock();
          const engine = testEngine(32 << 20);
          const acknowledged: string[] = [];
          const offered: string[] = [];
          const taken: string[] = [];
          /** Refused for good, or in part: final, too. */
          const refused: string[] = [];
          const state: { mood: Mood; disk: DiskMood; turn: number } = { mood, disk: "well", turn: 0 };
          disk.fails = () => state.disk === "failing" && state.turn++ % 2 === 0;
          const answer = async (arrival: Arrival): Promise<Outcome> => {
            const accept = () => {
              taken.push(...leaves("traces", arrival.bytes));
              return ACCEPTED;
            };
            switch (state.mood) {
              case "well":
                return accept();
              case "slow":
                await clock.sleep(700);
                return accept();
              case "dropped":
                return { kind: "retry", message: "reset" };
              case "throttled":
                return { kind: "retry", message: "slow down", status: 429, afterMs: 2000 };
              case "down":
                return LATER;
              case "large":
                return arrival.items > 5 ? TOO_LARGE : accept();
              case "hung":
                await clock.sleep(HANG_MS);
                return { kind: "retry", message: "timeout" };
              case "refusing":
                refused.push(...leaves("traces", arrival.bytes));
                return REFUSED;
              case "partial":
                refused.push(...leaves("traces", arrival.bytes));
                return { kind: "partial", rejected: Math.ceil(arrival.items / 2), message: "half" };
              default:
                return UNTRIED;
            }
          };
          const sections = durable({ durability, num_consumers, ...size, ...batch }, { retry_on_failure: { max_elapsed_time: "0s" } });
          const start = (): Promise<Process> => processOn(disk, clock, sections, { engine, seed, answer });
          let process = await start();
          const restart = async () => {
            state.disk = "well";
            setDisk(disk, "well");
            process = await start();
          };
          for (const [index, one] of events.entries()) {
            switch (one.kind) {
              case "send": {
                const bytes = requestOf("traces", one.items, 1000 + index);
                const found = leaves("traces", bytes);
                offered.push(...found);
                void process.sendBytes(bytes).then(({ kind }) => kind === "accepted" && acknowledged.push(...found));
                await clock.advance(0);
                break;
              }
              case "wait":
                await clock.advance(one.ms);
                break;
              case "mood":
                state.mood = one.mood;
                break;
              case "disk":
                state.disk = one.mood;
                setDisk(disk, one.mood);
                break;
              case "stop":
                await process.stop(one.ms);
                process.crash();
                await restart();
                break;
              default:
                process.crash();
                await restart();
            }
            process.books();
          }
          state.mood = "well";
          state.disk = "well";
          setDisk(disk, "well");
          await clock.advance(HOURS_MS);
          expect(process.books()).toMatchObject({ queued: 0, size: 0, bytes: 0, inFlight: 0, stored: 0 });
          if (refused.length === 0) expect(process.books()).toMatchObject({ dropped: 0 });
          const arrived = new Set([...taken, ...refused]);
          expect(acknowledged.filter((leaf) => !arrived.has(leaf))).toEqual([]);
          const known = new Set(offered);
          expect(taken.filter((leaf) => !known.has(leaf))).toEqual([]);
          await process.stop(1000);
          expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
        },
      ),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

function setDisk(disk: Disk, mood: DiskMood): void {
  disk.commitMs = mood === "slow" ? 1500 : 0;
  disk.fullOfReads = mood === "unreadable";
}

function numberIn(name: string): number | undefined {
  const text = typeof process === "object" ? process.env[name] : undefined;
  return text === undefined ? undefined : Number(text);
}
