/** Texts of OTTL, read and compiled against one dialect: statements, conditions, value expressions. */
import type { Fields, Level } from "../pipeline/step.ts";
import type { Condition } from "./compile/compiled.ts";
import { Compiler, type Options } from "./compile/compiler.ts";
import type { Operand } from "./contract.ts";
import type { Dialect } from "./dialect.ts";
import type { Subject } from "./subject.ts";
import { attempt, type Reading } from "./syntax/issue.ts";
import { parseCondition, parseStatement, parseValue } from "./syntax/parser.ts";

/** An editor's call with its `where`. */
export interface Statement {
  readonly text: string;
  /** Runs the editor where the condition holds. Throws StatementError. */
  readonly run: (subject: Subject) => void;
  readonly reads: readonly Level[];
  readonly writes: readonly Level[];
  /** Whether it may put another metric in a metric's place, or add some. */
  readonly replaces: boolean;
  readonly fields: Fields;
}

/** A condition with its text. `test` throws StatementError. */
export interface TextCondition extends Condition {
  readonly text: string;
  readonly fields: Fields;
}

export function compileStatement(text: string, dialect: Dialect, options: Options): Reading<Statement> {
  const parsed = parseStatement(text);
  if (parsed.issue !== undefined) return parsed;
  const { editor, where } = parsed.value;
  return attempt(() => {
    const compiler = new Compiler(dialect, options);
    const { fields } = compiler;
    const { run, reads, writes, replaces } = compiler.editor(editor);
    const condition = where === undefined ? undefined : compiler.condition(where);
    if (condition === undefined || condition.literal === true) return { text, run, reads, writes, replaces, fields };
    const { test } = condition;
    const guarded = (subject: Subject): void => {
      if (test(subject)) run(subject);
    };
    return { text, run: guarded, reads: [...new Set([...reads, ...condition.reads])], writes, replaces, fields };
  });
}

export function compileCondition(text: string, dialect: Dialect, options: Options): Reading<TextCondition> {
  const parsed = parseCondition(text);
  if (parsed.issue !== undefined) return parsed;
  return attempt(() => {
    const compiler = new Compiler(dialect, options);
    return { ...compiler.condition(parsed.value), text, fields: compiler.fields };
  });
}

/** A value's expression, as the routing and counting components have them. */
export function compileValue(text: string, dialect: Dialect, options: Options): Reading<Operand> {
  const parsed = parseValue(text);
  if (parsed.issue !== undefined) return parsed;
  return attempt(() => new Compiler(dialect, options).operand(parsed.value));
}
