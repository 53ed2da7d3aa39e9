/**
 * RE2's syntax, without what is rarely written: `\C`, negated POSIX classes.
 *
 *   choice   = sequence *( "|" sequence )
 *   sequence = *( atom [ ( "*" / "+" / "?" / "{" least [ "," [ most ] ] "}" ) [ "?" ] ] )
 *   atom     = character / "." / class / escape / assertion / "(" [ "?:" / "?P<name>" / "?flags:" ] choice ")"
 *   "(?flags)" sets flags up to the end of its group; flags: i, m, s, U, and behind "-" the same, off
 */

/** Why a pattern cannot be used, as words behind "the pattern"; never leaves the two files. */
export class Refusal extends Error {}

export type Node =
  | { readonly kind: "char"; readonly test: (code: number) => boolean }
  | { readonly kind: "assert"; readonly holds: (text: string, at: number) => boolean }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly Node[] }
  | { readonly kind: "group"; readonly index: number; readonly body: Node }
  | { readonly kind: "repeat"; readonly body: Node; readonly from: number; readonly to: number; readonly lazy: boolean };

/** As in RE2. */
const REPEAT_MAX = 1000;
const DEPTH_MAX = 250;

const GROUP_NAME = /^\(\?P?<([A-Za-z0-9_]+)>/;
const FLAGS = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/;
const QUANTIFIER = /^(?:[*+?]|\{(\d+)(,(\d*))?\})/;
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

export function parseSyntax(text: string): { readonly node: Node; readonly names: readonly string[] } {
  const parser = new Parser(text);
  const node = parser.choice(0);
  if (!parser.done) throw new Refusal('has a ")" without its "("');
  return { node, names: parser.names };
}

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly U: boolean;
}

