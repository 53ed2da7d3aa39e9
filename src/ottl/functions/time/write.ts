/** Writes an instant along a layout's fields. */
import type { Time } from "../../value.ts";
import { partsOf, secondsOf, type Parts } from "./calendar.ts";
import type { Field, Name } from "./layout.ts";
import { DAYS, MONTHS } from "./names.ts";
import { abbreviationAt } from "./zone.ts";

export function writeTime(time: Time, fields: readonly Field[]): string {
  const parts = partsOf(time);
  let text = "";
  for (const field of fields)
    text +=
      field.kind === "text"
        ? field.text
        : field.kind === "fraction"
          ? fraction(parts.nanos, field.size ?? 9, field.lead ?? ".")
          : written(field.kind, field.size ?? 0, parts, time);
  return text;
}

function written(kind: Name, size: number, parts: Parts, time: Time): string {
  switch (kind) {
    case "year":
    case "year_either":
      return parts.year < 0 ? `-${filled(-parts.year, size)}` : filled(parts.year, size);
    case "year_of_century":
      return filled(Math.abs(parts.year % 100), size);
    case "month":
      return filled(parts.month, size);
    case "month_short":
      return (MONTHS[parts.month - 1] ?? "").slice(0, 3);
    case "month_long":
      return MONTHS[parts.month - 1] ?? "";
    case "day":
      return filled(parts.day, size);
    case "weekday_short":
      return (DAYS[parts.weekday] ?? "").slice(0, 3);
    case "weekday_long":
      return DAYS[parts.weekday] ?? "";
    case "hour":
      return filled(parts.hour, size);
    case "hour_of_12":
      return filled(parts.hour % 12 === 0 ? 12 : parts.hour % 12, size);
    case "minute":
      return filled(parts.minute, size);
    case "second":
      return filled(parts.second, size);
    case "half_day":
      return parts.hour < 12 ? "AM" : "PM";
    case "half_day_small":
      return parts.hour < 12 ? "am" : "pm";
    case "zone_name":
      return abbreviationAt(time.zone, secondsOf(time)) || offsetText(parts.offset, "");
    case "offset_z":
      return parts.offset === 0 ? "Z" : offsetText(parts.offset, "");
    case "offset_hours":
      return offsetText(parts.offset, "").slice(0, 3);
    case "offset_colon":
      return offsetText(parts.offset, ":");
    case "offset_colon_seconds":
      return `${offsetText(parts.offset, ":")}:${filled(Math.abs(parts.offset) % 60, 2)}`;
    default:
      return offsetText(parts.offset, "") + filled(Math.abs(parts.offset) % 60, 2);
  }
}

/** A negative size fills with blanks. */
function filled(value: number, size: number): string {
  return String(value).padStart(Math.abs(size), size < 0 ? " " : "0");
}

/** Without the noughts at its end, and without its point when nothing is left. */
function fraction(nanos: number, size: number, lead: string): string {
  const digits = filled(nanos, 9).slice(0, size).replace(/0+$/, "");
  return digits === "" ? "" : lead + digits;
}

export function offsetText(offset: number, between: string): string {
  const size = Math.abs(offset);
  return (offset < 0 ? "-" : "+") + filled(Math.floor(size / 3600), 2) + between + filled(Math.floor(size / 60) % 60, 2);
}
