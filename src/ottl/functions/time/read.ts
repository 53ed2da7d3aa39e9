/**
 * Reads an instant along a layout's fields. Numbers may have one digit or two and white space before
 * them; a second may have a fraction that the layout does not name; a text without a year is of this
 * year, or of the last when it would lie more than a week ahead.
 */
import { StatementError, Time } from "../../value.ts";
import { daysIn, partsOf, secondsAt } from "./calendar.ts";
import type { Field, Name } from "./layout.ts";
import { DAYS, MONTHS, type Names } from "./names.ts";
import { abbreviationAt, fixedZone, instantOf, offsetAt, zoneNamed } from "./zone.ts";

const NANOS = 1_000_000_000n;
const WEEK_SECONDS = 7 * 86_400;

/** What was read so far, and from where the rest is. */
interface Reading {
  readonly text: string;
  at: number;
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  nanos: number;
  afternoon: boolean | undefined;
  /** Seconds east of UTC, when the text says it. */
  offset: number | undefined;
  zoneName: string;
}

/** StatementError when the text does not follow the layout. `now` in nanoseconds since 1970. */
export function readTime(text: string, fields: readonly Field[], zone: string, names: Names | undefined, now: () => bigint): Time {
  const reading: Reading = {
    text,
    at: 0,
    year: 0,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: 0,
    afternoon: undefined,
    offset: undefined,
    zoneName: "",
  };
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    if (field === undefined) continue;
    if (field.kind === "text") skipText(reading, field.text);
    else readField(reading, field.kind, field.flexible, names, fields[i + 1]?.kind === "fraction");
  }
  if (reading.at < text.length) throw refusal(reading, "more text than the layout has");
  if (reading.afternoon === true && reading.hour < 12) reading.hour += 12;
  if (reading.afternoon === false && reading.hour === 12) reading.hour = 0;
  if (reading.day > daysIn(reading.month, reading.year)) throw refusal(reading, "the month has no such day");
  return placed(reading, zone, now);
}

function refusal(reading: Reading, why: string): StatementError {
  return new StatementError(`Cannot read a time from ${JSON.stringify(reading.text.slice(0, 64))}: ${why} at character ${reading.at}`);
}

/** A run of blanks in the layout takes any run of them in the text. */
function skipText(reading: Reading, expected: string): void {
  for (let i = 0; i < expected.length; i++) {
    if (expected.charAt(i) === " ") {
      if (reading.at < reading.text.length && reading.text.charAt(reading.at) !== " ") throw refusal(reading, "expected a blank");
      while (expected.charAt(i + 1) === " ") i++;
      while (reading.text.charAt(reading.at) === " ") reading.at++;
    } else if (reading.text.charAt(reading.at) === expected.charAt(i)) {
      reading.at++;
    } else {
      throw refusal(reading, `expected ${JSON.stringify(expected.charAt(i))}`);
    }
  }
}

function readField(reading: Reading, kind: Name, flexible: boolean, names: Names | undefined, fractionFollows: boolean): void {
  if (flexible) while (" \t\n\f\r".includes(reading.text.charAt(reading.at) || "x")) reading.at++;
  switch (kind) {
    case "year":
      reading.year = digits(reading, 4, 4);
      break;
    case "year_of_century":
      reading.year = century(digits(reading, 2, 2));
      break;
    case "year_either":
      reading.year = /^\d{4}/.test(reading.text.slice(reading.at, reading.at + 4)) ? digits(reading, 4, 4) : century(digits(reading, 2, 2));
      break;
    case "month":
      reading.month = digits(reading, 1, 2, 1, 12);
      break;
    case "month_short":
    case "month_long":
      reading.month = 1 + named(reading, names?.months ?? spelled(MONTHS, kind === "month_short"));
      break;
    case "weekday_short":
    case "weekday_long":
      named(reading, names?.days ?? spelled(DAYS, kind === "weekday_short"));
      break;
    case "day":
      reading.day = digits(reading, 1, 2, 1, 31);
      break;
    case "hour":
      reading.hour = digits(reading, 1, 2, 0, 23);
      break;
    case "hour_of_12":
      reading.hour = digits(reading, 1, 2, 0, 12);
      break;
    case "minute":
      reading.minute = digits(reading, 1, 2, 0, 59);
      break;
    case "second":
      reading.second = digits(reading, 1, 2, 0, 59);
      if (!fractionFollows) readFraction(reading);
      break;
    case "fraction":
      readFraction(reading);
      break;
    case "half_day":
    case "half_day_small":
      reading.afternoon = halfDay(reading, kind === "half_day", names);
      break;
    case "zone_name":
      readZoneName(reading);
      break;
    default:
      readOffset(reading, kind);
  }
}

