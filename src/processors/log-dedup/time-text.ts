/** Instants as the Collector writes them beside counted logs: RFC 3339, whole seconds, in a time zone. */
import { offsetAt, zoneNamed } from "../../ottl/functions/time/zone.ts";

/** Whether the runtime knows the time zone. `UTC`, and nothing at all, is UTC. */
export function isTimeZone(name: string): boolean {
  return zoneNamed(name) !== undefined;
}

/** Writes milliseconds since 1970 in the time zone. */
export function timeWriter(timeZone: string): (ms: number) => string {
  const zone = zoneNamed(timeZone) ?? "UTC";
  return (ms) => {
    const seconds = Math.floor(ms / 1000);
    const offset = offsetAt(zone, seconds);
    const text = new Date((seconds + offset) * 1000).toISOString().slice(0, "2000-01-01T00:00:00".length);
    return `${text}${offsetText(Math.round(offset / 60))}`;
  };
}

function offsetText(minutes: number): string {
  if (minutes === 0) return "Z";
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
