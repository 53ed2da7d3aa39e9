/** Instants as the Collector writes them beside counted logs: RFC 3339, whole seconds, in a time zone. */

/** Whether the runtime knows the time zone. `UTC`, and nothing at all, is UTC. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    // That is the answer.
    return false;
  }
}

/** Writes milliseconds since 1970 in the time zone. */
export function timeWriter(timeZone: string): (ms: number) => string {
  const formatter = formatterOf(timeZone);
  return (ms) => {
    const seconds = Math.floor(ms / 1000);
    const local = localSeconds(formatter, seconds * 1000);
    const text = new Date(local * 1000).toISOString().slice(0, "2000-01-01T00:00:00".length);
    return `${text}${offsetText(Math.round((local - seconds) / 60))}`;
  };
}

function formatterOf(name: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-US", {
    timeZone: name === "" ? "UTC" : name,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
}

/** What the clock on the wall shows, as if it were UTC. */
function localSeconds(formatter: Intl.DateTimeFormat, ms: number): number {
  const parts = new Map(formatter.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) / 1000;
}

function offsetText(minutes: number): string {
  if (minutes === 0) return "Z";
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
