/**
 * A pattern's program as the library compiles it (re2js, after RE2 and Go's `regexp/syntax`): a graph of
 * instructions, which the automaton walks. The library types it loosely, so it is read once, when the
 * configuration is, into this shape; what does not fit is an error, found by the tests of each version.
 */
import type { RE2JS } from "re2js";
import { SluiceError } from "../base/errors.ts";

/** Instructions of the compiler, by its own numbers. */
export const ALT = 1;
export const ALT_MATCH = 2;
export const CAPTURE = 3;
export const EMPTY_WIDTH = 4;
export const FAIL = 5;
export const MATCH = 6;
export const NOP = 7;
const RUNE = 8;
const RUNE_ANY_NOT_NL = 11;

/** What an EMPTY_WIDTH instruction's `arg` asks of the place, one bit each. */
export const BEGIN_LINE = 1;
export const END_LINE = 2;
export const BEGIN_TEXT = 4;
export const END_TEXT = 8;
export const WORD_BOUNDARY = 16;
export const NO_WORD_BOUNDARY = 32;

/** Set in a character's `arg` when it stands for both its cases. */
const FOLD_CASE = 1;
export const CODE_POINT_MAX = 0x10ffff;

export interface Instruction {
  readonly op: number;
  /** The next instruction. */
  readonly out: number;
  /** ALT: the other one. EMPTY_WIDTH: bits. */
  readonly arg: number;
  /** For an instruction that takes a character: which, as pairs of first and last, ascending; otherwise undefined. */
  readonly ranges: readonly number[] | undefined;
}

export interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
  /** Whether a match can only begin at the beginning of the text. */
  readonly anchored: boolean;
}

/** The compiled pattern's program. Throws `internal` when the library's shape is another. */
export function programOf(compiled: RE2JS): Program {
  const { prog }: { readonly prog: unknown } = compiled.re2();
  if (!isProgram(prog)) throw new SluiceError("internal", "Cannot read a compiled pattern: re2js has another shape of program");
  return {
    instructions: prog.inst.map((one) => ({ op: one.op, out: one.out, arg: one.arg, ranges: rangesOf(one) })),
    start: prog.start,
    anchored: isAnchored(prog),
  };
}

interface RawInstruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
  matchRune(code: number): boolean;
}

interface RawProgram {
  readonly inst: readonly RawInstruction[];
  readonly start: number;
}

function isProgram(value: unknown): value is RawProgram {
  if (typeof value !== "object" || value === null || !("inst" in value) || !("start" in value)) return false;
  return typeof value.start === "number" && Array.isArray(value.inst) && value.inst.every(isInstruction);
}

function isInstruction(value: unknown): value is RawInstruction {
  if (typeof value !== "object" || value === null || !("op" in value && "out" in value && "arg" in value && "runes" in value)) return false;
  if (typeof value.op !== "number" || typeof value.out !== "number" || typeof value.arg !== "number") return false;
  return value.op >= ALT && value.op <= RUNE_ANY_NOT_NL && value.runes instanceof Int32Array && "matchRune" in value;
}

function isAnchored({ inst, start }: RawProgram): boolean {
  for (let at = inst[start]; at !== undefined; at = inst[at.out]) {
    if (at.op === EMPTY_WIDTH && (at.arg & BEGIN_TEXT) !== 0) return true;
    if (at.op !== EMPTY_WIDTH && at.op !== CAPTURE && at.op !== NOP) return false;
  }
  return false;
}

function rangesOf(one: RawInstruction): readonly number[] | undefined {
  if (one.op < RUNE) return undefined;
  if (one.op === RUNE_ANY_NOT_NL) return [0, 9, 11, CODE_POINT_MAX];
  if (one.op === RUNE_ANY_NOT_NL - 1) return [0, CODE_POINT_MAX];
  const [only] = Array.from(one.runes);
  if (one.runes.length !== 1 || only === undefined) return Array.from(one.runes);
  if (one.op !== RUNE || (one.arg & FOLD_CASE) === 0) return [only, only];
  return casesOf(only, one);
}

/** Where characters with two cases or more stand, as pairs of first and last (Unicode 17). */
const CASED: readonly number[] = [
  0x41, 0x587, 0x10a0, 0x10ff, 0x13a0, 0x13fd, 0x1c80, 0x1cbf, 0x1d79, 0x1d8e, 0x1e00, 0x1fff, 0x2126, 0x2132, 0x214e, 0x214e, 0x2160, 0x2188, 0x24b6, 0x24e9,
  0x2c00, 0x2d2d, 0xa640, 0xa69b, 0xa722, 0xa7ff, 0xab53, 0xabbf, 0xfb00, 0xfb06, 0xff21, 0xff5a, 0x10400, 0x105bc, 0x10c80, 0x10cf2, 0x10d50, 0x10d85, 0x118a0,
  0x118df, 0x16e40, 0x16ed3, 0x1e900, 0x1e943,
];

const knownCases = new Map<number, readonly number[]>();

/** All cases of a character: the library is asked of each that could be one, once a character. */
function casesOf(code: number, one: RawInstruction): readonly number[] {
  const known = knownCases.get(code);
  if (known !== undefined) return known;
  const ranges: number[] = [];
  for (let pair = 0; pair < CASED.length; pair += 2) {
    for (let other = CASED[pair] ?? 0; other <= (CASED[pair + 1] ?? 0); other++) if (one.matchRune(other)) ranges.push(other, other);
  }
  knownCases.set(code, ranges);
  return ranges;
}
