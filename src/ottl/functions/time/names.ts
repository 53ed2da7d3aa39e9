/** Names of months and days: English, or those that Intl knows for a locale. */

export interface Names {
  /** From January. */
  readonly months: readonly (readonly string[])[];
  /** From Sunday. */
  readonly days: readonly (readonly string[])[];
  readonly halves: readonly [readonly string[], readonly string[]];
}

export const MONTHS: readonly string[] = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
export const DAYS: readonly string[] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** All spellings of a locale (BCP 47), short and long, as in a date and alone; undefined when there is no such locale. */
export function namesOf(locale: string): Names | undefined {
  try {
    if (Intl.DateTimeFormat.supportedLocalesOf(locale).length === 0) return undefined;
    return {
      months: MONTHS.map((_, month) => spellings(locale, "month", new Date(Date.UTC(2023, month, 15)))),
      days: DAYS.map((_, day) => spellings(locale, "weekday", new Date(Date.UTC(2023, 0, 1 + day)))),
      halves: [halfDay(locale, 9), halfDay(locale, 21)],
    };
  } catch {
    return undefined;
  }
}

function spellings(locale: string, part: "month" | "weekday", at: Date): readonly string[] {
  const found = new Set<string>();
  for (const style of ["long", "short"] as const) {
    for (const others of [{}, { day: "numeric" }, { day: "numeric", month: "long", year: "numeric" }] as const) {
      const format = new Intl.DateTimeFormat(locale, { timeZone: "UTC", calendar: "gregory", ...others, [part]: style });
      const text = format.formatToParts(at).find(({ type }) => type === part)?.value;
      if (text === undefined || /^\d*$/.test(text)) continue;
      found.add(text);
      found.add(text.replace(/\.$/, ""));
    }
  }
  return [...found].toSorted((a, b) => b.length - a.length);
}

function halfDay(locale: string, hour: number): readonly string[] {
  const parts = new Intl.DateTimeFormat(locale, { timeZone: "UTC", hour: "numeric", hourCycle: "h12" }).formatToParts(new Date(Date.UTC(2023, 0, 1, hour)));
  const text = parts.find(({ type }) => type === "dayPeriod")?.value;
  const english = hour < 12 ? "AM" : "PM";
  return text === undefined || text === english ? [english] : [text, english];
}