function digits(reading: Reading, least: number, most: number, min = 0, max = 9999): number {
  let value = 0;
  let count = 0;
  for (; count < most; count++) {
    const digit = reading.text.charCodeAt(reading.at + count) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
  }
  if (count < least) throw refusal(reading, least === 1 ? "expected a number" : `expected ${least} digits`);
  if (value < min || value > max) throw refusal(reading, `${value} is not from ${min} to ${max}`);
  reading.at += count;
  return value;
}

function century(year: number): number {
  return year >= 69 ? 1900 + year : 2000 + year;
}

function spelled(names: readonly string[], short: boolean): readonly (readonly string[])[] {
  return names.map((name) => [short ? name.slice(0, 3) : name]);
}

/** Which name the text has here, in small letters or large. */
function named(reading: Reading, names: readonly (readonly string[])[]): number {
  let found = -1;
  let size = 0;
  names.forEach((spellings, index) => {
    for (const spelling of spellings) {
      if (spelling.length <= size || reading.text.slice(reading.at, reading.at + spelling.length).toLowerCase() !== spelling.toLowerCase()) continue;
      found = index;
      size = spelling.length;
    }
  });
  if (found < 0) throw refusal(reading, "expected a name of a month or a day");
  reading.at += size;
  return found;
}

function halfDay(reading: Reading, large: boolean, names: Names | undefined): boolean {
  if (names !== undefined) return named(reading, names.halves) === 1;
  const text = reading.text.slice(reading.at, reading.at + 2);
  if (text !== (large ? "AM" : "am") && text !== (large ? "PM" : "pm")) throw refusal(reading, large ? "expected AM or PM" : "expected am or pm");
  reading.at += 2;
  return text === "PM" || text === "pm";
}

