/**
 * Layouts of times: text with directives (`%Y-%m-%d %H:%M:%S`), as the Collector's `Time` and
 * `FormatTime` take them. A layout becomes a list of fields, once; reading and writing go along it.
 * Not every directive means what C's strftime means by it: `%s` is a fraction, `%j` an offset.
 */

export type Field =
  | { readonly kind: "text"; readonly text: string }
  /** `lead` is the point or comma before a fraction. */
  | { readonly kind: Name; readonly flexible: boolean; readonly size?: number; readonly lead?: string };

export type Name =
  | "year"
  | "year_of_century"
  /** Four digits, or two where there are no four. */
  | "year_either"
  | "month"
  | "month_short"
  | "month_long"
  | "day"
  | "weekday_short"
  | "weekday_long"
  | "hour"
  | "hour_of_12"
  | "minute"
  | "second"
  /** With its point or comma; `size` digits. */
  | "fraction"
  | "half_day"
  | "half_day_small"
  | "zone_name"
  /** Z for UTC; otherwise hours and minutes, with or without a colon, or hours. */
  | "offset_z"
  | "offset_hours"
  | "offset_colon"
  | "offset_colon_seconds"
  | "offset_seconds";

interface Directive {
  readonly kind: Name;
  /** Digits to which a number is filled up with 0 when written, or with blanks when negative. */
  readonly size?: number;
}

const DIRECTIVES: Readonly<Record<string, Directive>> = {
  Y: { kind: "year", size: 4 },
  y: { kind: "year_of_century", size: 2 },
  m: { kind: "month", size: 2 },
  q: { kind: "month", size: 1 },
  b: { kind: "month_short" },
  h: { kind: "month_short" },
  B: { kind: "month_long" },
  d: { kind: "day", size: 2 },
  e: { kind: "day", size: -2 },
  g: { kind: "day", size: 1 },
  a: { kind: "weekday_short" },
  A: { kind: "weekday_long" },
  H: { kind: "hour", size: 2 },
  I: { kind: "hour_of_12", size: 2 },
  l: { kind: "hour_of_12", size: 1 },
  M: { kind: "minute", size: 2 },
  S: { kind: "second", size: 2 },
  L: { kind: "fraction", size: 3 },
  f: { kind: "fraction", size: 6 },
  s: { kind: "fraction", size: 9 },
  p: { kind: "half_day" },
  P: { kind: "half_day_small" },
  Z: { kind: "zone_name" },
  z: { kind: "offset_z" },
  i: { kind: "offset_hours" },
  j: { kind: "offset_colon" },
  k: { kind: "offset_colon_seconds" },
  w: { kind: "offset_seconds" },
};

/** Directives that stand for several. */
const COMPOSED: Readonly<Record<string, string>> = {
  D: "%m/%d/\0",
  x: "%m/%d/\0",
  F: "%Y-%m-%d",
  T: "%H:%M:%S",
  X: "%H:%M:%S",
  R: "%H:%M",
  r: "%I:%M:%S %P",
  c: "%a %b %d %H:%M:%S %Y",
  o: "_%q",
};
const TEXTS: Readonly<Record<string, string>> = { n: "\n", t: "\t", "%": "%" };

/** Stands for the year of `%D` inside COMPOSED. */
const YEAR_EITHER = "\0";

/** The layout's fields for writing; for reading, `%o` is without its underscore. Or why there are none. */
export function parseLayout(layout: string, use: "read" | "write"): readonly Field[] | string {
  if (/\d/.test(layout)) return "it contains a digit, which has no meaning in a layout";
  const early = /[^.,](%[Lfs])/.exec(layout);
  if (early !== null) return `${early[1]} needs a point or a comma before it`;
  const fields: Field[] = [];
  let text = "";
  const close = (): void => {
    if (text !== "") fields.push({ kind: "text", text });
    text = "";
  };
  for (let i = 0; i < layout.length; i++) {
    const char = layout.charAt(i);
    const name = layout.charAt(i + 1);
    if (char !== "%" || name === "" || name === "\n") {
      text += char;
      continue;
    }
    i++;
    const literal = Object.hasOwn(TEXTS, name) ? TEXTS[name] : undefined;
    if (literal !== undefined) {
      text += literal;
      continue;
    }
    const parts = partsOf(name, use);
    if (parts === undefined) return `%${name} is not known`;
    for (const part of parts) {
      if (part.kind === "text") {
        text += part.text;
        continue;
      }
      // The point before a fraction belongs to it: both may be missing.
      const lead = part.kind === "fraction" ? text.slice(-1) : "";
      if (part.kind === "fraction" && lead === "") {
        text += "9".repeat(part.size ?? 0);
        continue;
      }
      if (lead !== "") text = text.slice(0, -1);
      close();
      fields.push(lead === "" ? part : { ...part, lead });
    }
  }
  close();
  return fields;
}

function partsOf(name: string, use: "read" | "write"): readonly Field[] | undefined {
  const simple = Object.hasOwn(DIRECTIVES, name) ? DIRECTIVES[name] : undefined;
  if (simple !== undefined) return [{ ...simple, flexible: isFlexible(simple.kind) }];
  const composed = Object.hasOwn(COMPOSED, name) ? COMPOSED[name] : undefined;
  if (composed === undefined) return undefined;
  const parts: Field[] = [];
  for (let i = 0; i < composed.length; i++) {
    const char = composed.charAt(i);
    if (char === YEAR_EITHER) parts.push({ kind: "year_either", flexible: true, size: 4 });
    else if (char === "%") parts.push(...(partsOf(composed.charAt(++i), use) ?? []));
    else if (char !== "_" || use === "write") parts.push({ kind: "text", text: char });
  }
  return parts;
}

/** Whether white space before it is passed over when it is read: numbers and `%z`. */
function isFlexible(kind: Name): boolean {
  return (
    kind.startsWith("year") || kind === "month" || kind === "day" || kind.startsWith("hour") || kind === "minute" || kind === "second" || kind === "offset_z"
  );
}
