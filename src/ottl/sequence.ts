/**
 * Rows of statements and of conditions, with what happens when one fails on an item: `propagate`
 * throws, `ignore` logs and goes on, `silent` goes on.
 */
import type { Cursor } from "../otlp/cursor.ts";
import { depthOf, type Fields, type Level } from "../pipeline/step.ts";
import type { Options } from "./compile/compiler.ts";
import { joinFields } from "./compile/field-notes.ts";
import type { Tools } from "./contract.ts";
import type { Dialect } from "./dialect.ts";
import { compileCondition, compileStatement, type Statement, type TextCondition } from "./statement.ts";
import { NO_CACHE, Subject } from "./subject.ts";
import { type Reading, quote, type SyntaxIssue } from "./syntax/issue.ts";
import { StatementError } from "./value.ts";

export type ErrorMode = "ignore" | "silent" | "propagate";

/** An issue, and which of the texts has it. */
export interface TextIssue extends SyntaxIssue {
  readonly list: "statements" | "conditions";
  readonly index: number;
  readonly text: string;
}

export type Sequenced<T> = { readonly sequence: T; readonly issues?: undefined } | { readonly sequence?: undefined; readonly issues: readonly TextIssue[] };

/** A group as a transform processor has it. */
export interface Group {
  readonly statements: readonly string[];
  /** Joined by or; none: every item. */
  readonly conditions?: readonly string[];
  readonly errorMode: ErrorMode;
}

/** What a step has to declare, and what it does for an item. */
interface Sequence {
  readonly context: string;
  readonly level: Level;
  readonly reads: readonly Level[];
  readonly writes: readonly Level[];
  /** Whether it writes to what is above the items that it is run for. */
  readonly writesAbove: boolean;
  readonly fields: Fields;
}

export interface StatementSequence extends Sequence {
  /** Whether a statement may put another metric in a metric's place, or add some. */
  readonly replaces: boolean;
  /** Whether `run` may throw: errors propagate. */
  readonly fails: boolean;
  /** Runs the statements on the item at hand. Throws StatementError when errors propagate. */
  run(subject: Subject): void;
}

export interface ConditionSequence extends Sequence {
  /** Whether the conditions hold. Throws StatementError when errors propagate. */
  test(subject: Subject): boolean;
}

export function sequenceStatements({ statements, conditions = [], errorMode }: Group, dialect: Dialect, options: Options): Sequenced<StatementSequence> {
  const guards = compileAll("conditions", conditions, (text) => compileCondition(text, dialect, options));
  const rules = compileAll("statements", statements, (text) => compileStatement(text, dialect, options));
  const issues = [...guards.issues, ...rules.issues];
  if (issues.length > 0) return { issues };
  const { tools } = options;
  const guard = guards.compiled.length === 0 ? undefined : combined(guards.compiled, "or", errorMode, tools);
  const execute = rules.compiled.map((rule) => guarded(rule, errorMode, tools));
  const run = (subject: Subject): void => {
    subject.cache = NO_CACHE;
    if (guard !== undefined && !guard(subject)) return;
    for (let i = 0; i < execute.length; i++) execute[i]?.(subject);
  };
  const writes = rules.compiled.flatMap((rule) => rule.writes);
  const replaces = rules.compiled.some((rule) => rule.replaces);
  return { sequence: { ...declared(dialect, [...guards.compiled, ...rules.compiled], writes), replaces, fails: errorMode === "propagate", run } };
}

/** Conditions joined by `or` (the default of the Collector) or `and`. No conditions: never. */
export function sequenceConditions(
  conditions: readonly string[],
  errorMode: ErrorMode,
  dialect: Dialect,
  options: Options,
  operator: "or" | "and" = "or",
): Sequenced<ConditionSequence> {
  const { compiled, issues } = compileAll("conditions", conditions, (text) => compileCondition(text, dialect, options));
  if (issues.length > 0) return { issues };
  const test = combined(compiled, operator, errorMode, options.tools);
  const emptying = (subject: Subject): boolean => {
    subject.cache = NO_CACHE;
    return test(subject);
  };
  return { sequence: { ...declared(dialect, compiled, []), test: emptying } };
}

/** The same rule for a walk's cursor: what statements share about it is made once a cursor. */
export function onCursor<T>(rule: (subject: Subject) => T): (cursor: Cursor) => T {
  let subject: Subject | undefined;
  return (cursor) => {
    if (subject?.cursor !== cursor) subject = new Subject(cursor);
    return rule(subject);
  };
}

function compileAll<T>(list: TextIssue["list"], texts: readonly string[], compile: (text: string) => Reading<T>): { compiled: T[]; issues: TextIssue[] } {
  const compiled: T[] = [];
  const issues: TextIssue[] = [];
  texts.forEach((text, index) => {
    const { value, issue } = compile(text);
    if (issue === undefined) compiled.push(value);
    else issues.push({ ...issue, list, index, text });
  });
  return { compiled, issues };
}

function declared({ context }: Dialect, parts: readonly { readonly reads: readonly Level[]; readonly fields: Fields }[], written: readonly Level[]): Sequence {
  const reads = [...new Set(parts.flatMap((part) => part.reads))];
  const writes = [...new Set(written)];
  const writesAbove = writes.some((level) => depthOf(level) < depthOf(context.level));
  return { context: context.name, level: context.level, reads, writes, writesAbove, fields: joinFields(parts.map(({ fields }) => fields)) };
}

function guarded({ text, run }: Statement, errorMode: ErrorMode, tools: Tools): (subject: Subject) => void {
  return (subject) => {
    try {
      run(subject);
    } catch (error) {
      failed("run statement", text, error, errorMode, tools);
    }
  };
}

/** Conditions that fail count for nothing; when every one of a row joined by `and` fails, it does not hold. */
function combined(conditions: readonly TextCondition[], operator: "or" | "and", errorMode: ErrorMode, tools: Tools): (subject: Subject) => boolean {
  const decides = operator === "or";
  return (subject) => {
    let held = false;
    for (let i = 0; i < conditions.length; i++) {
      const condition = conditions[i];
      if (condition === undefined) continue;
      try {
        const holds = condition.test(subject);
        if (holds === decides) return decides;
        held ||= holds;
      } catch (error) {
        failed("test condition", condition.text, error, errorMode, tools);
      }
    }
    return !decides && held;
  };
}

function failed(what: string, text: string, error: unknown, errorMode: ErrorMode, tools: Tools): void {
  if (!(error instanceof StatementError)) throw error;
  if (errorMode === "silent") return;
  const message = `Cannot ${what} ${quote(text)}: ${error.message}`;
  if (errorMode === "propagate") throw new StatementError(message, { cause: error });
  tools.log("warn", message);
}