class Parser {
  readonly names: string[] = [];
  readonly #text: string;
  #at = 0;
  #flags: Flags = { i: false, m: false, s: false, U: false };

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at === this.#text.length;
  }

  choice(depth: number): Node {
    if (depth > DEPTH_MAX) throw new Refusal(`nests more than ${DEPTH_MAX} groups`);
    const flags = this.#flags;
    const parts = [this.#sequence(depth)];
    while (this.#take("|")) parts.push(this.#sequence(depth));
    this.#flags = flags;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: "choice", parts };
  }

  #sequence(depth: number): Node {
    const parts: Node[] = [];
    while (!this.done && !/[|)]/.test(this.#text.charAt(this.#at))) {
      const atoms = this.#atoms(depth);
      const last = atoms.pop();
      parts.push(...atoms);
      // Flags alone: nothing that could be repeated.
      if (last !== undefined) parts.push(this.#repeated(last));
    }
    return { kind: "sequence", parts };
  }

  /** What stands here: one atom, several for quoted text, none for flags. */
  #atoms(depth: number): Node[] {
    const rest = this.#text.slice(this.#at);
    const char = charAt(rest, 0);
    if (QUANTIFIER.test(rest)) throw new Refusal(`has "${char}" with nothing before it to repeat`);
    switch (char) {
      case "(":
        return this.#group(rest, depth);
      case "[": {
        const { source, length } = classOf(rest);
        return this.#one(length, this.#char(source));
      }
      case "\\":
        return this.#escape(rest);
      case ".":
        return this.#one(1, { kind: "char", test: this.#flags.s ? () => true : (code) => code !== 0x0a });
      case "^":
        return this.#one(1, assertion(this.#flags.m ? isLineStart : isStart));
      case "$":
        return this.#one(1, assertion(this.#flags.m ? isLineEnd : isEnd));
      default:
        return this.#one(char.length, this.#literal(char));
    }
  }

  #one(length: number, node: Node): Node[] {
    this.#at += length;
    return [node];
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #group(rest: string, depth: number): Node[] {
    const name = GROUP_NAME.exec(rest);
    if (name !== null) return this.#capture(name[1] ?? "", name[0].length, depth);
    if (/^\(\?<?[=!]/.test(rest)) throw new Refusal("uses lookaround, which the Collector does not have either");
    if (!rest.startsWith("(?")) return this.#capture("", 1, depth);
    const flags = FLAGS.exec(rest);
    if (flags === null) throw new Refusal('has a group that begins with "(?" and is none: write (?:...), (?P<name>...) or (?i)');
    const [whole, on = "", off = "", end] = flags;
    this.#at += whole.length;
    const outer = this.#flags;
    const set = (flag: keyof Flags) => (outer[flag] || on.includes(flag)) && !off.includes(flag);
    this.#flags = { i: set("i"), m: set("m"), s: set("s"), U: set("U") };
    if (end === ")") return [];
    const body = this.#body(depth);
    this.#flags = outer;
    return [body];
  }

  #capture(name: string, length: number, depth: number): Node[] {
    if (name !== "" && this.names.includes(name)) throw new Refusal(`has two groups named "${name}"`);
    const index = this.names.push(name) - 1;
    this.#at += length;
    return [{ kind: "group", index, body: this.#body(depth) }];
  }

  #body(depth: number): Node {
    const body = this.choice(depth + 1);
    if (!this.#take(")")) throw new Refusal('has a "(" without its ")"');
    return body;
  }

  #repeated(body: Node): Node {
    const quantifier = QUANTIFIER.exec(this.#text.slice(this.#at));
    if (quantifier === null) return body;
    const [text, least, range, most] = quantifier;
    this.#at += text.length;
    const [from, to] = boundsOf(text, least, range, most);
    if (from > to) throw new Refusal(`has "${text}", which ends below its start`);
    if (from > REPEAT_MAX || (to > REPEAT_MAX && to !== Infinity)) throw new Refusal(`repeats more than ${REPEAT_MAX} times`);
    return { kind: "repeat", body, from, to, lazy: this.#take("?") !== this.#flags.U };
  }

  #escape(rest: string): Node[] {
    const next = rest.charAt(1);
    if (/[1-9]/.test(next)) throw new Refusal("refers back to a group, which the Collector does not have either");
    if (next === "Q") {
      const end = rest.indexOf("\\E");
      this.#at += end < 0 ? rest.length : end + 2;
      return Array.from(rest.slice(2, end < 0 ? undefined : end), (char) => this.#literal(char));
    }
    const holds = ASSERTIONS[next];
    if (holds !== undefined) return this.#one(2, assertion(holds));
    const { source, length } = escaped(rest, false);
    return this.#one(length, this.#char(source));
  }

  #literal(char: string): Node {
    const code = char.codePointAt(0);
    if (!this.#flags.i) return { kind: "char", test: (one) => one === code };
    return this.#char(/[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char);
  }

  /** A character that the host's class or literal of one character matches; known by heart below 128. */
  #char(source: string): Node {
    const one = regExpOf(`^${source}$`, this.#flags.i);
    const ascii = Uint8Array.from({ length: 128 }, (_, code) => (one.test(String.fromCharCode(code)) ? 1 : 0));
    return { kind: "char", test: (code) => (code < 128 ? ascii[code] === 1 : one.test(String.fromCodePoint(code))) };
  }
}

/** The host refuses what the translation let pass: an unknown script, a range from high to low. */
function regExpOf(source: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(source, ignoreCase ? "iu" : "u");
  } catch (cause) {
    throw new Refusal(`is not valid at ${source.slice(1, -1)}`, { cause });
  }
}

function assertion(holds: (text: string, at: number) => boolean): Node {
  return { kind: "assert", holds };
}

const isStart = (_text: string, at: number) => at === 0;
const isEnd = (text: string, at: number) => at === text.length;
const isLineStart = (text: string, at: number) => at === 0 || text.charAt(at - 1) === "\n";
const isLineEnd = (text: string, at: number) => at === text.length || text.charAt(at) === "\n";
const isWord = (char: string) => /^\w$/.test(char);
const isBoundary = (text: string, at: number) => isWord(text.charAt(at - 1)) !== isWord(text.charAt(at));
const isNoBoundary = (text: string, at: number) => !isBoundary(text, at);

const ASSERTIONS: Readonly<Record<string, ((text: string, at: number) => boolean) | undefined>> = { A: isStart, z: isEnd, b: isBoundary, B: isNoBoundary };

function boundsOf(text: string, least: string | undefined, range: string | undefined, most: string | undefined): readonly [from: number, to: number] {
  if (text === "*") return [0, Infinity];
  if (text === "+") return [1, Infinity];
  if (text === "?") return [0, 1];
  const from = Number(least);
  if (range === undefined) return [from, from];
  return [from, most === undefined || most === "" ? Infinity : Number(most)];
}

/** One character as the host writes it. */
interface Translated {
  readonly source: string;
  readonly length: number;
}

/** The class at the beginning of `rest`. */
function classOf(rest: string): Translated {
  let at = 1;
  let source = "[";
  if (rest[at] === "^") {
    source += "^";
    at++;
  }
  for (let first = true; ; first = false) {
    if (at >= rest.length) throw new Refusal('has a "[" without its "]"');
    const char = charAt(rest, at);
    if (char === "]" && !first) return { source: `${source}]`, length: at + 1 };
    const inside = rest.slice(at);
    const posix = POSIX_CLASS.exec(inside);
    if (posix !== null) {
      const members = POSIX[posix[2] ?? ""];
      if (members === undefined || posix[1] === "^") throw new Refusal(`uses ${posix[0]}, which is not available`);
      source += members;
      at += posix[0].length;
    } else if (char === "\\") {
      const one = escaped(inside, true);
      source += one.source;
      at += one.length;
    } else {
      source += /[[\]]/.test(char) ? `\\${char}` : char;
      at += char.length;
    }
  }
}

/** The escape at the beginning of `rest`, in a class or outside. */
function escaped(rest: string, inClass: boolean): Translated {
  const next = rest.charAt(1);
  if (next === "") throw new Refusal("ends in a backslash");
  if (/[dDwWnrtfv]/.test(next)) return { source: `\\${next}`, length: 2 };
  if (next === "a") return { source: "\\x07", length: 2 };
  if (next === "s") return { source: inClass ? SPACES : `[${SPACES}]`, length: 2 };
  if (next === "S" && !inClass) return { source: `[^${SPACES}]`, length: 2 };
  const hex = HEX_ESCAPE.exec(rest);
  if (hex !== null) return { source: `\\u{${hex[1] ?? hex[2] ?? ""}}`, length: hex[0].length };
  const unicode = UNICODE_CLASS.exec(rest);
  if (unicode !== null) return { source: unicodeClass(unicode), length: unicode[0].length };
  const char = charAt(rest, 1);
  if (/[\p{L}\p{N}_]/u.test(char)) throw new Refusal(`uses \\${char}, which is not available`);
  const special = inClass ? /[\^\\\]\-[]/ : /[\^$\\.*+?()[\]{}|/]/;
  return { source: special.test(char) ? `\\${char}` : char, length: 1 + char.length };
}

/** A general category of one or two letters, or a script. */
function unicodeClass([, kind, letter, caret, name = ""]: RegExpExecArray): string {
  const category = letter ?? name;
  const negated = (kind === "P") !== (caret === "^");
  return `\\${negated ? "P" : "p"}{${category.length <= 2 ? category : `Script=${category}`}}`;
}

/** The whole character at a place, two units of UTF-16 where it takes them. */
function charAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}
