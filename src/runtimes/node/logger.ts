/**
 * Lines for the operator on standard error: text, or one JSON object a line. Whatever came from
 * telemetry stands in `fields`, where it is escaped and cut; a line that repeats is written ten times
 * in ten seconds and then counted.
 */
import type { Logger, LogLevel } from "../../base/host.ts";

export type LogFormat = "text" | "json";

export interface LoggerOptions {
  readonly format: LogFormat;
  /** Lines below it are not written. */
  readonly level: LogLevel;
  /** Gets whole lines, each with its line break. */
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
}

type Fields = Readonly<Record<string, string | number>>;

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const REPEATS_MAX = 10;
const WINDOW_MS = 10_000;
/** Different messages that are counted at a time. Messages are our own text, so there are few. */
const MESSAGES_MAX = 256;
const VALUE_CHARACTERS_MAX = 512;

interface Repeats {
  sinceMs: number;
  written: number;
  suppressed: number;
}

/** A logger that never throws. */
export function nodeLogger(options: LoggerOptions): Logger {
  const repeats = new Map<string, Repeats>();
  const format = options.format === "json" ? jsonLine : textLine;
  return {
    log(level, message, fields = {}) {
      if (RANK[level] < RANK[options.level]) return;
      const nowMs = options.nowMs();
      const suppressed = admit(repeats, `${level} ${message}`, nowMs);
      if (suppressed === undefined) return;
      const all = suppressed === 0 ? fields : { ...fields, suppressed };
      options.write(format(new Date(nowMs).toISOString(), level, message, all));
    },
  };
}

/** How many like it were held back before this one; undefined: hold back this one, too. */
function admit(repeats: Map<string, Repeats>, key: string, nowMs: number): number | undefined {
  let known = repeats.get(key);
  if (known === undefined) {
    if (repeats.size >= MESSAGES_MAX) repeats.clear();
    known = { sinceMs: nowMs, written: 0, suppressed: 0 };
    repeats.set(key, known);
  }
  if (nowMs - known.sinceMs >= WINDOW_MS) {
    const { suppressed } = known;
    repeats.set(key, { sinceMs: nowMs, written: 1, suppressed: 0 });
    return suppressed;
  }
  if (known.written >= REPEATS_MAX) {
    known.suppressed++;
    return undefined;
  }
  known.written++;
  return 0;
}

function textLine(time: string, level: LogLevel, message: string, fields: Fields): string {
  let line = `${time} ${level.toUpperCase().padEnd(5)} ${escape(message)}`;
  for (const [key, value] of Object.entries(fields)) line += ` ${key}=${fieldText(value)}`;
  return `${line}\n`;
}

function fieldText(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = escape(cut(value));
  return /^[\w.:/@%+-]+$/.test(text) ? text : `"${text.replaceAll('"', String.raw`\"`)}"`;
}

function jsonLine(time: string, level: LogLevel, message: string, fields: Fields): string {
  const values = Object.entries(fields).map(([key, value]) => [key, typeof value === "string" ? cut(value) : value] as const);
  // Our own keys last: a field cannot take their place. `msg` as in the Collector's lines: fields are named `message`.
  return `${JSON.stringify({ ...Object.fromEntries(values), time, level, msg: message })}\n`;
}

function cut(text: string): string {
  return text.length <= VALUE_CHARACTERS_MAX ? text : `${text.slice(0, VALUE_CHARACTERS_MAX)}...`;
}

/** Nothing that a terminal or a line-based reader would obey: control characters, line breaks, direction marks. */
function escape(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\\]/gu, (character) => {
    if (character === "\n") return String.raw`\n`;
    if (character === "\\") return "\\\\";
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
}
