/**
 * The characters that a program tells apart: all that every instruction treats alike are one class, so
 * that the automaton's table has a column a class and not one a character.
 */
import { CODE_POINT_MAX, EMPTY_WIDTH, type Program } from "./program.ts";

const NEWLINE = 10;
/** ASCII letters, digits and "_": what `\b` calls a word. */
const WORD_RANGES: readonly number[] = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];

export class Classes {
  /** Their number, without the one for the end of the text, which is `count` itself. */
  readonly count: number;
  /** The class of each code below 128. */
  readonly ascii = new Uint16Array(128);
  /** Whether a class is the line feed, or of a word; only where the program asks. */
  readonly newline: readonly boolean[];
  readonly word: readonly boolean[];
  /** Of each instruction, which classes it takes; undefined for one that takes no character. */
  readonly accepts: readonly (Uint8Array | undefined)[];
  /** Ascending first codes of the stretches of one class, and the class of each. */
  readonly #starts: Uint32Array;
  readonly #classOf: Uint16Array;

  constructor({ instructions }: Program) {
    const looksAround = instructions.some(({ op }) => op === EMPTY_WIDTH);
    const sets = new Map<string, readonly number[]>();
    for (const { ranges } of instructions) if (ranges !== undefined) sets.set(String(ranges), ranges);
    const distinct = [...sets.values(), ...(looksAround ? [[NEWLINE, NEWLINE], WORD_RANGES] : [])];
    this.#starts = startsOf(distinct);
    const members = distinct.map((ranges) => membersOf(ranges, this.#starts));
    const numbers = new Map<string, number>();
    const firsts: number[] = [];
    this.#classOf = Uint16Array.from(this.#starts, (_, stretch) => {
      const signature = signatureOf(members, stretch);
      const known = numbers.get(signature);
      if (known !== undefined) return known;
      numbers.set(signature, firsts.length);
      return firsts.push(stretch) - 1;
    });
    this.count = firsts.length;
    for (let code = 0; code < 128; code++) this.ascii[code] = this.of(code);
    const taken = new Map([...sets.keys()].map((key, index) => [key, Uint8Array.from(firsts, (stretch) => members[index]?.[stretch] ?? 0)]));
    this.accepts = instructions.map(({ ranges }) => (ranges === undefined ? undefined : taken.get(String(ranges))));
    this.newline = firsts.map((stretch) => this.#starts[stretch] === NEWLINE);
    this.word = firsts.map((stretch) => isWord(this.#starts[stretch] ?? 0));
  }

  /** The class of a code point. */
  of(code: number): number {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= code) low = middle;
      else high = middle;
    }
    return this.#classOf[low] ?? 0;
  }
}

function isWord(code: number): boolean {
  return WORD_RANGES.some((first, index) => index % 2 === 0 && code >= first && code <= (WORD_RANGES[index + 1] ?? 0));
}

/** Where any of the sets begins or has ended. */
function startsOf(sets: readonly (readonly number[])[]): Uint32Array {
  const starts = new Set([0]);
  for (const ranges of sets) {
    for (let pair = 0; pair < ranges.length; pair += 2) {
      starts.add(ranges[pair] ?? 0);
      const behind = (ranges[pair + 1] ?? 0) + 1;
      if (behind <= CODE_POINT_MAX) starts.add(behind);
    }
  }
  return Uint32Array.from(starts).toSorted();
}

/** 1 for each stretch that the set holds. Both ascend, so one pass does. */
function membersOf(ranges: readonly number[], starts: Uint32Array): Uint8Array {
  let pair = 0;
  return Uint8Array.from(starts, (start) => {
    while (pair < ranges.length && (ranges[pair + 1] ?? 0) < start) pair += 2;
    return pair < ranges.length && (ranges[pair] ?? 0) <= start ? 1 : 0;
  });
}

function signatureOf(members: readonly Uint8Array[], stretch: number): string {
  let signature = "";
  for (let index = 0; index < members.length; index++) signature += members[index]?.[stretch] === 1 ? "1" : "0";
  return signature;
}
