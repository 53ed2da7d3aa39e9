/**
 * Format strings as Go's fmt has them, for Format: every verb, flag, index and star, and what Go writes
 * into the text where a value does not fit (`%!d(string=text)`). A format is read once
 * (sprintf-format.ts).
 */
import { Duration, StatementError, type Value } from "../../value.ts";
import { type Directive, type Format, SIZE_MAX } from "./sprintf-format.ts";
import { goType, written } from "./sprintf-value.ts";
import { PLAIN, type Verb } from "./sprintf-verb.ts";

/** Of as many values as the format was read for. Throws StatementError for a width or precision of a value's past the limit. */
export function sprintf({ pieces, extraFrom }: Format, values: readonly Value[]): string {
  let text = "";
  for (const piece of pieces) text += typeof piece === "string" ? piece : directed(piece, values);
  if (extraFrom === undefined) return text;
  const extra = values.slice(extraFrom).map((value) => (value === null ? "<nil>" : `${goType(value)}=${written(PLAIN, value)}`));
  return `${text}%!(EXTRA ${extra.join(", ")})`;
}

function directed({ verb, widthAt, precisionAt, value }: Directive, values: readonly Value[]): string {
  let sized = verb;
  let faults = "";
  if (widthAt !== undefined) {
    const width = sizeOf(values[widthAt]);
    if (width === undefined) faults += "%!(BADWIDTH)";
    else sized = ofWidth(sized, width);
  }
  if (precisionAt !== undefined) {
    const precision = sizeOf(values[precisionAt]);
    if (precision === undefined || precision < 0) faults += "%!(BADPREC)";
    else sized = { ...sized, precision };
  }
  if (typeof value === "string") return faults + value;
  if (sized.width > SIZE_MAX || (sized.precision ?? 0) > SIZE_MAX) throw new StatementError(`Cannot format: a width or precision is above ${SIZE_MAX}`);
  return faults + written(sized, values[value] ?? null);
}

/** A negative width fills up behind, with blanks. */
function ofWidth(verb: Verb, width: number): Verb {
  return width < 0 ? { ...verb, width: -width, minus: true, zero: false } : { ...verb, width };
}

/** Past this a value says no size for Go. */
const GO_SIZE_MAX = 1_000_000n;

/** What a value says to a star; undefined when that is no size. */
function sizeOf(value: Value | undefined): number | undefined {
  const size = value instanceof Duration ? value.nanos : value;
  return typeof size === "bigint" && size <= GO_SIZE_MAX && size >= -GO_SIZE_MAX ? Number(size) : undefined;
}
