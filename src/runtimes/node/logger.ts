/**
 * Lines for the operator on standard error: text, or one JSON object a line. Whatever came from
 * telemetry stands in `fields`, where it is escaped and cut; what looks like a secret is not written.
 * A line that repeats is written ten times in ten seconds, for each component, and then counted: how
 * many were held back is told with the next one like it, or else by the next line at all.
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
/** Different messages that are counted at a time. Messages are our own text and components are configured, so there are few. */
const MESSAGES_MAX = 256;
/** Fields that say which component a line is about. */
const COMPONENT_FIELDS = ["exporter", "receiver", "processor", "connector", "extension", "pipeline", "component", "reader"] as const;
const VALUE_CHARACTERS_MAX = 512;

interface Repeats {
  readonly level: LogLevel;
  readonly message: string;
  readonly about: Fields;
  sinceMs: number;
  written: number;
  suppressed: number;
}

/** A logger that never throws. */
export function nodeLogger(options: LoggerOptions): Logger {
  const repeats = new Map<string, Repeats>();
  const format = options.format === "json" ? jsonLine : textLine;
  const write = (nowMs: number, level: LogLevel, message: string, fields: Fields) =>
    options.write(format(new Date(nowMs).toISOString(), level, hideSecrets(message), fields));
  const tell = (nowMs: number, { level, message, about, suppressed }: Repeats) => {
    if (suppressed > 0) write(nowMs, level, message, { ...about, suppressed });
  };
  return {
    log(level, message, fields = {}) {
      if (RANK[level] < RANK[options.level]) return;
      const nowMs = options.nowMs();
      const about = aboutOf(fields);
      const key = `${level} ${Object.values(about).join(" ")} ${message}`;
      const known = repeats.get(key);
      for (const gone of takeOver(repeats, nowMs)) if (gone !== known) tell(nowMs, gone);
      if (!repeats.has(key)) {
        for (const gone of takeOldest(repeats)) tell(nowMs, gone);
        repeats.set(key, { level, message, about, sinceMs: nowMs, written: 0, suppressed: 0 });
      }
      const counted = repeats.get(key);
      if (counted !== undefined && counted.written >= REPEATS_MAX) {
        counted.suppressed++;
        return;
      }
      if (counted !== undefined) counted.written++;
      const suppressed = known === counted ? 0 : (known?.suppressed ?? 0);
      write(nowMs, level, message, suppressed === 0 ? fields : { ...fields, suppressed });
    },
  };
}

function aboutOf(fields: Fields): Fields {
  return Object.fromEntries(COMPONENT_FIELDS.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]] as const])));
}

/** Those whose time is over, taken out. */
function takeOver(repeats: Map<string, Repeats>, nowMs: number): readonly Repeats[] {
  const over = [...repeats].filter(([, { sinceMs }]) => nowMs - sinceMs >= WINDOW_MS || nowMs < sinceMs);
  for (const [key] of over) repeats.delete(key);
  return over.map(([, one]) => one);
}

/** The oldest one, taken out, where there is no room for another. */
function takeOldest(repeats: Map<string, Repeats>): readonly Repeats[] {
  const [oldest] = repeats;
  if (oldest === undefined || repeats.size < MESSAGES_MAX) return [];
  repeats.delete(oldest[0]);
  return [oldest[1]];
}

const HIDDEN = "***";
/** `scheme://user:password@`, as far as the last `@` before the path. */
const USERINFO = /(:\/\/)[^\s/?#"']+@/g;
/** Credentials behind the name of their scheme: long, or with what no word has. */
const CREDENTIALS = /\b(bearer|basic|digest|api-token|apikey|token)(\s+)(?=\S{16}|\S*[\d=])[A-Za-z0-9._~+/=:-]{6,}/gi;
/** The end of a name that says what it is, and the value: in a header, a query, a form or JSON. */
const NAMED =
  /((?:api[-_]?key|authorization|token|secret|passw(?:or)?d|pwd|signature|credentials?|cookie|license[-_]?key)(?:\\?["'])?\s?[:=]\s?(?:\\?["'])?)([^\s"'&,;}\\]+)/gi;

/** Text without what a secret looks like: userinfo of URLs, credentials, values of keys that are named as secrets. */
export function hideSecrets(text: string): string {
  return text.replaceAll(USERINFO, `$1${HIDDEN}@`).replaceAll(CREDENTIALS, `$1$2${HIDDEN}`).replaceAll(NAMED, `$1${HIDDEN}`);
}

/** Text with each of `secrets` hidden wherever it stands. */
export function hideKnown(text: string, secrets: readonly string[]): string {
  let hidden = text;
  for (const secret of secrets) hidden = hidden.replaceAll(secret, HIDDEN);
  return hidden;
}

function textLine(time: string, level: LogLevel, message: string, fields: Fields): string {
  let line = `${time} ${level.toUpperCase().padEnd(5)} ${escape(message)}`;
  for (const [key, value] of Object.entries(fields)) line += ` ${key}=${fieldText(value)}`;
  return `${line}\n`;
}

function fieldText(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = escape(cut(hideSecrets(value)));
  return /^[\w.:/@%+-]+$/.test(text) ? text : `"${text.replaceAll('"', String.raw`\"`)}"`;
}

function jsonLine(time: string, level: LogLevel, message: string, fields: Fields): string {
  const values = Object.entries(fields).map(([key, value]) => [key, typeof value === "string" ? cut(hideSecrets(value)) : value] as const);
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
