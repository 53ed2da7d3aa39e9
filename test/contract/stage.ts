/**
 * What every stage must do, called directly and behind `structuredClone`, which lets through what
 * another isolate would: plain data and bytes, no closure, no shared object.
 */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { Random } from "../../bench/random.ts";
import type { Signal } from "../../src/base/signal.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import type { Envelope, Next, Stage } from "../../src/pipeline/stage.ts";
import { TestClock } from "../harness/clock.ts";
import { leaves } from "../harness/multiset.ts";

const ORIGIN = { receiver: "otlp", peer: "127.0.0.1:1", tenant: "", arrivedMs: 0, headers: {} };
/** Ample time to drain, ms of the test's clock. */
const AMPLE_MS = 10_000;
const ITEMS = 20;
const ACCEPTED: Outcome = { kind: "accepted" };

/** The same stage with its boundary crossed by copies. */
export function isolated(stage: Stage): Stage {
  const across =
    (next: Next): Next =>
    async (out) =>
      structuredClone(await next(structuredClone(out)));
  return {
    state: stage.state,
    consume: async (envelope, next) => structuredClone(await stage.consume(structuredClone(envelope), across(next))),
    drain: (next, deadlineMs) => stage.drain(across(next), deadlineMs),
  };
}

/** One request of 20 items as a stage is given it. */
export function envelopeOf(seed: number, signal: Signal = "traces"): Envelope {
  const { bytes, items } = payload(signal, { items: ITEMS, seed });
  return { signal, requests: [bytes], items, id: String(seed), origin: ORIGIN };
}

/** Every (resource, scope, item) of the envelopes. */
export function leavesOf(envelopes: readonly Envelope[]): string[] {
  return envelopes.flatMap(({ signal, requests }) => requests.flatMap((request) => leaves(signal, request))).toSorted();
}

/**
 * `make` is given a clock that runs by itself, and the host's `sleep` on it. `drops`: whether the stage may
 * leave items out. `within` does each case where the stage can live.
 */
export function checkStage(
  name: string,
  make: (clock: TestClock, signal: Signal) => Stage,
  { drops = false, signals = ["traces"] as readonly Signal[], within = (work: () => Promise<void>) => work() } = {},
): void {
  const inside =
    <Given extends readonly unknown[]>(work: (...given: Given) => Promise<void>) =>
    (...given: Given) =>
      within(() => work(...given));

  describe.each([
    ["directly", (stage: Stage) => stage],
    ["behind structuredClone", isolated],
  ])(`${name}, called %s, keeps the stage contract`, (_how, place) => {
    const made = (signal: Signal = "traces") => {
      const clock = new TestClock({ runsByItself: true });
      return { clock, stage: place(make(clock, signal)) };
    };

    it.each(signals)(
      "passes on what it took, at once or when drained: %s",
      inside(async (signal: Signal) => {
        const { stage } = made(signal);
        const passed: Envelope[] = [];
        const next: Next = async (out) => {
          passed.push(out);
          return ACCEPTED;
        };
        const sent = [1, 2, 3].map((seed) => envelopeOf(seed, signal));
        const outcomes = await Promise.all(sent.map((one) => stage.consume(one, next)));
        await stage.drain(next, AMPLE_MS);
        expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted"]);
        const out = leavesOf(passed);
        if (drops) expect(leavesOf(sent)).toEqual(expect.arrayContaining(out));
        else expect(out).toEqual(leavesOf(sent));
        for (const one of passed.filter(({ checked }) => checked)) expect(one.items).toBe(leavesOf([one]).length);
        expect(passed.every((one) => one.signal === signal)).toBe(true);
      }),
    );

    it(
      "does not turn a refusal into an acceptance unless it holds the data",
      inside(async () => {
        const { stage } = made();
        const refuse: Next = async () => ({ kind: "retry", message: "later", afterMs: 5 });
        const outcome = await stage.consume(envelopeOf(4), refuse);
        if (stage.state === "none") expect(outcome).toEqual({ kind: "retry", message: "later", afterMs: 5 });
        else expect(["accepted", "retry"]).toContain(outcome.kind);
      }),
    );

    it.each([1, 2, 3])(
      "loses nothing to a slow destination, seed %i",
      inside(async (seed: number) => {
        const { stage, clock } = made();
        const random = new Random(seed);
        const answered: Envelope[] = [];
        const next: Next = async (out) => {
          await clock.sleep(random.below(400));
          answered.push(out);
          return ACCEPTED;
        };
        const sent = Array.from({ length: 12 }, (_, index) => envelopeOf(index + 1));
        await Promise.all(
          sent.map(async (one) => {
            await clock.sleep(random.below(1000));
            return stage.consume(one, next);
          }),
        );
        await stage.drain(next, AMPLE_MS);
        if (!drops) expect(leavesOf(answered)).toEqual(leavesOf(sent));
      }),
    );

    it(
      "ends draining at the deadline, whatever a destination does, and holds nothing after it",
      inside(async () => {
        const { stage } = made();
        const deaf: Next = () => new Promise(() => {});
        // A stage that holds nothing would have its caller wait for this one.
        if (stage.state !== "none") await stage.consume(envelopeOf(5), deaf);
        await stage.drain(deaf, 30);
        const passed: Envelope[] = [];
        await stage.consume(envelopeOf(6), async (out) => {
          passed.push(out);
          return ACCEPTED;
        });
        expect(leavesOf(passed)).toEqual(leavesOf([envelopeOf(6)]));
      }),
    );
  });
}
