/**
 * Regular expressions as the Collector has them: RE2's syntax and choice of match, in time that grows
 * with the text and never faster. re2js reads them and finds groups; whether there is a match at all is
 * decided by an automaton of ours over re2js's program (automaton.ts), on bytes where they lie.
 * What differs from Go's `regexp`: docs/patterns.md. Why so: docs/decisions/015.
 */
import { RE2JS, RE2JSSyntaxException } from "re2js";
import { SluiceError } from "../base/errors.ts";
import { Automaton } from "./automaton.ts";
import { parseTemplate, type Piece } from "./expand.ts";
import { type Program, programOf } from "./program.ts";
import { refusalOf } from "./refusals.ts";

/** A state of the automaton costs a look at each: 20,000 are some hundred addresses in one pattern. */
const INSTRUCTIONS_MAX = 20_000;
/** UTF-16 units of a text with replacements: a request is no longer. */
export const REPLACED_CHARS_MAX = 1 << 26;
/** Templates that a pattern remembers in their parsed form. */
const TEMPLATES_MAX = 16;

/** A pattern that was read. Used through the functions of this module. */
export class Pattern {
  readonly source: string;
  /** Names of the groups in order, "" for one without; the whole match is not among them. */
  readonly names: readonly string[];
  readonly #compiled: RE2JS;
  readonly #program: Program;
  readonly #templates = new Map<string, readonly Piece[]>();
  #automaton: Automaton | undefined;

  constructor(source: string, compiled: RE2JS, program: Program) {
    this.source = source;
    this.#compiled = compiled;
    this.#program = program;
    const names = Array.from({ length: compiled.groupCount() }, () => "");
    for (const [name, index] of Object.entries(compiled.namedGroups())) names[index - 1] = name;
    this.names = names;
  }

  /** Made on first use: a configuration that is only validated needs none. */
  get automaton(): Automaton {
    this.#automaton ??= new Automaton(this.#program);
    return this.#automaton;
  }

  /** Where the leftmost match from `from` on and its groups lie: pairs of start and end, -1 for a group that took no part. */
  find(text: string, from: number): Int32Array | undefined {
    const matcher = this.#compiled.matcher(text);
    if (!matcher.find(from)) return undefined;
    const places = new Int32Array((this.names.length + 1) * 2);
    for (let group = 0; group <= this.names.length; group++) {
      places[group * 2] = matcher.start(group);
      places[group * 2 + 1] = matcher.end(group);
    }
    return places;
  }

  template(template: string): readonly Piece[] {
    const known = this.#templates.get(template);
    if (known !== undefined) return known;
    if (this.#templates.size === TEMPLATES_MAX) this.#templates.clear();
    const pieces = parseTemplate(template, this.names);
    this.#templates.set(template, pieces);
    return pieces;
  }
}

/** The pattern, or why it cannot be used, as words behind "the pattern". */
export function parsePattern(text: string): Pattern | string {
  try {
    const compiled = RE2JS.compile(text);
    const program = programOf(compiled);
    if (program.instructions.length > INSTRUCTIONS_MAX) return refusalOf("expression too large", text);
    return new Pattern(text, compiled, program);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return refusalOf(error.getDescription(), error.getPattern() ?? text);
    throw error;
  }
}

/** Names of the groups in order, "" for one without. */
export function namesOf(pattern: Pattern): readonly string[] {
  return pattern.names;
}

/** Whether the text contains a match. */
export function matches(pattern: Pattern, text: string): boolean {
  return pattern.automaton.matchesText(text);
}

/** Whether the UTF-8 text at [start, end) contains a match. Allocates nothing once the pattern has seen texts alike. */
export function matchesBytes(pattern: Pattern, bytes: Uint8Array, start: number, end: number): boolean {
  return pattern.automaton.matchesBytes(bytes, start, end);
}

/**
 * Where the leftmost match at or behind `from` and its groups lie, UTF-16 units: start and end of the
 * match, then of each group, -1 for one that took no part. Undefined without a match.
 */
export function find(pattern: Pattern, text: string, from = 0): Int32Array | undefined {
  return from === 0 && !matches(pattern, text) ? undefined : pattern.find(text, from);
}

/** The first match's groups in order, "" for those that took no part; undefined without a match. */
export function groupsOf(pattern: Pattern, text: string): readonly string[] | undefined {
  const places = find(pattern, text);
  return places === undefined ? undefined : pattern.names.map((_, group) => textOf(text, places, group + 1));
}

/** The text with every match replaced; `template` follows Go's `Regexp.Expand` (expand.ts). Throws `too_large`. */
export function replaceAll(pattern: Pattern, text: string, template: string): string {
  return replaceEach(pattern, text, (places) => expand(pattern, text, places, template));
}

/** What a template stands for, given a match in a text. */
export function expand(pattern: Pattern, text: string, places: Int32Array, template: string): string {
  let expanded = "";
  for (const piece of pattern.template(template)) expanded += typeof piece === "string" ? piece : textOf(text, places, piece);
  return expanded;
}

/**
 * The text with every match replaced by what `replace` gives, which is shown where match and groups lie.
 * An empty match right behind another match is none, as in Go. Throws `too_large`.
 */
export function replaceEach(pattern: Pattern, text: string, replace: (places: Int32Array) => string): string {
  if (!matches(pattern, text)) return text;
  let replaced = "";
  let done = 0;
  for (let from = 0; from <= text.length;) {
    const places = pattern.find(text, from);
    if (places === undefined) break;
    const start = places[0] ?? 0;
    const end = places[1] ?? 0;
    replaced += text.slice(done, start);
    if (end > done || start === 0) replaced += replace(places);
    if (replaced.length > REPLACED_CHARS_MAX) throw new SluiceError("too_large", `Cannot replace in a text: it would be over ${REPLACED_CHARS_MAX} characters`);
    done = end;
    from = Math.max(end, from + widthAt(text, from));
  }
  return replaced + text.slice(done);
}

/** UTF-16 units of the character at a place; 1 at the end. */
function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function textOf(text: string, places: Int32Array, group: number): string {
  const start = places[group * 2] ?? -1;
  return start < 0 ? "" : text.slice(start, places[group * 2 + 1]);
}
