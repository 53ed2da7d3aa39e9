/** Instants as Go's fmt writes them: as text, as source, or by what is inside, where a verb asks for that. */
import type { Time } from "../../value.ts";
import { partsOf, secondsOf } from "../time/calendar.ts";
import { parseLayout } from "../time/layout.ts";
import { MONTHS } from "../time/names.ts";
import { writeTime } from "../time/write.ts";
import { ofInteger } from "./sprintf-integer.ts";
import { padded, type Verb } from "./sprintf-verb.ts";

const TIME_FIELDS = parseLayout("%Y-%m-%d %H:%M:%S.%s ", "write");
const OFFSET_FIELDS = parseLayout("%w", "write");
const ZONE_FIELDS = parseLayout("%Z", "write");

/** `2006-01-02 15:04:05.999 -0700 MST`. */
export function timeText(time: Time): string {
  if (typeof TIME_FIELDS === "string" || typeof OFFSET_FIELDS === "string" || typeof ZONE_FIELDS === "string") return "";
  return `${writeTime(time, TIME_FIELDS)}${writeTime(time, OFFSET_FIELDS).slice(0, 5)} ${writeTime(time, ZONE_FIELDS)}`;
}

/** `time.Date(2006, time.January, 2, 15, 4, 5, 999000000, time.UTC)`. */
export function timeSource(time: Time): string {
  const { year, month, day, hour, minute, second, nanos } = partsOf(time);
  const place = time.zone === "UTC" ? "time.UTC" : `time.Location(${JSON.stringify(time.zone)})`;
  return `time.Date(${[year, `time.${MONTHS[month - 1] ?? ""}`, day, hour, minute, second, nanos, place].join(", ")})`;
}

/** From the year 1, from which Go counts, to 1970. */
const SECONDS_TO_1970 = 62_135_596_800;
const PLACE_TYPE = "*time.Location";

/** What a time.Time has inside: nanoseconds, seconds since the year 1, and its place, which is written as UTC's, nil. */
export function internals(verb: Verb, time: Time): string {
  const nanos = BigInt(partsOf(time).nanos);
  const seconds = BigInt(secondsOf(time) + SECONDS_TO_1970);
  const values = [integer(verb, nanos, "uint64"), integer(verb, seconds, "int64"), noPlace(verb)];
  if (!verb.syntax && !verb.names) return `{${values.join(" ")}}`;
  const named = ["wall", "ext", "loc"].map((name, index) => `${name}:${values[index] ?? ""}`);
  return verb.syntax ? `time.Time{${named.join(", ")}}` : `{${named.join(" ")}}`;
}

function integer(verb: Verb, value: bigint, type: "uint64" | "int64"): string {
  const signed = type === "int64";
  return ofInteger(verb, value, signed) ?? `%!${verb.verb}(${type}=${ofInteger({ ...verb, verb: "v" }, value, signed) ?? ""})`;
}

function noPlace(verb: Verb): string {
  if (verb.verb === "v") return verb.syntax ? `(${PLACE_TYPE})(nil)` : padded("<nil>", verb);
  const number = "bodxX".includes(verb.verb) ? ofInteger(verb, 0n, false) : undefined;
  return number ?? `%!${verb.verb}(${PLACE_TYPE}=${padded("<nil>", verb)})`;
}
