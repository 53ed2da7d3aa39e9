/** Findings and errors as text: `file:line:column: message`, the source line, a caret, the cure. */
import { messageOf, SluiceError } from "../base/errors.ts";
import type { Finding, Where } from "../config/plan.ts";
import { harmless, type Paint } from "./terminal.ts";

/** Characters of a source line that are shown: a line can be a megabyte of JSON. */
const SHOWN_CHARACTERS = 160;

export type Severity = "error" | "warning";

export function findingText({ message, cure, where }: Finding, severity: Severity, paint: Paint): string {
  const colour = severity === "error" ? "red" : "yellow";
  const mark = severity === "error" ? "" : "warning: ";
  const place = where === undefined || (where.lineText === "" && where.line === 1) ? "" : `${placeText(where)}: `;
  const lines = [`${paint("bold", place)}${paint(colour, harmless(`${mark}${message}`))}`];
  if (place !== "" && where !== undefined) lines.push(...excerpt(where, (text) => paint(colour, text)));
  if (cure !== undefined) lines.push(`  ${paint("green", "=>")} ${harmless(cure)}`);
  return lines.map((line) => `${line}\n`).join("");
}

export function placeText({ source, line, column }: Where): string {
  return `${harmless(source)}:${line}:${column}`;
}

/** An error of any kind; one that names a configuration key is shown at its place when `whereOf` knows it. */
export function errorText(error: unknown, paint: Paint, whereOf: (path: string) => Where | undefined = () => undefined): string {
  if (!(error instanceof SluiceError)) return findingText({ message: `Cannot go on: ${messageOf(error)}` }, "error", paint);
  const where = error.path === undefined ? undefined : whereOf(error.path);
  return findingText({ message: error.message, cure: error.cure, where }, "error", paint);
}

function excerpt({ line, column, lineText }: Where, colour: (text: string) => string): string[] {
  const gutter = `  ${line} | `;
  // A long line is cut to the part around the column.
  const from = lineText.length <= SHOWN_CHARACTERS ? 0 : Math.max(0, column - 1 - SHOWN_CHARACTERS / 2);
  const shown = harmless(lineText.slice(from, from + SHOWN_CHARACTERS));
  // Tabs stay tabs, so that the caret stands under its character.
  const before = shown.slice(0, column - 1 - from).replaceAll(/[^\t]/g, " ");
  return [`${gutter}${shown}`, `${" ".repeat(gutter.length - 2)}| ${before}${colour("^")}`];
}
