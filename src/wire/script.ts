/**
 * An edit script: an ordered tree of the messages touched, each with its own cuts and insertions.
 * Edits may be recorded in any order; `apply` sorts them where that is needed, rewrites the lengths
 * of every enclosing message from the innermost outwards in canonical form, and leaves the result as
 * pieces. An empty script leaves the chunk as it is.
 *
 * All addresses lie in one memory: a piece may come from the chunk, from scratch, or from another
 * retained block. Edits of one message must not overlap; what is recorded inside a dropped message
 * does not count. Nothing is allocated per edit: columns in typed arrays, kept between runs.
 */
import type { Splicer } from "../base/memory.ts";
import type { Scratch } from "./scratch.ts";
import { varintSize, writeVarint } from "./varint.ts";

/** The whole chunk as a message: the parent of the outermost nodes. */
export const ROOT = 0;

const NODE = 6;
const PARENT = 0;
const LENGTH_START = 1;
const BODY_START = 2;
const END = 3;
const DEPTH = 4;
const LENGTH_OP = 5;

const OP = 5;
const FROM = 0;
const TO = 1;
const PIECE_START = 2;
const PIECE_END = 3;
const OWNER = 4;

/** Marks the operation that stands for a message's length until `apply` knows it. */
const UNSET = -1;

/** Operations that stand wrong are moved to their place so many times each, on average, before they are sorted instead. */
const MOVES_AN_OP = 16;

export class EditScript {
  #nodes = new Int32Array(64 * NODE);
  /** What the operations of each message add to its length. */
  #deltas = new Int32Array(64);
  #dead = new Uint8Array(64);
  /** Whether any message was dropped. */
  #anyDead = false;
  #nodeCount = 0;
  #ops = new Int32Array(256 * OP);
  #opCount = 0;
  #sorted = true;
  #edits = 0;
  #lastAt = 0;
  #lastDepth = 0;
  /** Where the last operation ends, if it is a cut; the end of what it puts in, if it is an insertion; and in which message it is. */
  #cutEnd = UNSET;
  #insertedEnd = UNSET;
  #lastNode = ROOT;
  #places = new Uint32Array(256);

  /** How many times a script was applied: proof that fused steps share one. */
  applied = 0;

  /** Forgets everything and starts on the chunk at [start, end). */
  reset(start: number, end: number): void {
    this.#nodeCount = 1;
    this.#opCount = 0;
    this.#edits = 0;
    this.#sorted = true;
    this.#lastAt = start;
    this.#lastDepth = 0;
    this.#cutEnd = UNSET;
    this.#insertedEnd = UNSET;
    this.#nodes[PARENT] = UNSET;
    this.#nodes[LENGTH_START] = start;
    this.#nodes[BODY_START] = start;
    this.#nodes[END] = end;
    this.#nodes[DEPTH] = 0;
    this.#nodes[LENGTH_OP] = UNSET;
    this.#deltas[ROOT] = 0;
    this.#dead[ROOT] = 0;
    this.#anyDead = false;
  }

  get empty(): boolean {
    return this.#edits === 0;
  }

  /** Edits recorded, opened messages not counted. */
  get edits(): number {
    return this.#edits;
  }

