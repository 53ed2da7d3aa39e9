/**
 * Regular expressions as the Collector writes them (RE2's syntax), run by the host's RegExp. The host
 * backtracks, so what may take exponential time is refused when the configuration is read: lookaround,
 * backreferences, and inside an unbounded repetition anything whose length or choice varies. What is
 * left is at most polynomial, over texts of at most `PATTERN_CHARS_MAX`; a longer text does not match.
 *
 *   pattern = [ "(?" flags ")" ] *( atom [ quantifier ] / "|" ), flags = 1*( "i" / "m" / "s" )
 */

/** UTF-16 units of text that a pattern is run on. */
export const PATTERN_CHARS_MAX = 2048;
/** As in RE2. */
const REPEAT_MAX = 1000;
/** Times that a group with an unbounded repetition inside may be repeated: an IPv4 address has 4 parts. */
const NESTED_REPEAT_MAX = 4;
/** Unbounded repetitions in one pattern. */
const UNBOUNDED_MAX = 10;

export interface Pattern {
  readonly regExp: RegExp;
  /** Names of the groups in order, "" for one without. */
  readonly names: readonly string[];
}

/** The pattern, or why it cannot be used, as words behind "the pattern". */
export function parsePattern(text: string): Pattern | string {
  try {
    return new Translator(text).translate();
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    // Whatever the translation let pass and the host does not take.
    return `is not valid: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Whether the text contains a match. */
export function matches({ regExp }: Pattern, text: string): boolean {
  return text.length <= PATTERN_CHARS_MAX && regExp.test(text);
}

/** The first match's groups in order, "" for those that took no part. */
export function groupsOf({ regExp }: Pattern, text: string): readonly string[] | undefined {
  if (text.length > PATTERN_CHARS_MAX) return undefined;
  // A group that took no part is undefined, which the type does not say.
  const found: readonly (string | undefined)[] | null = regExp.exec(text);
  return found?.slice(1).map((group) => group ?? "");
}

/** Ends a translation; never leaves this file. */
class Refusal extends Error {}

/** What a quantifier needs to know of what it repeats. */
interface Extent {
  /** Its length or its choices vary. */
  varies: boolean;
  unbounded: boolean;
  captures: boolean;
}

const LEADING_FLAGS = /^\(\?([ims]+)\)/;
const GROUP_NAME = /^\(\?P?<([A-Za-z0-9_]+)>/;
const QUANTIFIER = /^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/;
const POSIX_CLASS = /^\[:(\^?)([a-z]+):\]/;
const UNICODE_CLASS = /^\\([pP])(?:([A-Z])|\{(\^?)([A-Za-z_]+)\})/;
const HEX_ESCAPE = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/;
const SPACES = "\\t\\n\\f\\r ";
const POSIX: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7F",
  blank: "\\t ",
  cntrl: "\\x00-\\x1F\\x7F",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

class Translator {
  readonly #text: string;
  #at = 0;
  #out = "";
  #flags = "";
  #unbounded = 0;
  readonly #names: string[] = [];
  readonly #open: Extent[] = [{ varies: false, unbounded: false, captures: false }];
  /** The atom just read, which a quantifier would repeat. */
  #atom: Extent | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  translate(): Pattern {
    const flags = LEADING_FLAGS.exec(this.#text);
    if (flags !== null) {
      this.#flags = flags[1] ?? "";
      this.#at = flags[0].length;
    }
    while (this.#at < this.#text.length) this.#next();
    if (this.#open.length > 1) throw new Refusal('has a "(" without its ")"');
    return { regExp: new RegExp(this.#out, this.#flags.includes("i") ? "iu" : "u"), names: this.#names };
  }

  #next(): void {
    const rest = this.#text.slice(this.#at);
    const quantifier = QUANTIFIER.exec(rest);
    if (quantifier !== null) return this.#quantify(quantifier);
    const char = String.fromCodePoint(rest.codePointAt(0) ?? 0);
    switch (char) {
      case "(":
        return this.#openGroup(rest);
      case ")":
        return this.#closeGroup();
      case "|":
        this.#top().varies = true;
        return this.#emit("|", 1, false);
      case "[":
        return this.#readClass();
      case "\\":
        return this.#escape(rest);
      case ".":
        return this.#emit(this.#flags.includes("s") ? "[^]" : "[^\\n]", 1, true);
      case "^":
        return this.#emit(this.#flags.includes("m") ? "(?<![^\\n])" : "^", 1, false);
      case "$":
        return this.#emit(this.#flags.includes("m") ? "(?![^\\n])" : "$", 1, false);
      default:
        return this.#emit(literal(char), char.length, true);
    }
  }

  #top(): Extent {
    const top = this.#open.at(-1);
    if (top === undefined) throw new Refusal('has a ")" without its "("');
    return top;
  }

  /** Adds what stands for the next `length` characters. */
  #emit(out: string, length: number, atom: boolean): void {
    this.#out += out;
    this.#at += length;
    this.#atom = atom ? { varies: false, unbounded: false, captures: false } : undefined;
  }

  #openGroup(rest: string): void {
    this.#atom = undefined;
    const name = GROUP_NAME.exec(rest);
    if (name !== null) return this.#capture(name[1] ?? "", name[0].length);
    if (rest.startsWith("(?:")) {
      this.#open.push({ varies: false, unbounded: false, captures: false });
      this.#out += "(?:";
      this.#at += 3;
      return;
    }
    if (/^\(\?<?[=!]/.test(rest)) throw new Refusal("uses lookaround, which the Collector does not have either");
    if (rest.startsWith("(?")) throw new Refusal("sets flags inside: only (?i), (?m) and (?s) at its beginning are available");
    this.#capture("", 1);
  }

  #capture(name: string, length: number): void {
    if (name !== "" && this.#names.includes(name)) throw new Refusal(`has two groups named "${name}"`);
    this.#names.push(name);
    this.#open.push({ varies: false, unbounded: false, captures: true });
    this.#out += "(";
    this.#at += length;
  }

  #closeGroup(): void {
    const closed = this.#open.pop();
    const around = this.#top();
    if (closed === undefined) return;
    this.#out += ")";
    this.#at++;
    around.varies ||= closed.varies;
    around.unbounded ||= closed.unbounded;
    around.captures ||= closed.captures;
    this.#atom = closed;
  }

  #quantify([text, least, range, most]: RegExpExecArray): void {
    const atom = this.#atom;
    if (atom === undefined) throw new Refusal(`has "${text}" with nothing before it to repeat`);
    const [from, to] = boundsOf(text, least, range, most);
    if (from > to) throw new Refusal(`has "${text}", which ends below its start`);
    if (from > REPEAT_MAX || (to > REPEAT_MAX && to !== Infinity)) throw new Refusal(`repeats more than ${REPEAT_MAX} times`);
    this.#guard(atom, to);
    const top = this.#top();
    top.varies ||= from !== to;
    top.unbounded ||= to === Infinity;
    this.#out += text;
    this.#at += text.length;
    this.#atom = undefined;
  }

  /** Refuses what could take the host exponential time, and what it would capture otherwise than RE2. */
  #guard(atom: Extent, to: number): void {
    if (to === Infinity) {
      if (atom.varies || atom.unbounded)
        throw new Refusal("repeats, without a bound, something that varies itself: choices, optional parts and repetitions cannot stand inside * or + yet");
      this.#unbounded++;
      if (this.#unbounded > UNBOUNDED_MAX) throw new Refusal(`has more than ${UNBOUNDED_MAX} unbounded repetitions`);
    }
    if (atom.unbounded && to > NESTED_REPEAT_MAX) throw new Refusal(`repeats an unbounded repetition more than ${NESTED_REPEAT_MAX} times`);
    if (atom.captures && atom.varies && to > 1) throw new Refusal("captures inside a repetition of something that varies");
  }

  #escape(rest: string): void {
    const next = rest.charAt(1);
    if (/[1-9]/.test(next)) throw new Refusal("refers back to a group, which the Collector does not have either");
    if (next === "Q") {
      const end = rest.indexOf("\\E");
      const quoted = rest.slice(2, end < 0 ? undefined : end);
      this.#emit(Array.from(quoted, literal).join(""), end < 0 ? rest.length : end + 2, quoted !== "");
      return;
    }
    const assertion: string | undefined = { A: "^", z: "$", b: "\\b", B: "\\B" }[next];
    if (assertion !== undefined) return this.#emit(assertion, 2, false);
    const { out, length } = escaped(rest, false);
    this.#emit(out, length, true);
  }

  #readClass(): void {
    const { out, length } = classOf(this.#text.slice(this.#at));
    this.#emit(out, length, true);
  }
}

interface Translated {
  readonly out: string;
  readonly length: number;
}

function boundsOf(text: string, least: string | undefined, range: string | undefined, most: string | undefined): readonly [from: number, to: number] {
  if (text.startsWith("*")) return [0, Infinity];
  if (text.startsWith("+")) return [1, Infinity];
  if (text.startsWith("?")) return [0, 1];
  const from = Number(least);
  if (range === undefined) return [from, from];
  return [from, most === undefined || most === "" ? Infinity : Number(most)];
}

/** A character as itself, outside of a class. */
function literal(char: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

/** The class at the beginning of `rest`. */
function classOf(rest: string): Translated {
  let at = 1;
  let out = "[";
  if (rest[at] === "^") {
    out += "^";
    at++;
  }
  for (let first = true; ; first = false) {
    const char = String.fromCodePoint(rest.codePointAt(at) ?? 0);
    if (at >= rest.length) throw new Refusal('has a "[" without its "]"');
    if (char === "]" && !first) return { out: `${out}]`, length: at + 1 };
    const inside = rest.slice(at);
    const posix = POSIX_CLASS.exec(inside);
    if (posix !== null) {
      const members = POSIX[posix[2] ?? ""];
      if (members === undefined || posix[1] === "^") throw new Refusal(`uses ${posix[0]}, which is not available`);
      out += members;
      at += posix[0].length;
    } else if (char === "\\") {
      const { out: one, length } = escaped(inside, true);
      out += one;
      at += length;
    } else {
      out += /[[\]\\]/.test(char) ? `\\${char}` : char;
      at += char.length;
    }
  }
}

/** The escape at the beginning of `rest`, in a class or outside. */
function escaped(rest: string, inClass: boolean): Translated {
  const next = rest.charAt(1);
  if (next === "") throw new Refusal("ends in a backslash");
  if (/[dDwWnrtfv]/.test(next)) return { out: `\\${next}`, length: 2 };
  if (next === "a") return { out: "\\x07", length: 2 };
  if (next === "s") return { out: inClass ? SPACES : `[${SPACES}]`, length: 2 };
  if (next === "S" && !inClass) return { out: `[^${SPACES}]`, length: 2 };
  const hex = HEX_ESCAPE.exec(rest);
  if (hex !== null) return { out: `\\u{${hex[1] ?? hex[2] ?? ""}}`, length: hex[0].length };
  const unicode = UNICODE_CLASS.exec(rest);
  if (unicode !== null) return { out: unicodeClass(unicode), length: unicode[0].length };
  if (/[\p{L}\p{N}_]/u.test(next)) throw new Refusal(`uses \\${next}, which is not available`);
  const char = String.fromCodePoint(rest.codePointAt(1) ?? 0);
  const special = inClass ? /[\^\\\]\-[]/ : /[\^$\\.*+?()[\]{}|/]/;
  return { out: special.test(char) ? `\\${char}` : char, length: 1 + char.length };
}

/** A general category of one or two letters, or a script. */
function unicodeClass([, kind, letter, caret, name = ""]: RegExpExecArray): string {
  const category = letter ?? name;
  const negated = (kind === "P") !== (caret === "^");
  return `\\${negated ? "P" : "p"}{${category.length <= 2 ? category : `Script=${category}`}}`;
}
