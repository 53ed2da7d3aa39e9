/** The contract itself, on two stages that live in the tests alone, one without memory and one that holds; and on every stage there is. */
import { describe, expect, it } from "vitest";
import { batch } from "../../src/processors/batch.ts";
import type { Envelope, Stage } from "../../src/pipeline/stage.ts";
import { ALONE } from "../harness/context.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import type { TestClock } from "../harness/clock.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";
import { checkStage, isolated } from "./stage.ts";

const passing: Stage = {
  state: "none",
  consume: (envelope, next) => next(envelope),
  drain: async () => {},
};

function holding(clock: TestClock): Stage {
  const held: Envelope[] = [];
  let draining = false;
  return {
    state: "process",
    async consume(envelope, next) {
      if (draining) return next(envelope);
      held.push(envelope);
      return { kind: "accepted" };
    },
    async drain(next, deadlineMs) {
      draining = true;
      await Promise.race([Promise.all(held.splice(0).map(next)), clock.sleep(deadlineMs)]);
    },
  };
}

checkStage("a stage that passes on", () => passing);
checkStage("a stage that holds", holding);

const BATCHES = ["traces", "metrics", "logs"] as const;
const SETTINGS: readonly [name: string, settings: Record<string, unknown>][] = [
  ["batch", {}],
  ["batch of exact sizes", { send_batch_size: 7, send_batch_max_size: 7 }],
  ["batch that holds nothing", { timeout: "0s", send_batch_max_size: 6, send_batch_size: 0 }],
];
for (const [name, settings] of SETTINGS) {
  checkStage(
    name,
    (clock, signal) => {
      const engine = testEngine();
      const host = { ...bareHost, clock, sleep: clock.sleep };
      const made = batch.create(batch.schema.parse(settings), { ...ALONE, id: "batch", host, engine, logger: host.logger, counters: new Counters() }, signal);
      if (!("stage" in made)) throw new Error("Batch is a stage");
      return made.stage;
    },
    { signals: BATCHES },
  );
}

describe("behind structuredClone", () => {
  it("refuses what cannot cross a boundary", async () => {
    const leaky: Stage = { ...passing, consume: (envelope, next) => next({ ...envelope, origin: { ...envelope.origin, headers: (() => ({})) as never } }) };
    const envelope: Envelope = { signal: "logs", requests: [], items: 0, id: "1", origin: { receiver: "", peer: "", tenant: "", arrivedMs: 0, headers: {} } };
    await expect(isolated(leaky).consume(envelope, async () => ({ kind: "accepted" }))).rejects.toThrow();
  });
});
