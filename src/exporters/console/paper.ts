/**
 * Lines for a terminal: pieces of text with a style, fitted to its width. Whatever a piece holds is
 * escaped when it is printed, here and nowhere else, so that nothing that came with telemetry can
 * move the cursor, change a colour or turn the direction of text.
 */

export type Style = "plain" | "bold" | "dim" | "red" | "yellow" | "green" | "blue" | "cyan" | "magenta";

export interface Piece {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Piece[];

const ON: Readonly<Record<Style, string>> = {
  plain: "",
  bold: "\u001b[1m",
  dim: "\u001b[2m",
  red: "\u001b[31m",
  yellow: "\u001b[33m",
  green: "\u001b[32m",
  blue: "\u001b[34m",
  cyan: "\u001b[36m",
  magenta: "\u001b[35m",
};
const OFF = "\u001b[0m";
/** Code units of one character as a person sees it; a heap of accents is cut. */
const GRAPHEME_UNITS_MAX = 16;
/** More of one text never fits on the lines that it gets. */
const TEXT_UNITS_MAX = 4096;

export function piece(text: string, style: Style = "plain"): Piece {
  return { text: escaped(text), style };
}

/** The line as text, cut to `columns`; blanks at its end are left away. */
export function render(line: Line, columns: number, colours: boolean): string {
  const fitted = fit(line, columns);
  if (!colours)
    return fitted
      .map(({ text }) => text)
      .join("")
      .trimEnd();
  const last = fitted.findLastIndex(({ text }) => text.trim() !== "");
  return fitted
    .slice(0, last + 1)
    .map(({ text, style }) => (style === "plain" ? text : `${ON[style]}${text}${OFF}`))
    .join("");
}

/** The line, at most `columns` wide; an ellipsis stands for what was cut. */
export function fit(line: Line, columns: number): Line {
  if (widthOf(line) <= columns) return line;
  const made: Piece[] = [];
  let left = columns - 1;
  for (const { text, style } of line) {
    const wide = textWidth(text);
    if (wide <= left) {
      made.push({ text, style });
      left -= wide;
      continue;
    }
    made.push({ text: head(text, left), style }, { text: "…", style: "dim" });
    break;
  }
  return made;
}

/** The line cut or filled to exactly `columns`. */
export function cell(line: Line, columns: number): Line {
  const fitted = fit(line, columns);
  const missing = columns - widthOf(fitted);
  return missing > 0 ? [...fitted, { text: " ".repeat(missing), style: "plain" }] : fitted;
}

/** The text on at most `linesMax` lines of `columns`, broken at blanks where there are some. */
export function wrap(text: string, columns: number, linesMax: number): string[] {
  const lines: string[] = [];
  let rest = escaped(text);
  while (textWidth(rest) > columns && lines.length < linesMax - 1) {
    const whole = head(rest, columns);
    const blank = whole.lastIndexOf(" ");
    // One character at the least, whatever its width, so that it ends.
    const taken =
      rest[whole.length] === " " ? whole.length : blank > columns / 3 ? blank : whole.length || String.fromCodePoint(rest.codePointAt(0) ?? 0).length;
    lines.push(rest.slice(0, taken));
    rest = rest.slice(taken).trimStart();
  }
  if (rest !== "" || lines.length === 0) lines.push(textWidth(rest) > columns ? `${head(rest, columns - 1)}…` : rest);
  return lines;
}

export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** The most columns that any of `items` takes, 0 without any. */
export function widest<Item>(items: Iterable<Item>, columnsOf: (item: Item) => number): number {
  let most = 0;
  for (const item of items) most = Math.max(most, columnsOf(item));
  return most;
}

/** Columns that a terminal needs for the text. */
export function textWidth(text: string): number {
  if (isSimple(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += graphemeWidth(segment);
  return columns;
}

/** As much of the text's beginning as `columns` hold. */
export function head(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (isSimple(text)) return text.slice(0, columns);
  let left = columns;
  for (const { segment, index } of graphemes.segment(text)) {
    left -= graphemeWidth(segment);
    if (left < 0) return text.slice(0, index);
  }
  return text;
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
/** East Asian wide and full-width characters, and emoji that are shown as pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f1e6}-\u{1f1ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const EMPTY = /^[\p{M}\p{Cf}]*$/u;

function graphemeWidth(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2;
  return EMPTY.test(grapheme) ? 0 : 1;
}

/** Latin, Greek, Cyrillic and what our own lines are drawn with: one column a code unit, and harmless. */
function isSimple(text: string): boolean {
  return /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff\u0391-\u03ff\u0400-\u0481\u2022\u2026\u22ef\u2500-\u257f\u2717]*$/.test(text);
}

/** Controls, line separators, marks of direction and characters without width; the joiners of emoji and of Persian stay. */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\uffa0\u{e0000}-\u{e00ff}\u{e01f0}-\u{e0fff}]/gu;
const NAMED: Readonly<Record<string, string>> = { "\n": String.raw`\n`, "\r": String.raw`\r`, "\t": String.raw`\t` };

/** Text that a terminal shows and does not obey, at most 4,096 characters of it. */
export function escaped(raw: string): string {
  const text = raw.length <= TEXT_UNITS_MAX ? raw : `${raw.slice(0, TEXT_UNITS_MAX - 1)}…`;
  if (isSimple(text)) return text;
  const safe = text.replaceAll(UNSAFE, (character) => NAMED[character] ?? notation(character.codePointAt(0) ?? 0));
  return /\p{M}{4}/u.test(safe) ? [...graphemes.segment(safe)].map(({ segment }) => segment.slice(0, GRAPHEME_UNITS_MAX)).join("") : safe;
}

function notation(point: number): string {
  return point < 0x100 ? String.raw`\x${point.toString(16).padStart(2, "0")}` : String.raw`\u{${point.toString(16)}}`;
}