/** A point or a comma and digits, nine of which count; nothing when there are none. */
function readFraction(reading: Reading): void {
  const lead = reading.text.charAt(reading.at);
  if ((lead !== "." && lead !== ",") || !isDigit(reading.text.charAt(reading.at + 1))) return;
  const start = ++reading.at;
  while (isDigit(reading.text.charAt(reading.at))) reading.at++;
  reading.nanos = Number(reading.text.slice(start, Math.min(reading.at, start + 9)).padEnd(9, "0"));
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

/** UTC, three to five capitals (the last of four and five a T), GMT and hours, or hours alone. */
function readZoneName(reading: Reading): void {
  const rest = reading.text.slice(reading.at, reading.at + 8);
  const name =
    /^UTC/.exec(rest) ??
    /^(?:ChST|MeST)/.exec(rest) ??
    /^GMT(?:[+-](?:1?\d|2[0-3])(?!\d))?/.exec(rest) ??
    /^[+-](?:[01]?\d|2[0-3])(?!\d)/.exec(rest) ??
    /^(?:[A-Z]{4}T|[A-Z]{3}T|WITA|[A-Z]{3})(?![A-Z])/.exec(rest);
  if (name === null) throw refusal(reading, "expected a time zone");
  reading.at += name[0].length;
  reading.zoneName = name[0];
}

const OFFSETS: Readonly<Partial<Record<Name, RegExp>>> = {
  offset_z: /^(?:Z|([+-])(\d\d)(?::(\d\d)|(\d\d))?)/,
  offset_hours: /^([+-])(\d\d)/,
  offset_colon: /^([+-])(\d\d):(\d\d)/,
  offset_colon_seconds: /^([+-])(\d\d):(\d\d)()():(\d\d)/,
  offset_seconds: /^([+-])(\d\d)(\d\d)()(\d\d)/,
};

function readOffset(reading: Reading, kind: Name): void {
  const rest = reading.text.slice(reading.at, reading.at + 9);
  const found = OFFSETS[kind]?.exec(rest);
  if (found === null || found === undefined) throw refusal(reading, "expected an offset from UTC");
  const [all, sign, hours = "0"] = found;
  const minutes = Number(found[3] ?? found[4] ?? 0);
  const seconds = kind === "offset_colon_seconds" ? Number(found[6] ?? 0) : Number(found[5] ?? 0);
  if (Number(hours) > 24 || minutes > 60 || seconds > 60) throw refusal(reading, "the offset from UTC is too large");
  reading.at += all.length;
  if (all === "Z") reading.zoneName = "UTC";
  else reading.offset = (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + minutes * 60 + seconds);
}

function placed(reading: Reading, zone: string, now: () => bigint): Time {
  const wall = (year: number): number => secondsAt(year, reading.month, reading.day, reading.hour, reading.minute, reading.second);
  if (reading.year > 0) return instant(reading, zone, wall(reading.year));
  // The zone of the text is found first, at its own time; the year is set afterwards.
  const first = instant(reading, zone, wall(0));
  const today = partsOf(new Time(now(), zone));
  const thisYear = timeAt(first.zone, instantOf(first.zone, wall(today.year)), reading.nanos);
  const ahead = thisYear.unixNano > now() + BigInt(WEEK_SECONDS) * NANOS;
  return ahead ? timeAt(first.zone, instantOf(first.zone, wall(today.year - 1)), reading.nanos) : thisYear;
}

function instant(reading: Reading, zone: string, wall: number): Time {
  if (reading.offset !== undefined) {
    const seconds = wall - reading.offset;
    const sameAsLocal = offsetAt(zone, seconds) === reading.offset;
    return timeAt(sameAsLocal ? zone : fixedZone(reading.offset), seconds, reading.nanos);
  }
  if (reading.zoneName === "") return timeAt(zone, instantOf(zone, wall), reading.nanos);
  return byName(reading, zone, wall);
}

/** By letters: those that the zone has at that time or at another, hours behind GMT, or a zone of that name. */
function byName(reading: Reading, zone: string, wall: number): Time {
  const { zoneName, nanos } = reading;
  if (zoneName === "UTC") return timeAt("UTC", wall, nanos);
  const offset = offsetNamed(zone, zoneName, wall);
  if (offset !== undefined) return timeAt(zone, wall - offset, nanos);
  const hours = Number(/^GMT([+-]\d+)$/.exec(zoneName)?.[1] ?? 0);
  // Only shown in that zone: the Collector does not move the time.
  if (hours !== 0) return timeAt(fixedZone(hours * 3600), wall, nanos);
  const found = zoneNamed(zoneName);
  if (found === undefined) throw refusal(reading, `the time zone ${zoneName} is not known`);
  return timeAt(found, wall - (offsetNamed(found, zoneName, wall) ?? 0), nanos);
}

const HALF_YEAR_SECONDS = 182 * 86_400;

/** The offset for which a zone has these letters: at this time, or half a year before or after. */
function offsetNamed(zone: string, letters: string, wall: number): number | undefined {
  const now = instantOf(zone, wall);
  const at = [now, now - HALF_YEAR_SECONDS, now + HALF_YEAR_SECONDS].find((seconds) => abbreviationAt(zone, seconds) === letters);
  return at === undefined ? undefined : offsetAt(zone, at);
}

function timeAt(zone: string, seconds: number, nanos: number): Time {
  return new Time(BigInt(seconds) * NANOS + BigInt(nanos), zone);
}
