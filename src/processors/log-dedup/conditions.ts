/**
 * `conditions` of `log_dedup`: which records of a request are counted. OTTL runs on a walk's views, so a
 * request goes through the pool for it: a copy and a walk, where there are conditions.
 */
import { messageOf, SluiceError } from "../../base/errors.ts";
import type { Tools } from "../../ottl/contract.ts";
import { CONVERTERS, dialectsOf } from "../../ottl/dialects.ts";
import { type ConditionSequence, onCursor } from "../../ottl/sequence.ts";
import { compileConditions, toolsOf } from "../../ottl/settings.ts";
import { StatementError } from "../../ottl/value.ts";
import type { Context } from "../../pipeline/component.ts";
import { Counters } from "../../pipeline/counters.ts";
import { batchFrom } from "../../pipeline/envelope.ts";
import { Run } from "../../pipeline/run.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import type { Step } from "../../pipeline/step.ts";

const DIALECTS = dialectsOf("logs", CONVERTERS);
/** One line about conditions that fail in this time at the most. */
const TELL_MS = 10_000;

/** Conditions on log records, with or without their context in front of paths. */
export function compiledConditions(conditions: readonly string[], tools: Tools): ReturnType<typeof compileConditions> {
  return compileConditions({ context: "log", conditions }, "propagate", DIALECTS, tools);
}

/** Finds the records for which one of the conditions holds. */
export class RecordConditions {
  readonly #context: Context;
  readonly #run: Run;
  #found: boolean[] = [];
  #toldMs = -Infinity;

  /** Throws `config` for what only building them shows. */
  constructor(conditions: readonly string[], context: Context) {
    const { sequence, issues } = compiledConditions(conditions, toolsOf(context));
    if (sequence === undefined) {
      const path = `processors.${context.id}.conditions`;
      throw new SluiceError("config", `Cannot use ${path}: ${issues[0]?.message ?? "they do not compile"}`, { path });
    }
    this.#context = context;
    // Its own counters: this walk only looks.
    this.#run = new Run(context.engine, "logs", [this.#step(sequence)], new Counters());
  }

  /** Whether one holds, for each record of a request of the envelope's, in the order of the wire. Throws `over_budget`. */
  test(request: Uint8Array, envelope: Envelope): readonly boolean[] {
    this.#found = [];
    const batch = batchFrom(this.#context.engine, { ...envelope, requests: [request], checked: true });
    try {
      this.#run.run(batch).release();
    } finally {
      batch.release();
    }
    return this.#found;
  }

  #step(sequence: ConditionSequence): Step {
    const { level, reads } = sequence;
    const holds = onCursor((subject) => sequence.test(subject));
    const run: Step["run"] = (cursor) => {
      let found = false;
      try {
        found = holds(cursor);
      } catch (error) {
        this.#failed(error);
      }
      this.#found.push(found);
      return true;
    };
    return { component: "", level, reads, writes: [], drops: false, dropReason: "", run };
  }

  /** A record on which a condition fails passes, as in the Collector. */
  #failed(error: unknown): void {
    if (!(error instanceof StatementError)) throw error;
    const { host, id, logger } = this.#context;
    const nowMs = host.clock.monotonicMs();
    if (nowMs - this.#toldMs < TELL_MS) return;
    this.#toldMs = nowMs;
    logger.log("error", messageOf(error), { processor: id });
  }
}