  /**
   * A message inside `parent`, to record edits in: its length stands at `lengthStart`, its body is
   * [bodyStart, end). Open each message once.
   */
  open(parent: number, lengthStart: number, bodyStart: number, end: number): number {
    const node = this.#nodeCount++;
    if (node * NODE >= this.#nodes.length) this.#growNodes();
    const nodes = this.#nodes;
    const at = node * NODE;
    nodes[at + PARENT] = parent;
    nodes[at + LENGTH_START] = lengthStart;
    nodes[at + BODY_START] = bodyStart;
    nodes[at + END] = end;
    nodes[at + DEPTH] = (nodes[parent * NODE + DEPTH] ?? 0) + 1;
    nodes[at + LENGTH_OP] = this.#opCount;
    this.#dead[node] = 0;
    this.#deltas[node] = 0;
    this.#record(node, lengthStart, bodyStart, UNSET, UNSET);
    return node;
  }

  /** Removes the field at [start, end) (tag included) from `node`. Neighbouring cuts become one. */
  cut(node: number, start: number, end: number): void {
    this.#edits++;
    if (start === this.#cutEnd && node === this.#lastNode) this.#ops[(this.#opCount - 1) * OP + TO] = end;
    else this.#record(node, start, end, 0, 0);
    this.#cutEnd = end;
    this.#grow(node, start - end);
  }

  /** Puts the bytes at [pieceStart, pieceEnd) in the place of [start, end) of `node`. */
  replace(node: number, start: number, end: number, pieceStart: number, pieceEnd: number): void {
    this.#edits++;
    this.#record(node, start, end, pieceStart, pieceEnd);
    this.#grow(node, pieceEnd - pieceStart - (end - start));
  }

  /**
   * Inserts whole fields into `node` at `at`. Several at one place keep the order in which they were
   * recorded; those whose bytes follow one another become one.
   */
  insert(node: number, at: number, pieceStart: number, pieceEnd: number): void {
    this.#edits++;
    if (pieceStart === this.#insertedEnd && at === this.#lastAt && node === this.#lastNode) {
      this.#ops[(this.#opCount - 1) * OP + PIECE_END] = pieceEnd;
    } else this.#record(node, at, at, pieceStart, pieceEnd);
    this.#insertedEnd = pieceEnd;
    this.#grow(node, pieceEnd - pieceStart);
  }

  /** What was recorded in `node`, and below it, does not count: the message itself is cut from its parent, or replaced. */
  discard(node: number): void {
    this.#dead[node] = 1;
    this.#anyDead = true;
    this.#takeBack(node);
  }

  /**
   * Nothing more is recorded: writes the new lengths to `scratch`, and says how long the edited chunk is.
   * May throw `over_budget` from there. `pieces` or `layOut` follows.
   */
  apply(scratch: Scratch): number {
    this.applied++;
    if (this.#anyDead) this.#spreadDeath();
    this.#writeLengths(scratch);
    return (this.#nodes[END] ?? 0) - (this.#nodes[BODY_START] ?? 0) + (this.#deltas[ROOT] ?? 0);
  }

  /** The edited chunk has no more pieces. */
  get piecesMax(): number {
    return this.#opCount * 2 + 1;
  }

  /** The edited chunk as pairs of absolute start and end. */
  pieces(): Int32Array {
    const pieces = new Int32Array(this.piecesMax * 2);
    return pieces.subarray(0, this.#emit(pieces, noRoom));
  }

  /** Lays the edited chunk end to end at `at`; returns the address behind it. */
  layOut(splicer: Splicer, at: number): number {
    return this.#sorted && !this.#anyDead ? this.#splice(splicer, at) : this.#gather(splicer, at);
  }

  /** The operations as they are. */
  #splice(splicer: Splicer, at: number): number {
    const { room } = splicer;
    room[0] = this.#nodes[BODY_START] ?? 0;
    const atOnce = Math.floor((room.length - 1) / OP);
    for (let op = 0; op < this.#opCount; op += atOnce) {
      const count = Math.min(atOnce, this.#opCount - op);
      room.set(this.#ops.subarray(op * OP, (op + count) * OP), 1);
      at = splicer.splice(count, at);
    }
    // From where they have come to, all of it is left.
    room[1] = this.#nodes[END] ?? 0;
    return splicer.gather(1, at);
  }

  /** In their order, and only those that count. */
  #gather(splicer: Splicer, at: number): number {
    const words = this.#emit(splicer.room, (full) => {
      at = splicer.gather(full / 2, at);
    });
    return splicer.gather(words / 2, at);
  }

  #record(node: number, start: number, end: number, pieceStart: number, pieceEnd: number): void {
    this.#cutEnd = UNSET;
    this.#insertedEnd = UNSET;
    const op = this.#opCount++;
    if (op * OP >= this.#ops.length) this.#growOps();
    const ops = this.#ops;
    const at = op * OP;
    ops[at + FROM] = start;
    ops[at + TO] = end;
    ops[at + PIECE_START] = pieceStart;
    ops[at + PIECE_END] = pieceEnd;
    ops[at + OWNER] = node;
    const depth = this.#nodes[node * NODE + DEPTH] ?? 0;
    if (start < this.#lastAt || (start === this.#lastAt && depth > this.#lastDepth)) this.#sorted = false;
    this.#lastAt = start;
    this.#lastDepth = depth;
    this.#lastNode = node;
  }

  /** Forgets the operations of a dropped message where they are the last ones: the cut that follows is then in order. */
  #takeBack(node: number): void {
    const from = this.#nodes[node * NODE + LENGTH_OP] ?? 0;
    // They went with a message around it.
    if (from >= this.#opCount) return;
    for (let op = from; op < this.#opCount; op++) if (!this.#isInside(this.#ops[op * OP + OWNER] ?? 0, node)) return;
    this.#opCount = from;
    this.#cutEnd = UNSET;
    this.#insertedEnd = UNSET;
    const last = (from - 1) * OP;
    this.#lastAt = from === 0 ? (this.#nodes[BODY_START] ?? 0) : (this.#ops[last + FROM] ?? 0);
    this.#lastDepth = from === 0 ? 0 : (this.#nodes[(this.#ops[last + OWNER] ?? 0) * NODE + DEPTH] ?? 0);
  }

  #isInside(inner: number, node: number): boolean {
    while (inner > node) inner = this.#nodes[inner * NODE + PARENT] ?? ROOT;
    return inner === node;
  }

  #spreadDeath(): void {
    const dead = this.#dead;
    for (let node = 1; node < this.#nodeCount; node++) {
      if (dead[this.#nodes[node * NODE + PARENT] ?? 0] === 1) dead[node] = 1;
    }
  }

  #grow(node: number, bytes: number): void {
    this.#deltas[node] = (this.#deltas[node] ?? 0) + bytes;
  }

  /** Children have higher numbers than their parents, so one pass backwards goes bottom up. */
  #writeLengths(scratch: Scratch): void {
    const nodes = this.#nodes;
    const ops = this.#ops;
    const deltas = this.#deltas;
    for (let node = this.#nodeCount - 1; node > 0; node--) {
      const delta = deltas[node] ?? 0;
      if (delta === 0 || this.#dead[node] === 1) continue;
      const at = node * NODE;
      const bodyStart = nodes[at + BODY_START] ?? 0;
      const length = (nodes[at + END] ?? 0) - bodyStart + delta;
      const size = varintSize(length);
      const to = scratch.reserve(size);
      scratch.take(writeVarint(scratch.bytes, to, length));
      const op = (nodes[at + LENGTH_OP] ?? 0) * OP;
      ops[op + PIECE_START] = to;
      ops[op + PIECE_END] = to + size;
      const parent = nodes[at + PARENT] ?? 0;
      deltas[parent] = (deltas[parent] ?? 0) + delta + size - (bodyStart - (nodes[at + LENGTH_START] ?? 0));
    }
  }

  /**
   * Operations by place; at one place the deeper first (an inner message ends before its parent goes on),
   * then as recorded. Most stand right already, or a few places off: a message's fields among
   * themselves, a parent's behind its children's. Where they do not, they are sorted in earnest.
   */
  #order(): Uint32Array {
    const count = this.#opCount;
    if (this.#places.length < count) this.#places = new Uint32Array(count * 2);
    const order = this.#places;
    let movesLeft = count * MOVES_AN_OP;
    for (let op = 0; op < count; op++) {
      let at = op;
      for (; at > 0 && this.#precedes(op, order[at - 1] ?? 0); at--) order[at] = order[at - 1] ?? 0;
      order[at] = op;
      movesLeft -= op - at;
      if (movesLeft < 0) return this.#orderAnew();
    }
    return order;
  }

  #orderAnew(): Uint32Array {
    const order = new Uint32Array(this.#opCount);
    for (let op = 0; op < order.length; op++) order[op] = op;
    return order.toSorted((a, b) => (this.#precedes(a, b) ? -1 : this.#precedes(b, a) ? 1 : a - b));
  }

  #precedes(a: number, b: number): boolean {
    const ops = this.#ops;
    const from = ops[a * OP + FROM] ?? 0;
    const other = ops[b * OP + FROM] ?? 0;
    if (from !== other) return from < other;
    const nodes = this.#nodes;
    return (nodes[(ops[a * OP + OWNER] ?? 0) * NODE + DEPTH] ?? 0) > (nodes[(ops[b * OP + OWNER] ?? 0) * NODE + DEPTH] ?? 0);
  }

  /** Fills `pieces` from the front, as often as is needed: `full` takes what is in it. Returns how many words are in it at the end. */
  #emit(pieces: Int32Array, full: (words: number) => void): number {
    const order = this.#sorted ? undefined : this.#order();
    const ops = this.#ops;
    let cursor = this.#nodes[BODY_START] ?? 0;
    let count = 0;
    for (let index = 0; index < this.#opCount; index++) {
      const at = (order === undefined ? index : (order[index] ?? 0)) * OP;
      const pieceStart = ops[at + PIECE_START] ?? 0;
      if (pieceStart === UNSET || this.#dead[ops[at + OWNER] ?? 0] === 1) continue;
      // Two of this, and the last one.
      if (count + 6 > pieces.length) {
        full(count);
        count = 0;
      }
      const start = ops[at + FROM] ?? 0;
      if (start > cursor) count = addPiece(pieces, count, cursor, start);
      const end = ops[at + TO] ?? 0;
      if (end > cursor) cursor = end;
      const pieceEnd = ops[at + PIECE_END] ?? 0;
      if (pieceEnd > pieceStart) count = addPiece(pieces, count, pieceStart, pieceEnd);
    }
    const end = this.#nodes[END] ?? 0;
    return end > cursor ? addPiece(pieces, count, cursor, end) : count;
  }

  #growNodes(): void {
    this.#nodes = grown(this.#nodes);
    this.#deltas = grown(this.#deltas);
    const dead = new Uint8Array(this.#dead.length * 2);
    dead.set(this.#dead);
    this.#dead = dead;
  }

  #growOps(): void {
    this.#ops = grown(this.#ops);
  }
}

function noRoom(): never {
  throw new RangeError("An edit script has more pieces than operations allow");
}

function grown(column: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(column.length * 2);
  larger.set(column);
  return larger;
}

/** Appends the piece, or lengthens the last one when they touch; returns the new count. */
function addPiece(pieces: Int32Array, count: number, start: number, end: number): number {
  if (count > 0 && pieces[count - 1] === start) {
    pieces[count - 1] = end;
    return count;
  }
  pieces[count] = start;
  pieces[count + 1] = end;
  return count + 2;
}
