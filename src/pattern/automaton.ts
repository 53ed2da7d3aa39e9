/**
 * Whether a text holds a match, asked of UTF-8 bytes where they lie or of a string: a deterministic
 * automaton, made state by state as texts need it, after RE2's. Allocates nothing once its states are
 * known. Time grows with the text, and for a state not known yet with the program; never otherwise.
 *
 * A state is the instructions that may come next, and what the character before was. What a place asks
 * of both its sides (`^`, `$`, `\b`) is decided on seeing the next character, so that a match shows one
 * character late; the end of the text is the last column of the table.
 * Limit: `CELLS_MAX` cells of table; a pattern that fills them starts again with none.
 */
import { Classes } from "./classes.ts";
import * as program from "./program.ts";

/** Of four bytes each: 256 KiB a pattern at the most, but for one with classes by the thousand. */
const CELLS_MAX = 1 << 16;
const STATES_MIN = 4;

/** Cells that are no state. A state is the place of its row: the first one's is the fourth. */
const UNKNOWN = 0;
const MATCHED = 1;
const DEAD = 2;
const START_ROW = 3;

/** What stood before. */
const NOTHING = 0;
const NEWLINE = 1;
const WORD = 2;
const OTHER = 3;

interface State {
  readonly next: readonly number[];
  readonly before: number;
}

export class Automaton {
  readonly #program: program.Program;
  readonly #classes: Classes;
  readonly #ascii: Uint16Array;
  readonly #end: number;
  readonly #stride: number;
  readonly #start: number;
  readonly #looksAround: boolean;
  readonly #statesMax: number;
  #table: Int32Array;
  #states: State[] = [];
  readonly #rows = new Map<string, number>();
  /** For each instruction the walk that reached it last. */
  readonly #seen: Uint32Array;
  #walk = 0;

  constructor(compiled: program.Program) {
    this.#program = compiled;
    this.#classes = new Classes(compiled);
    this.#ascii = this.#classes.ascii;
    this.#end = this.#classes.count;
    this.#stride = this.#end + 1;
    this.#start = START_ROW * this.#stride;
    this.#looksAround = compiled.instructions.some(({ op }) => op === program.EMPTY_WIDTH);
    this.#statesMax = Math.max(STATES_MIN, Math.floor(CELLS_MAX / this.#stride));
    this.#table = new Int32Array(0);
    this.#seen = new Uint32Array(compiled.instructions.length);
    this.#clear();
  }

  /** Whether the UTF-8 text at [start, end) holds a match. */
  matchesBytes(bytes: Uint8Array, start: number, end: number): boolean {
    const ascii = this.#ascii;
    const first = this.#start;
    let table = this.#table;
    let state = first;
    for (let at = start; at < end;) {
      const byte = bytes[at] ?? 0;
      let column = 0;
      if (byte < 0x80) {
        column = ascii[byte] ?? 0;
        at++;
      } else {
        column = this.#classes.of(codePointAt(bytes, at, end));
        at += byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      }
      let next = table[state + column] ?? 0;
      if (next === UNKNOWN) {
        next = this.#step(state, column);
        table = this.#table;
      }
      if (next < first) return next === MATCHED;
      state = next;
    }
    return this.#atEnd(state);
  }

