/** Numbers, times and names out of flags. Everything throws `config` with the flag's name and a cure. */
import { SluiceError } from "../../base/errors.ts";

export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

/** A number between bounds, both included. */
export function parseNumber(flag: string, text: string, { min, max, whole }: Bounds): number {
  const number = /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (number >= min && number <= max && (!whole || Number.isInteger(number))) return number;
  throw refused(flag, text, whole ? "not a whole number in range" : "not a number in range", `Use ${min} to ${max}`);
}

const UNITS_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g;

/** A duration in Go's form, as the Collector's: `1m30s`, `500ms`. */
export function parseDurationMs(flag: string, text: string): number {
  const parts = [...text.matchAll(DURATION)];
  const ms = parts.reduce((sum, [, number = "", unit = ""]) => sum + Number(number) * (UNITS_MS[unit] ?? 0), 0);
  if (parts.map(([part]) => part).join("") === text && ms > 0 && ms <= DURATION_MS_MAX) return ms;
  throw refused(flag, text, "not a duration", "Write a number and a unit, up to 596h: 500ms, 30s, 1m30s");
}

/** What timers take: 2^31 - 1 ms. */
const DURATION_MS_MAX = 2 ** 31 - 1;

/** One of a few names, in any case, `-` and `_` alike. */
export function parseName<Name extends string>(flag: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => plain(name) === plain(text));
  if (found !== undefined) return found;
  throw refused(flag, text, "unknown", `Use ${names.join(", ")}`);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

/** An id in hexadecimal digits. */
export function parseId(flag: string, text: string, bytes: 8 | 16): Uint8Array {
  const digits = bytes * 2;
  if (!/^[0-9a-f]+$/i.test(text) || text.length !== digits) throw refused(flag, text, `not ${digits} hexadecimal digits`, `Write ${digits} of 0-9 and a-f`);
  if (/^0+$/.test(text)) throw refused(flag, text, "all zero", "An id of zeros means that there is none");
  return Uint8Array.from({ length: bytes }, (_, index) => Number.parseInt(text.slice(index * 2, index * 2 + 2), 16));
}

/** The error of a flag. */
export function refused(flag: string, text: string, state: string, cure: string): SluiceError {
  return new SluiceError("config", `Cannot use ${flag} "${text}": ${state}`, { cure });
}
