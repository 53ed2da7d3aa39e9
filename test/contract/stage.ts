/**
 * What every stage must do, called directly and behind `structuredClone`, which lets through what
 * another isolate would: plain data and bytes, no closure, no shared object.
 */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import type { Envelope, Stage } from "../../src/pipeline/stage.ts";
import { leaves } from "../harness/multiset.ts";

const ORIGIN = { receiver: "otlp", peer: "127.0.0.1:1", tenant: "", arrivedMs: 0, headers: {} };

/** The same stage with its boundary crossed by copies. */
export function isolated(stage: Stage): Stage {
  return {
    state: stage.state,
    consume: async (envelope, next) =>
      structuredClone(await stage.consume(structuredClone(envelope), async (out) => structuredClone(await next(structuredClone(out))))),
    drain: (next) => stage.drain(async (out) => structuredClone(await next(structuredClone(out)))),
  };
}

function envelopeOf(seed: number): Envelope {
  return { signal: "traces", requests: [payload("traces", { items: 20, seed }).bytes], id: String(seed), origin: ORIGIN };
}

/** `drops`: whether the stage may leave items out. */
export function checkStage(name: string, make: () => Stage, { drops = false } = {}): void {
  describe.each([
    ["directly", (stage: Stage) => stage],
    ["behind structuredClone", isolated],
  ])(`${name}, called %s, keeps the stage contract`, (_how, place) => {
    it("passes on what it took, at once or when drained", async () => {
      const stage = place(make());
      const passed: Envelope[] = [];
      const next = async (out: Envelope): Promise<Outcome> => {
        passed.push(out);
        return { kind: "accepted" };
      };
      const sent = [1, 2, 3].map(envelopeOf);
      const outcomes = await Promise.all(sent.map((one) => stage.consume(one, next)));
      await stage.drain(next);
      expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted"]);
      const out = passed.flatMap(({ requests }) => requests.flatMap((request) => leaves("traces", request)));
      const taken = sent.flatMap(({ requests }) => requests.flatMap((request) => leaves("traces", request)));
      if (drops) expect(taken).toEqual(expect.arrayContaining(out));
      else expect(out.toSorted()).toEqual(taken.toSorted());
    });

    it("does not turn a refusal into an acceptance unless it holds the data", async () => {
      const stage = place(make());
      const refuse = async (): Promise<Outcome> => ({ kind: "retry", message: "later", afterMs: 5 });
      const outcome = await stage.consume(envelopeOf(4), refuse);
      if (stage.state === "none") expect(outcome).toEqual({ kind: "retry", message: "later", afterMs: 5 });
      else expect(["accepted", "retry"]).toContain(outcome.kind);
    });
  });
}