  /** Whether a string holds a match. */
  matchesText(text: string): boolean {
    const ascii = this.#ascii;
    const first = this.#start;
    let table = this.#table;
    let state = first;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      let column = 0;
      if (unit < 0x80) column = ascii[unit] ?? 0;
      else {
        const code = text.codePointAt(at) ?? 0;
        if (code > 0xffff) at++;
        column = this.#classes.of(code);
      }
      let next = table[state + column] ?? 0;
      if (next === UNKNOWN) {
        next = this.#step(state, column);
        table = this.#table;
      }
      if (next < first) return next === MATCHED;
      state = next;
    }
    return this.#atEnd(state);
  }

  #atEnd(state: number): boolean {
    const next = this.#table[state + this.#end] ?? 0;
    return (next === UNKNOWN ? this.#step(state, this.#end) : next) === MATCHED;
  }

  /** Makes one cell of the table. */
  #step(row: number, column: number): number {
    const state = this.#states[row / this.#stride];
    if (state === undefined) return DEAD;
    const after = this.#after(state, column);
    if (after === MATCHED || after === DEAD) {
      this.#table[row + column] = after;
      return after;
    }
    const known = this.#rows.get(keyOf(after));
    if (known === undefined && this.#states.length >= this.#statesMax) {
      this.#clear();
      return this.#add(after);
    }
    const next = known ?? this.#add(after);
    this.#table[row + column] = next;
    return next;
  }

  /** The state behind a character, or how the search ends. */
  #after({ next, before }: State, column: number): State | typeof MATCHED | typeof DEAD {
    const { instructions, start, anchored } = this.#program;
    const holds = this.#looksAround ? this.#holds(before, column) : 0;
    const walk = ++this.#walk;
    const seen = this.#seen;
    const stack = anchored ? [...next] : [...next, start];
    const out: number[] = [];
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      if (seen[pc] === walk) continue;
      seen[pc] = walk;
      const one = instructions[pc];
      if (one === undefined || one.op === program.FAIL) continue;
      if (one.op === program.MATCH) return MATCHED;
      if (one.op === program.ALT || one.op === program.ALT_MATCH) stack.push(one.out, one.arg);
      else if (one.op === program.CAPTURE || one.op === program.NOP) stack.push(one.out);
      else if (one.op === program.EMPTY_WIDTH) {
        if ((one.arg & ~holds) === 0) stack.push(one.out);
      } else if (this.#classes.accepts[pc]?.[column] === 1) out.push(one.out);
    }
    if (column === this.#end || (anchored && out.length === 0)) return DEAD;
    return { next: [...new Set(out)].toSorted((a, b) => a - b), before: this.#kindOf(column) };
  }

  /** The bits of what holds between what stood before and the next character. */
  #holds(before: number, column: number): number {
    const atEnd = column === this.#end;
    let bits = 0;
    if (before === NOTHING) bits |= program.BEGIN_TEXT | program.BEGIN_LINE;
    if (before === NEWLINE) bits |= program.BEGIN_LINE;
    if (atEnd) bits |= program.END_TEXT | program.END_LINE;
    if (this.#classes.newline[column] === true) bits |= program.END_LINE;
    return bits | ((before === WORD) === (this.#classes.word[column] === true) ? program.NO_WORD_BOUNDARY : program.WORD_BOUNDARY);
  }

  #kindOf(column: number): number {
    if (!this.#looksAround) return OTHER;
    if (this.#classes.newline[column] === true) return NEWLINE;
    return this.#classes.word[column] === true ? WORD : OTHER;
  }

  #add(state: State): number {
    const row = (this.#states.push(state) - 1) * this.#stride;
    this.#rows.set(keyOf(state), row);
    const cells = this.#states.length * this.#stride;
    if (cells > this.#table.length) {
      const grown = new Int32Array(Math.max(cells, Math.min(this.#table.length * 2, (this.#statesMax + START_ROW) * this.#stride)));
      grown.set(this.#table);
      this.#table = grown;
    }
    return row;
  }

  /** Forgets every state but the first. */
  #clear(): void {
    const nothing: State = { next: [], before: OTHER };
    this.#table.fill(UNKNOWN);
    this.#rows.clear();
    this.#states = [nothing, nothing, nothing];
    this.#add({ next: this.#program.anchored ? [this.#program.start] : [], before: NOTHING });
  }
}

function keyOf({ next, before }: State): string {
  return `${before}:${next.join(",")}`;
}

/** The code point at `at`, whose first byte is above 127. The text is valid UTF-8: the kernel has seen to it. */
function codePointAt(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] ?? 0;
  const second = at + 1 < end ? (bytes[at + 1] ?? 0) & 0x3f : 0;
  if (first < 0xe0) return ((first & 0x1f) << 6) | second;
  const third = at + 2 < end ? (bytes[at + 2] ?? 0) & 0x3f : 0;
  if (first < 0xf0) return ((first & 0x0f) << 12) | (second << 6) | third;
  return ((first & 0x07) << 18) | (second << 12) | (third << 6) | (at + 3 < end ? (bytes[at + 3] ?? 0) & 0x3f : 0);
}
