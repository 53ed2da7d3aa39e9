/** What the differential suite is made of: a case is a request or several, and the processors that they go through. */
import type { Signal } from "../../src/base/signal.ts";

/** A case's processors, in the pipeline's order: ids, and their settings as YAML text. */
export type Processors = Readonly<Record<string, string>>;

export interface Case {
  /** Stable: the recorded answers and the list of differences name it. A single statement is its own id. */
  readonly id: string;
  /** Cases of one group are one test. */
  readonly group: string;
  readonly signal: Signal;
  /** Names in payloads.ts, sent one after the other through the same processors. */
  readonly payloads: readonly string[];
  readonly processors: Processors;
  /** Sent with the requests; the receiver keeps them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The Collector groups data points in a map of Go's, whose order is random: they are compared in any. */
  readonly pointsInAnyOrder?: true;
}

/** What comes out for one request: what changed (change.ts), undefined for no change, or nothing at all. */
export type Answer = unknown;

/** Nothing arrived: all was dropped, or a statement failed under `error_mode: propagate`. */
export const NOTHING = "nothing";

/** No configuration, and what is wrong with it in a word; or one answer a request. */
export type Recorded = { readonly refused: string } | { readonly out: readonly Answer[] };

/** A recorded file: answers by the case's id. */
export interface Recording {
  readonly collector: string;
  readonly cases: Readonly<Record<string, Recorded>>;
}

/** Cases whose payload, signal and group are the same. */
export function cases(group: string, signal: Signal, payloads: readonly string[], made: Readonly<Record<string, Processors>>): Case[] {
  return Object.entries(made).map(([id, processors]) => ({ id: `${group}: ${id}`, group, signal, payloads, processors }));
}

/** The same cases, data points in any order. */
export function inAnyOrder(suite: readonly Case[]): Case[] {
  return suite.map((one) => ({ ...one, pointsInAnyOrder: true }));
}

/** A text as YAML has it on one line; `$` doubled, so that nothing is expanded. */
export function quoted(text: string): string {
  return JSON.stringify(text.replaceAll("$", "$$$$"));
}

const STATEMENTS = { traces: "trace_statements", metrics: "metric_statements", logs: "log_statements", profiles: "profile_statements" } as const;
const CONDITIONS = { traces: "trace_conditions", metrics: "metric_conditions", logs: "log_conditions", profiles: "profile_conditions" } as const;

/** A transform processor of these statements, in a flat list. */
export function transform(signal: Signal, statements: readonly string[], errorMode = "propagate"): string {
  return `error_mode: ${errorMode}\n${STATEMENTS[signal]}:\n${statements.map((one) => `  - ${quoted(one)}`).join("\n")}`;
}

/** A filter processor of these conditions, in a flat list. */
export function filter(signal: Signal, conditions: readonly string[], errorMode = "propagate"): string {
  return `error_mode: ${errorMode}\n${CONDITIONS[signal]}:\n${conditions.map((one) => `  - ${quoted(one)}`).join("\n")}`;
}

/** One case a statement, each by itself, so that an error is seen: nothing arrives. */
export function statementCases(group: string, signal: Signal, payload: string, statements: readonly string[]): Case[] {
  return cases(group, signal, [payload], Object.fromEntries(statements.map((one) => [one, { transform: transform(signal, [one]) }])));
}

/** As `statementCases`, under an explicit context: a function alone says none. */
export function contextCases(group: string, signal: Signal, payload: string, context: string, statements: readonly string[], errorMode = "propagate"): Case[] {
  const settings = (one: string) => `error_mode: ${errorMode}\n${STATEMENTS[signal]}:\n  - context: ${context}\n    statements: [${quoted(one)}]`;
  return cases(group, signal, [payload], Object.fromEntries(statements.map((one) => [one, { transform: settings(one) }])));
}

/** One case a value: what it is, set to an attribute of the only log record. No attribute: nil. Nothing: an error. */
export function valueCases(group: string, values: readonly string[]): Case[] {
  return cases(
    group,
    "logs",
    ["record"],
    Object.fromEntries(values.map((one) => [one, { transform: transform("logs", [`set(log.attributes["r"], ${one})`]) }])),
  );
}

/** One case a condition: the item is dropped where it holds. */
export function conditionCases(group: string, signal: Signal, payload: string, conditions: readonly string[], errorMode = "propagate"): Case[] {
  return cases(group, signal, [payload], Object.fromEntries(conditions.map((one) => [one, { filter: filter(signal, [one], errorMode) }])));
}
