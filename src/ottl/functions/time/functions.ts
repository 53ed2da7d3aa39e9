/** Times and durations: Time, FormatTime, Now, Unix*, parts of a time, Duration and its units, TruncateTime. */
import { BuildError, define, type OttlFunction } from "../../contract.ts";
import { type Duration, StatementError, Time, type Value } from "../../value.ts";
import { type Parts, partsOf, secondsOf } from "./calendar.ts";
import { inUnits, parseDuration } from "./duration.ts";
import { parseLayout, type Field } from "./layout.ts";
import { namesOf } from "./names.ts";
import { readTime } from "./read.ts";
import { writeTime } from "./write.ts";
import { localZone, zoneNamed } from "./zone.ts";

const NANOS = 1_000_000_000n;
/** 0001-01-01T00:00:00Z, from which TruncateTime counts. */
const FIRST_NANOS = -62_135_596_800n * NANOS;

export const TIME_FUNCTIONS: readonly OttlFunction[] = [
  define(
    "Time",
    [
      { name: "time", kind: "string_getter" },
      { name: "format", kind: "string" },
      { name: "location", kind: "string", optional: true },
      { name: "locale", kind: "string", optional: true },
    ],
    ({ time, format, location, locale }, tools) => {
      const fields = layoutOf(format, "read");
      const zone = location === undefined || location === "" ? (format.endsWith("Z") ? "UTC" : localZone()) : zoneNamed(location);
      if (zone === undefined) throw new BuildError(`Cannot read times in "${location}": no such time zone`, "Use an IANA name, for example Europe/Paris");
      const names = locale === undefined ? undefined : namesOf(locale);
      if (locale !== undefined && names === undefined)
        throw new BuildError(`Cannot read times in the language "${locale}": it is not known`, "Use a BCP 47 tag, for example fr-FR");
      return (subject) => {
        const text = time(subject);
        if (text === "") throw new StatementError("Cannot read a time: the text is empty");
        return readTime(text, fields, zone, names, () => tools.now());
      };
    },
  ),
  define(
    "FormatTime",
    [
      { name: "time", kind: "time_getter" },
      { name: "format", kind: "string" },
    ],
    ({ time, format }) => {
      const fields = layoutOf(format, "write");
      return (subject) => writeTime(time(subject), fields);
    },
  ),
  define("Now", [], (_, tools) => ({ run: () => new Time(tools.now(), localZone()), pure: false })),
  define(
    "Unix",
    [
      { name: "seconds", kind: "int_getter" },
      { name: "nanoseconds", kind: "int_getter", optional: true },
    ],
    ({ seconds, nanoseconds }) => {
      const zone = localZone();
      return (subject) => new Time(seconds(subject) * NANOS + (nanoseconds?.(subject) ?? 0n), zone);
    },
  ),
  define(
    "TruncateTime",
    [
      { name: "time", kind: "time_getter" },
      { name: "duration", kind: "duration_getter" },
    ],
    ({ time, duration }) =>
      (subject) =>
        truncate(time(subject), duration(subject)),
  ),
  ofTime("UnixNano", (time) => BigInt.asIntN(64, time.unixNano)),
  ofTime("UnixMicro", (time) => BigInt.asIntN(64, floorDivide(time.unixNano, 1_000n))),
  ofTime("UnixMilli", (time) => BigInt.asIntN(64, floorDivide(time.unixNano, 1_000_000n))),
  ofTime("UnixSeconds", (time) => BigInt(secondsOf(time))),
  ofParts("Year", ({ year }) => year),
  ofParts("Month", ({ month }) => month),
  ofParts("Day", ({ day }) => day),
  ofParts("Hour", ({ hour }) => hour),
  ofParts("Minute", ({ minute }) => minute),
  ofParts("Second", ({ second }) => second),
  ofParts("Nanosecond", ({ nanos }) => nanos),
  ofParts("Weekday", ({ weekday }) => weekday),
  define(
    "Duration",
    [{ name: "duration", kind: "string_getter" }],
    ({ duration }) =>
      (subject) =>
        parseDuration(duration(subject)),
  ),
  ofDuration("Hours", (duration) => inUnits(duration, 3_600n * NANOS)),
  ofDuration("Minutes", (duration) => inUnits(duration, 60n * NANOS)),
  ofDuration("Seconds", (duration) => inUnits(duration, NANOS)),
  ofDuration("Milliseconds", ({ nanos }) => nanos / 1_000_000n),
  ofDuration("Microseconds", ({ nanos }) => nanos / 1_000n),
  ofDuration("Nanoseconds", ({ nanos }) => nanos),
];

function ofTime(name: string, of: (time: Time) => Value): OttlFunction {
  return define(
    name,
    [{ name: "time", kind: "time_getter" }],
    ({ time }) =>
      (subject) =>
        of(time(subject)),
  );
}

function ofParts(name: string, of: (parts: Parts) => number): OttlFunction {
  return ofTime(name, (time) => BigInt(of(partsOf(time))));
}

function ofDuration(name: string, of: (duration: Duration) => Value): OttlFunction {
  return define(
    name,
    [{ name: "duration", kind: "duration_getter" }],
    ({ duration }) =>
      (subject) =>
        of(duration(subject)),
  );
}

function layoutOf(format: string, use: "read" | "write"): readonly Field[] {
  if (format === "") throw new BuildError("Cannot use the format: it is empty");
  const fields = parseLayout(format, use);
  if (typeof fields === "string") throw new BuildError(`Cannot use the format "${format}": ${fields}`);
  return fields;
}

function truncate(time: Time, { nanos }: Duration): Time {
  if (nanos <= 0n) return time;
  const since = time.unixNano - FIRST_NANOS;
  return new Time(FIRST_NANOS + floorDivide(since, nanos) * nanos, time.zone);
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}
