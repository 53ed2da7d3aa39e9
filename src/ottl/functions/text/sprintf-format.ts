/**
 * Reads a format of Go's fmt once, for a known number of values:
 *
 *     % flags [n] width .[n]precision [n] verb      flags: + - # 0 and blank
 *
 * A width or a precision is a number, or `*`: a value says it. `[n]` names the value that is taken next,
 * from 1. Nothing is an error of the format: what Go writes into the text instead (`%!d(BADINDEX)`) is
 * found here as far as the values' kinds do not matter. Limit: a width or precision of 1000.
 */
import { BuildError } from "../../contract.ts";
import { PLAIN, type Verb } from "./sprintf-verb.ts";

export interface Format {
  readonly pieces: readonly Piece[];
  /** The first value that is left over; undefined: Go does not look. */
  readonly extraFrom: number | undefined;
}

/** Text as it is, or a verb. */
export type Piece = string | Directive;

export interface Directive {
  /** Width and precision as they are written out. */
  readonly verb: Verb;
  /** Places of the values that say them, where there is a star; there may be none at this place. */
  readonly widthAt: number | undefined;
  readonly precisionAt: number | undefined;
  /** The place of the value, or what is written in its stead. */
  readonly value: number | string;
}

export const SIZE_MAX = 1000;

/** Throws BuildError for a width or precision past the limit. */
export function parseFormat(format: string, values: number): Format {
  return new FormatReader(format, values).read();
}

class FormatReader {
  readonly #format: string;
  readonly #values: number;
  #at = 0;
  /** The place of the value that is next. */
  #next = 0;
  /** An index stood anywhere: what is left over is no fault then. */
  #reordered = false;
  /** No index of the verb at hand is wrong. */
  #good = true;
  /** An index stands right before. */
  #indexed = false;

  constructor(format: string, values: number) {
    this.#format = format;
    this.#values = values;
  }

  read(): Format {
    const pieces: Piece[] = [];
    while (this.#at < this.#format.length) {
      const start = this.#at;
      const mark = this.#format.indexOf("%", start);
      this.#at = mark < 0 ? this.#format.length : mark;
      if (this.#at > start) pieces.push(this.#format.slice(start, this.#at));
      if (mark >= 0) pieces.push(this.#directive());
    }
    return { pieces, extraFrom: !this.#reordered && this.#next < this.#values ? this.#next : undefined };
  }

  #directive(): Directive {
    this.#at++;
    this.#good = true;
    const flags = this.#flags();
    this.#index();
    const widthAt = this.#star();
    const width = widthAt === undefined ? this.#number() : undefined;
    if (this.#indexed && width !== undefined) this.#good = false;
    let precisionAt: number | undefined;
    let precision: number | undefined;
    // A point that ends the format is its verb.
    if (this.#peek() === "." && this.#at + 1 < this.#format.length) {
      this.#at++;
      if (this.#indexed) this.#good = false;
      this.#index();
      precisionAt = this.#star();
      if (precisionAt === undefined) precision = this.#number() ?? 0;
    }
    if (!this.#indexed) this.#index();
    const verb = String.fromCodePoint(this.#format.codePointAt(this.#at) ?? 0x20);
    const ended = this.#at >= this.#format.length;
    this.#at += verb.length;
    return { verb: verbOf(verb, flags, width ?? 0, precision), widthAt, precisionAt, value: ended ? "%!(NOVERB)" : this.#value(verb) };
  }

  #value(verb: string): number | string {
    if (verb === "%") return "%";
    if (!this.#good) return `%!${verb}(BADINDEX)`;
    return this.#next >= this.#values ? `%!${verb}(MISSING)` : this.#next++;
  }

  #peek(): string {
    return this.#format.charAt(this.#at);
  }

  #flags(): ReadonlySet<string> {
    const flags = new Set<string>();
    while ("+-# 0".includes(this.#peek() || "x")) flags.add(this.#format.charAt(this.#at++));
    return flags;
  }

  /** The place of the value that a star takes. */
  #star(): number | undefined {
    if (this.#peek() !== "*") return undefined;
    this.#at++;
    this.#indexed = false;
    return this.#next < this.#values ? this.#next++ : this.#next;
  }

  #number(): number | undefined {
    const digits = digitsAt(this.#format, this.#at);
    if (digits === "") return undefined;
    if (Number(digits) > SIZE_MAX) {
      throw new BuildError(`Cannot format by ${JSON.stringify(this.#format)}: a width or precision is above ${SIZE_MAX}`, `Use ${SIZE_MAX} or less`);
    }
    this.#at += digits.length;
    return Number(digits);
  }

  /** An index in brackets, if there is one. What is wrong within them is skipped, and without an end only the bracket is. */
  #index(): void {
    this.#indexed = false;
    if (this.#peek() !== "[") return;
    this.#reordered = true;
    const end = this.#format.indexOf("]", this.#at);
    const closed = end >= 0 && this.#format.length - this.#at >= 3;
    const digits = closed ? digitsAt(this.#format, this.#at + 1) : "";
    const whole = digits !== "" && this.#at + 1 + digits.length === end;
    this.#at = closed ? end + 1 : this.#at + 1;
    this.#indexed = whole && Number(digits) <= INDEX_MAX;
    const place = Number(digits) - 1;
    if (this.#indexed && place >= 0 && place < this.#values) this.#next = place;
    else this.#good = false;
  }
}

/** A number past this is no index for Go, not even a wrong one. */
const INDEX_MAX = 10_000_009;

function digitsAt(text: string, at: number): string {
  let end = at;
  while (text.charAt(end) >= "0" && text.charAt(end) <= "9") end++;
  return text.slice(at, end);
}

function verbOf(verb: string, flags: ReadonlySet<string>, width: number, precision: number | undefined): Verb {
  // With these verbs the two flags mean something else.
  const own = verb === "v" || verb === "w";
  const [plus, sharp] = [flags.has("+"), flags.has("#")];
  return {
    ...PLAIN,
    verb,
    plus: plus && !own,
    minus: flags.has("-"),
    sharp: sharp && !own,
    zero: flags.has("0"),
    blank: flags.has(" "),
    width,
    precision,
    syntax: sharp && own,
    names: plus && own,
  };
}
