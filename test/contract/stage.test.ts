/** The contract itself, on two stages that live in the tests alone: one without memory, one that holds. */
import { describe, expect, it } from "vitest";
import type { Envelope, Stage } from "../../src/pipeline/stage.ts";
import { checkStage, isolated } from "./stage.ts";

const passing: Stage = {
  state: "none",
  consume: (envelope, next) => next(envelope),
  drain: async () => {},
};

function holding(): Stage {
  const held: Envelope[] = [];
  return {
    state: "process",
    async consume(envelope) {
      held.push(envelope);
      return { kind: "accepted" };
    },
    async drain(next) {
      await Promise.all(held.splice(0).map(next));
    },
  };
}

checkStage("a stage that passes on", () => passing);
checkStage("a stage that holds", holding);

describe("behind structuredClone", () => {
  it("refuses what cannot cross a boundary", async () => {
    const leaky: Stage = { ...passing, consume: (envelope, next) => next({ ...envelope, origin: { ...envelope.origin, headers: (() => ({})) as never } }) };
    const envelope: Envelope = { signal: "logs", requests: [], id: "1", origin: { receiver: "", peer: "", tenant: "", arrivedMs: 0, headers: {} } };
    await expect(isolated(leaky).consume(envelope, async () => ({ kind: "accepted" }))).rejects.toThrow();
  });
});
