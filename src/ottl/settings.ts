/**
 * OTTL in a component's settings: lists of statements or conditions, plain or in groups with a context,
 * compiled once while the settings are judged (so that what is wrong is told with its place) and once
 * when the component is built.
 */
import * as z from "zod";
import type { Context } from "../pipeline/component.ts";
import type { Tools } from "./contract.ts";
import type { Dialect } from "./dialect.ts";
import { inferDialect } from "./inference.ts";
import {
  type ConditionSequence,
  type ErrorMode,
  sequenceConditions,
  type Sequenced,
  sequenceStatements,
  type StatementSequence,
  type TextIssue,
} from "./sequence.ts";

/** What follows when a statement or a condition fails on an item. */
export const errorMode = z.enum(["ignore", "silent", "propagate"]);

const ERROR_MODE_TEXT = "When a rule fails on an item: `ignore` logs it and goes on, `silent` goes on, `propagate` refuses the whole request.";

/** `error_mode` of a component. Default `ignore`. */
export const errorModeSetting = errorMode.default("ignore").describe(ERROR_MODE_TEXT);

/** A group of rules for one context. */
export interface Group {
  /** undefined: found from the paths. */
  readonly context?: string | undefined;
  readonly conditions: readonly string[];
  readonly statements: readonly string[];
  readonly error_mode?: ErrorMode | undefined;
}

const common = {
  context: z.string().optional().describe("The context of the rules; none: found from their paths, which then name it: `span.name`."),
  error_mode: errorMode.optional().describe(`${ERROR_MODE_TEXT} Default: the component's.`),
};
const textList = z.array(z.string());

/** A group of statements. */
export const statementGroup = z.strictObject({
  ...common,
  conditions: textList.default([]).describe("The statements run where any of these holds; none: everywhere."),
  statements: textList.describe("Statements, run in this order."),
});

/** A group of conditions. */
export const conditionGroup = z.strictObject({ ...common, conditions: textList.describe("An item for which any of these holds is dropped.") });

/** Where in the setting's value an issue stands. */
export interface SettingIssue extends TextIssue {
  readonly path: readonly (string | number)[];
}

interface Entry<Value> {
  readonly path: readonly (string | number)[];
  readonly group: Value;
  /** Rules that stand in the list itself. */
  readonly flat: boolean;
}

/** The groups of a list in which plain texts are one group of their own. A mixture is an issue. */
export function groupsOf<Value extends object>(list: readonly (string | Value)[], flat: (texts: readonly string[]) => Value): readonly Entry<Value>[] | string {
  const plain = list.filter((one) => typeof one === "string");
  if (plain.length === 0) return list.flatMap((one, index) => (typeof one === "string" ? [] : [{ path: [index], group: one, flat: false }]));
  if (plain.length < list.length) return "Write either a list of texts or a list of groups: the two cannot stand in one list";
  return [{ path: [], group: flat(plain), flat: true }];
}

/** A group of statements, compiled. */
export function compileStatements(group: Group, mode: ErrorMode, dialects: readonly Dialect[], tools: Tools): Sequenced<StatementSequence> {
  const { statements, conditions } = group;
  const chosen = dialectFor(group, dialects);
  if (chosen.issues !== undefined) return chosen;
  return sequenceStatements({ statements, conditions, errorMode: group.error_mode ?? mode }, chosen.dialect, { tools, prefixed: group.context === undefined });
}

/** Conditions, one of which must hold, compiled. */
export function compileConditions(group: Omit<Group, "statements">, mode: ErrorMode, dialects: readonly Dialect[], tools: Tools): Sequenced<ConditionSequence> {
  const chosen = dialectFor({ ...group, statements: [] }, dialects);
  if (chosen.issues !== undefined) return chosen;
  return sequenceConditions(group.conditions, group.error_mode ?? mode, chosen.dialect, { tools, prefixed: group.context === undefined });
}

/**
 * Conditions of which each is for the context that its own paths name, as the Collector's lists without
 * a context are: one row for each context, those above first.
 */
export function compileEachCondition(
  group: Omit<Group, "statements" | "context">,
  mode: ErrorMode,
  dialects: readonly Dialect[],
  tools: Tools,
): { readonly sequences: readonly ConditionSequence[]; readonly issues: readonly TextIssue[] } {
  const rows = new Map<Dialect, number[]>(dialects.map((dialect) => [dialect, []]));
  const issues: TextIssue[] = [];
  group.conditions.forEach((text, index) => {
    const { dialect, issues: found = [] } = inferDialect(dialects, { conditions: [text] });
    issues.push(...found.map((issue) => ({ ...issue, index })));
    if (dialect !== undefined) rows.get(dialect)?.push(index);
  });
  const sequences: ConditionSequence[] = [];
  for (const [dialect, row] of rows) {
    if (row.length === 0) continue;
    const texts = row.map((index) => group.conditions[index] ?? "");
    const { sequence, issues: found = [] } = sequenceConditions(texts, group.error_mode ?? mode, dialect, { tools, prefixed: true });
    issues.push(...found.map((issue) => ({ ...issue, index: row[issue.index] ?? issue.index })));
    if (sequence !== undefined) sequences.push(sequence);
  }
  return issues.length > 0 ? { sequences: [], issues: issues.toSorted((a, b) => a.index - b.index) } : { sequences, issues };
}

function dialectFor({ context, statements, conditions }: Group, dialects: readonly Dialect[]): ReturnType<typeof inferDialect> {
  if (context === undefined) return inferDialect(dialects, { statements, conditions });
  const wanted = context.toLowerCase();
  const dialect = dialects.find((one) => one.context.name === wanted);
  if (dialect !== undefined) return { dialect };
  const names = dialects.map((one) => one.context.name).join(", ");
  const issue: TextIssue = {
    list: "conditions",
    index: -1,
    text: "",
    offset: 0,
    length: 0,
    message: `There is no context "${context}" here`,
    cure: `Contexts here: ${names}`,
  };
  return { issues: [issue] };
}

/** The issues of one entry, with their places below the setting. */
export function placed({ path, flat }: Entry<unknown>, issues: readonly TextIssue[]): SettingIssue[] {
  return issues.map((issue) => {
    if (issue.index < 0) return { ...issue, path: [...path, "context"] };
    return { ...issue, path: flat ? [...path, issue.index] : [...path, issue.list, issue.index] };
  });
}

/** Hands issues to zod, with what a finding needs: the cure, and the character of the text. */
export function report(context: z.core.$RefinementCtx, issues: readonly SettingIssue[]): void {
  for (const { message, path, cure, offset } of issues)
    context.issues.push({ code: "custom", input: undefined, message, path: [...path], params: { cure, index: offset } });
}

/** What functions are given in a gateway. */
export function toolsOf({ engine, host, logger, id }: Context): Tools {
  return {
    engine,
    runtime: host.runtime,
    now: () => BigInt(Math.round(host.clock.nowMs())) * 1_000_000n,
    random: () => host.random(),
    log: (level, message) => logger.log(level, message, { component: id }),
  };
}

/** What functions are given while settings are judged: nothing runs, so places need no memory beneath them. */
export const CHECKING: Tools = {
  engine: {
    bytes: new Uint8Array(0),
    pool: { take: () => undefined },
    constant: (bytes) => ({ start: 0, end: bytes.length }),
    region: () => 0,
    text: (text) => ({ text, start: 0, end: 0, keyLow: 0, keyHigh: 0 }),
  },
  runtime: "test",
  now: () => 0n,
  random: () => 0,
  log: () => {},
};
