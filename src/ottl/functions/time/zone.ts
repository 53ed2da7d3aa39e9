/**
 * Time zones: "UTC", a fixed offset as "+02:00" (with seconds where it has some), or an IANA name,
 * known through Intl. Offsets are asked for once a quarter of an hour and zone and then remembered:
 * no zone changes in between. Limit: `REMEMBERED_MAX` answers; then all are forgotten.
 * Years before 1 have the offset of the year 1, years after 9999 that of 9999.
 */
const REMEMBERED_MAX = 4096;
const QUARTER_SECONDS = 900;
const FIRST_SECONDS = -62_135_596_800;
const LAST_SECONDS = 253_402_300_799;
const FIXED = /^([+-])(\d\d):(\d\d)(?::(\d\d))?$/;

const clocks = new Map<string, Intl.DateTimeFormat>();
const remembered = new Map<string, number>();

/** The zone that the process runs in. */
export function localZone(): string {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === "Etc/UTC" || zone === "" ? "UTC" : zone;
}

/** The zone's name as `Time.zone` has it, undefined when nobody knows it. */
export function zoneNamed(name: string): string | undefined {
  if (name === "" || name === "UTC") return "UTC";
  if (name === "Local") return localZone();
  // Intl would take offsets too; the Collector's data base of zones has none.
  if (name.startsWith("+") || name.startsWith("-")) return undefined;
  try {
    clockOf(name);
    return name;
  } catch {
    return undefined;
  }
}

/** The zone of a fixed offset in seconds east of UTC. */
export function fixedZone(offset: number): string {
  if (offset === 0) return "UTC";
  const size = Math.abs(offset);
  const seconds = size % 60 === 0 ? "" : `:${two(size % 60)}`;
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}${seconds}`;
}

/** Seconds east of UTC at an instant in seconds. */
export function offsetAt(zone: string, seconds: number): number {
  if (zone === "UTC") return 0;
  const fixed = FIXED.exec(zone);
  if (fixed !== null) return (fixed[1] === "-" ? -1 : 1) * (Number(fixed[2]) * 3600 + Number(fixed[3]) * 60 + Number(fixed[4] ?? 0));
  const quarter = Math.floor(Math.min(Math.max(seconds, FIRST_SECONDS), LAST_SECONDS) / QUARTER_SECONDS) * QUARTER_SECONDS;
  const key = `${zone} ${quarter}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  const offset = askOffset(zone, quarter);
  remembered.set(key, offset);
  return offset;
}

/**
 * The instant, in seconds, of a clock on the wall, given as the seconds that it would be in UTC. In
 * the hour that a zone leaves out or repeats, the offset before the change decides or the one that
 * the clock finds, as the Collector's library does it.
 */
export function instantOf(zone: string, wall: number): number {
  const guess = offsetAt(zone, wall);
  return guess === 0 ? wall : wall - offsetAt(zone, wall - guess);
}

/** CET, EST and so on; "" for a fixed offset; digits as "+03" for a zone that has no letters. */
export function abbreviationAt(zone: string, seconds: number): string {
  if (zone === "UTC") return "UTC";
  if (FIXED.test(zone)) return "";
  const at = new Date(Math.min(Math.max(seconds, FIRST_SECONDS), LAST_SECONDS) * 1000);
  const named = (style: "long" | "short"): string =>
    new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: style }).formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";
  const letters = ABBREVIATIONS.get(named("long")) ?? named("short");
  if (/^[A-Z]{3,5}$/.test(letters)) return letters;
  const offset = offsetAt(zone, seconds);
  const size = Math.abs(offset);
  const minutes = Math.floor(size / 60) % 60;
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}${minutes === 0 ? "" : two(minutes)}`;
}

function askOffset(zone: string, seconds: number): number {
  const parts = new Map(
    clockOf(zone)
      .formatToParts(new Date(seconds * 1000))
      .map((part) => [part.type, Number(part.value)]),
  );
  const wall = new Date(0);
  wall.setUTCFullYear(parts.get("year") ?? 1970, (parts.get("month") ?? 1) - 1, parts.get("day") ?? 1);
  wall.setUTCHours(parts.get("hour") ?? 0, parts.get("minute") ?? 0, parts.get("second") ?? 0);
  return wall.getTime() / 1000 - seconds;
}

function clockOf(zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
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
    clocks.set(zone, clock);
  }
  return clock;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Intl's long names of zones to the letters that the data base of zones has for them. */
const ABBREVIATIONS: ReadonlyMap<string, string> = new Map([
  ["Coordinated Universal Time", "UTC"],
  ["Greenwich Mean Time", "GMT"],
  ["British Summer Time", "BST"],
  ["Irish Standard Time", "IST"],
  ["Western European Standard Time", "WET"],
  ["Western European Summer Time", "WEST"],
  ["Central European Standard Time", "CET"],
  ["Central European Summer Time", "CEST"],
  ["Eastern European Standard Time", "EET"],
  ["Eastern European Summer Time", "EEST"],
  ["Moscow Standard Time", "MSK"],
  ["India Standard Time", "IST"],
  ["Pakistan Standard Time", "PKT"],
  ["Israel Standard Time", "IST"],
  ["Israel Daylight Time", "IDT"],
  ["China Standard Time", "CST"],
  ["Taipei Standard Time", "CST"],
  ["Hong Kong Standard Time", "HKT"],
  ["Japan Standard Time", "JST"],
  ["Korean Standard Time", "KST"],
  ["Philippine Standard Time", "PST"],
  ["Western Indonesia Time", "WIB"],
  ["Central Indonesia Time", "WITA"],
  ["Eastern Indonesia Time", "WIT"],
  ["Australian Eastern Standard Time", "AEST"],
  ["Australian Eastern Daylight Time", "AEDT"],
  ["Australian Central Standard Time", "ACST"],
  ["Australian Central Daylight Time", "ACDT"],
  ["Australian Western Standard Time", "AWST"],
  ["New Zealand Standard Time", "NZST"],
  ["New Zealand Daylight Time", "NZDT"],
  ["South Africa Standard Time", "SAST"],
  ["West Africa Standard Time", "WAT"],
  ["Central Africa Time", "CAT"],
  ["East Africa Time", "EAT"],
  ["Newfoundland Standard Time", "NST"],
  ["Newfoundland Daylight Time", "NDT"],
  ["Atlantic Standard Time", "AST"],
  ["Atlantic Daylight Time", "ADT"],
]);
