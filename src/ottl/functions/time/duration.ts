/** Lengths of time as text: `1h15m0.5s`, read and written as the Collector's configuration has them. */
import { Duration, StatementError } from "../../value.ts";

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const INT_MAX = 2n ** 63n - 1n;
/** One number and its unit; what stands between is linear to find. */
const TERM = /(\d*)(\.(\d*))?([^\d.]+)/y;

/** An optional sign, then numbers with units, or 0 alone. StatementError for anything else, and past 64 bits. */
export function parseDuration(text: string): Duration {
  const signed = text.startsWith("-") || text.startsWith("+");
  const negative = text.startsWith("-");
  const body = signed ? text.slice(1) : text;
  if (body === "0") return new Duration(0n);
  if (body === "") throw refusal(text, "it is empty");
  let nanos = 0n;
  TERM.lastIndex = 0;
  while (TERM.lastIndex < body.length) {
    const term = TERM.exec(body);
    if (term === null) throw refusal(text, "a number lacks its unit");
    const [, whole = "", , fraction = "", name = ""] = term;
    const unit = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined;
    if (whole === "" && fraction === "") throw refusal(text, "a number is missing");
    if (unit === undefined) throw refusal(text, `"${name}" is no unit`);
    nanos += BigInt(whole === "" ? "0" : whole.slice(0, 40)) * unit + partOf(fraction, unit);
    if (nanos > INT_MAX + 1n || whole.length > 40) throw refusal(text, "it is too long");
  }
  if (nanos > INT_MAX && !negative) throw refusal(text, "it is too long");
  return new Duration(negative ? -nanos : nanos);
}

/** In doubles, whose rounding is the Collector's; digits that 63 bits cannot hold do not count. */
function partOf(fraction: string, unit: bigint): bigint {
  let digits = 0n;
  let count = 0;
  for (const digit of fraction) {
    const next = digits * 10n + BigInt(digit);
    if (digits > INT_MAX / 10n || next > INT_MAX + 1n) break;
    digits = next;
    count++;
  }
  return BigInt(Math.trunc(Number(digits) * (Number(unit) / 10 ** count)));
}

function refusal(text: string, why: string): StatementError {
  return new StatementError(`Cannot read a duration from ${JSON.stringify(text.slice(0, 64))}: ${why}`);
}

/** The shortest form: `1h0m0.5s`, `1.5ms`, `0s`. */
export function durationText(duration: Duration): string {
  const { nanos } = duration;
  if (nanos === 0n) return "0s";
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}\u00b5s`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`;
  const minutes = size / 60_000_000_000n;
  const seconds = `${decimal(size % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, places: number): string {
  const digits = String(value).padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  return digits.slice(0, -places) + (fraction === "" ? "" : `.${fraction}`);
}

/** Of a unit in nanoseconds, with what is left over as its fraction. */
export function inUnits(duration: Duration, unit: bigint): number {
  return Number(duration.nanos / unit) + Number(duration.nanos % unit) / Number(unit);
}
