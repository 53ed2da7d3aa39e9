/** Text for a person at a terminal: colours where they are wanted, tables that align. */
import { styleText } from "node:util";

type Style = "bold" | "dim" | "red" | "yellow" | "green" | "cyan";

/** Styles text for a stream: only where it is a terminal, and NO_COLOR and FORCE_COLOR are obeyed. */
export type Paint = (style: Style, text: string) => string;

export function painter(stream: NodeJS.WriteStream): Paint {
  return (style, text) => (text === "" ? "" : styleText(style, text, { stream }));
}

/** Rows as lines, each column as wide as its widest cell, two blanks between columns. The first row is the heading. */
export function table(rows: readonly (readonly string[])[], paint: Paint): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return lines.map((line, index) => `${index === 0 ? paint("dim", line) : line}\n`).join("");
}

/** Control characters out of text that comes from files and variables: a terminal must not obey them. */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => (character === "\t" ? "\t" : "\ufffd"));
}
