/** Values for people: durations, sizes, numbers, times of day, attributes. */
import { isMessage, list, type Message, message, messages, number, scalarText, text, type Value } from "../../otlp/read.ts";

const NANOS_A_MILLISECOND = 1_000_000n;
const DAY_MS = 86_400_000;
/** Characters of a value that are looked at: no line is that long. */
const CHARACTERS_MAX = 2_000;
const ITEMS_MAX = 20;
const DEPTH_MAX = 4;

/** A time span in seconds: `1.20ms`, `248ms`, `2.31s`, `3m 05s`. */
export function durationText(seconds: number): string {
  const size = Math.abs(seconds);
  if (!Number.isFinite(seconds)) return "?";
  if (size === 0) return "0";
  if (size < 1e-6) return `${digits(seconds * 1e9)}ns`;
  if (size < 1e-3) return `${digits(seconds * 1e6)}µs`;
  if (size < 0.9995) return `${digits(seconds * 1e3)}ms`;
  if (size < 59.95) return `${digits(seconds)}s`;
  const whole = Math.round(size);
  const sign = seconds < 0 ? "-" : "";
  if (whole < 3600) return `${sign}${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  return `${sign}${grouped(String(Math.floor(whole / 3600)))}h ${pad(Math.floor((whole % 3600) / 60))}m`;
}

export function nanosText(nanos: bigint): string {
  return durationText(Number(nanos) / 1e9);
}

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

function bytesText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (Math.abs(size) >= 1023.5 && unit < SIZES.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? numberText(size) : digits(size)} ${SIZES[unit] ?? ""}`;
}

const SECONDS_A_UNIT: Readonly<Record<string, number>> = { s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9, min: 60, h: 3600 };

/** A measured value in its UCUM unit: times and bytes in units that suit their size. */
export function quantityText(value: number | bigint, unit: string): string {
  const seconds = SECONDS_A_UNIT[unit];
  if (seconds !== undefined) return durationText(Number(value) * seconds);
  if (unit === "By") return bytesText(Number(value));
  const plain = typeof value === "bigint" ? grouped(String(value)) : numberText(value);
  if (unit === "" || unit === "1") return plain;
  return unit === "%" ? `${plain}%` : `${plain} ${unit}`;
}

/** Whether values of this unit are told in others that suit their size. */
export function isScaled(unit: string): boolean {
  return unit === "By" || SECONDS_A_UNIT[unit] !== undefined;
}

/** A number with four digits that count, or all those before the point. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return grouped(String(value));
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-4) return value.toExponential(2);
  return size >= 1000 ? grouped(String(Math.round(value))) : String(Number(value.toPrecision(4)));
}

/** Three digits that count, for numbers up to a thousand. */
function digits(value: number): string {
  const size = Math.abs(value);
  return size >= 99.95 ? String(Math.round(value)) : size >= 9.995 ? String(Number(value.toFixed(1))) : String(Number(value.toFixed(2)));
}

function grouped(integer: string): string {
  return integer.replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, "0");
}

export type Zone = "local" | "utc";

/** A time of day to the millisecond; with its date unless it is within twelve hours of `nowMs`. */
export function timeText(nanos: bigint, zone: Zone, nowMs: number): string {
  const ms = Number(nanos / NANOS_A_MILLISECOND);
  if (ms === 0) return "no time";
  // Date counts to the year 275760; OTLP's 64 bits end in 2554.
  const local = new Date(ms);
  const shown = zone === "utc" ? local : new Date(ms - local.getTimezoneOffset() * 60_000);
  const iso = shown.toISOString();
  const time = iso.slice(11, 23);
  return Math.abs(ms - nowMs) < DAY_MS / 2 ? time : `${iso.slice(0, 10)} ${time}`;
}

/** An AnyValue on one line: text plainly, lists and maps as in JSON but without quotes around keys. */
export function valueText(value: Message, depth = 0): string {
  if (value["stringValue"] !== undefined) return cut(depth === 0 ? text(value, "stringValue") : JSON.stringify(text(value, "stringValue")));
  if (value["doubleValue"] !== undefined) return numberInFull(number(value, "doubleValue"));
  if (value["bytesValue"] instanceof Uint8Array) return `${value["bytesValue"].length} bytes`;
  if (isMessage(value["arrayValue"])) return listText(list(value["arrayValue"], "values"), depth);
  if (isMessage(value["kvlistValue"])) return mapText(value["kvlistValue"], depth);
  const scalar = scalarText(value["boolValue"] ?? value["intValue"]);
  return scalar === "" && depth > 0 ? "null" : scalar;
}

/** A number that someone set, not one that was measured: to its last digit. */
function numberInFull(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function listText(values: readonly Value[], depth: number): string {
  if (depth >= DEPTH_MAX) return "[…]";
  const shown = values.slice(0, ITEMS_MAX).map((value) => (isMessage(value) ? valueText(value, depth + 1) : ""));
  if (values.length > ITEMS_MAX) shown.push("…");
  return cut(`[${shown.join(", ")}]`);
}

function mapText(pairs: Message, depth: number): string {
  if (depth >= DEPTH_MAX) return "{…}";
  const all = [...messages(pairs, "values")];
  const shown = all.slice(0, ITEMS_MAX).map((pair) => `${text(pair, "key")}: ${valueText(message(pair, "value"), depth + 1)}`);
  if (all.length > ITEMS_MAX) shown.push("…");
  return cut(`{${shown.join(", ")}}`);
}

function cut(raw: string): string {
  return raw.length <= CHARACTERS_MAX ? raw : `${raw.slice(0, CHARACTERS_MAX)}…`;
}

/** The value of an attribute as text; empty without it. The last of several counts. */
export function attribute(of: Message, key: string): string {
  let found = "";
  for (const pair of messages(of, "attributes")) if (text(pair, "key") === key) found = valueText(message(pair, "value"));
  return found;
}

/** Attributes as `key=value`, in order. */
export function attributePairs(of: Message, wanted: (key: string) => boolean = () => true): string[] {
  return [...messages(of, "attributes")]
    .filter((pair) => wanted(text(pair, "key")))
    .map((pair) => `${text(pair, "key")}=${spaced(valueText(message(pair, "value")))}`);
}

/** Quotes around what would run into its neighbours. */
function spaced(raw: string): string {
  return raw === "" || /^[^[{].*\s/s.test(raw) ? JSON.stringify(raw) : raw;
}

/** What a resource is called: its service, or the best name it has. */
export function serviceOf(group: Message): string {
  const resource = message(group, "resource");
  for (const key of ["service.name", "k8s.deployment.name", "faas.name", "host.name"]) {
    const name = attribute(resource, key);
    if (name !== "") return name;
  }
  return "unknown";
}

/** `1 span`, `6 spans`. */
export function counted(count: number, noun: string): string {
  return `${grouped(String(count))} ${noun}${count === 1 ? "" : "s"}`;
}
