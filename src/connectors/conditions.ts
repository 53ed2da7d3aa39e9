/** Conditions in OTTL, as connectors have them: judged with the configuration, compiled again when a connector is built. */
import { SluiceError } from "../base/errors.ts";
import type { Signal } from "../base/signal.ts";
import type { Cursor } from "../otlp/cursor.ts";
import type { Dialect } from "../ottl/dialect.ts";
import { CONVERTERS, dialectsOf } from "../ottl/dialects.ts";
import type { ConditionSequence, Sequenced } from "../ottl/sequence.ts";
import { Subject } from "../ottl/subject.ts";

/** Whether conditions hold for the message that the cursor is at. Throws StatementError where errors propagate. */
export type Test = (cursor: Cursor) => boolean;

/** The contexts of each signal, with every function that gives a value. */
export const DIALECTS: Readonly<Record<Signal, readonly Dialect[]>> = {
  traces: dialectsOf("traces", CONVERTERS),
  metrics: dialectsOf("metrics", CONVERTERS),
  logs: dialectsOf("logs", CONVERTERS),
  profiles: dialectsOf("profiles", CONVERTERS),
};

/** What was compiled. Throws `config` for what only building it has shown; `path` is the setting's. */
export function sequenceOf({ sequence, issues }: Sequenced<ConditionSequence>, path: string): ConditionSequence {
  if (sequence !== undefined) return sequence;
  throw new SluiceError("config", `Cannot use ${path}: ${issues[0]?.message ?? "it does not compile"}`, { path });
}

export function testOf(sequence: ConditionSequence): Test {
  let subject: Subject | undefined;
  return (cursor) => {
    // A run has one cursor for good.
    if (subject?.cursor !== cursor) subject = new Subject(cursor);
    return sequence.test(subject);
  };
}
