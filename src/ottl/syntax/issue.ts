/** What is wrong with a statement, and where: for the configuration's findings. */
import { SluiceError } from "../../base/errors.ts";

/** Offsets and lengths are in UTF-16 units of the statement. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

export interface SyntaxIssue extends Extent {
  /** What was expected and what was found, without a full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly cure?: string;
}

/** What came of reading a text: a value, or the first thing that is wrong. */
export type Reading<T> = { readonly value: T; readonly issue?: undefined } | { readonly value?: undefined; readonly issue: SyntaxIssue };

/** Carries an issue up to `attempt`; never leaves this folder and its neighbour. */
export class Refusal extends Error {
  readonly issue: SyntaxIssue;

  constructor(issue: SyntaxIssue) {
    super(issue.message);
    this.issue = issue;
  }
}

export function refuse(message: string, { offset, length }: Extent, cure?: string): never {
  throw new Refusal(cure === undefined ? { message, offset, length } : { message, offset, length, cure });
}

/** Calls `read`; a refusal becomes its issue, and so does a limit of the engine that the configuration is over. */
export function attempt<T>(read: () => T): Reading<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof Refusal) return { issue: error.issue };
    if (!(error instanceof SluiceError) || error.code !== "config") throw error;
    const issue = { message: error.message, offset: 0, length: 0 };
    return { issue: error.cure === undefined ? issue : { ...issue, cure: error.cure } };
  }
}

/** Characters of a long line that are shown before and behind the place. */
const AROUND = 60;

/** The line of the statement that holds the place, and below it a line with carets under the place. */
export function caretText(statement: string, offset: number, length: number): string {
  const at = Math.min(Math.max(offset, 0), statement.length);
  const lineStart = statement.lastIndexOf("\n", at - 1) + 1;
  const newline = statement.indexOf("\n", at);
  const lineEnd = newline < 0 ? statement.length : newline;
  const start = at - lineStart > AROUND ? at - AROUND : lineStart;
  const shownMax = Math.min(length, AROUND);
  const end = lineEnd - at > AROUND + shownMax ? at + AROUND + shownMax : lineEnd;
  const before = (start > lineStart ? "…" : "") + printable(statement.slice(start, at));
  const behind = printable(statement.slice(at, end)) + (end < lineEnd ? "…" : "");
  const marked = Array.from(statement.slice(at, Math.min(at + shownMax, end))).length;
  const blanks = Array.from(before, (character) => (character === "\t" ? "\t" : " ")).join("");
  return `${before}${behind}\n${blanks}${"^".repeat(Math.max(marked, 1))}`;
}

/** Control characters would move the caret's line, or do worse to a terminal. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t]/gu, " ");
}

/** A text of any length as it is quoted in a message. */
export function quote(text: string): string {
  return JSON.stringify(text.length > AROUND ? `${text.slice(0, AROUND)}…` : text);
}
