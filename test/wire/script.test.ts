/**
 * The edit script against a model: a tree of messages is edited as a tree and encoded, and edited by
 * a script on its bytes; both must give the same fields. The model shares no code with the script.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainMemory } from "../../src/base/memory.ts";
import { type Block, Pool } from "../../src/base/pool.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { Chunk } from "../../src/wire/chunk.ts";
import { EditScript, ROOT } from "../../src/wire/script.ts";
import { Scratch } from "../../src/wire/scratch.ts";
import { after, readVarint, skipValue, skipVarint } from "../../src/wire/varint.ts";
import { testKernel } from "../harness/kernel.ts";
import { runsHere } from "../harness/runs.ts";

/** A field: a leaf with its bytes, or a message. `edit` says what becomes of it. */
type Node = {
  number: number;
  body: Uint8Array | Node[];
  edit: "keep" | "cut" | "replace";
  inserts: { number: number; body: Uint8Array }[];
  /** Bytes of the length beyond its canonical form. */
  padding: number;
};

function varintBytes(value: number, padding = 0): number[] {
  const out: number[] = [];
  while (value >= 0x80 || padding > 0) {
    if (value < 0x80 && padding > 0) padding--;
    out.push((value & 0x7f) | 0x80);
    value >>>= 7;
  }
  return [...out, value];
}

function field(number: number, body: ArrayLike<number>, padding = 0): number[] {
  return [...varintBytes((number << 3) | 2), ...varintBytes(body.length, padding), ...Array.from(body)];
}

function encode(nodes: readonly Node[]): number[] {
  return nodes.flatMap((node) => field(node.number, node.body instanceof Uint8Array ? node.body : encode(node.body), node.padding));
}

const REPLACEMENT = Uint8Array.of(9, 9, 9);

/** The model's answer: fields in order, nested where the model nests. */
function edited(nodes: readonly Node[]): number[] {
  return nodes.flatMap((node) => {
    if (node.edit === "cut") return [];
    if (node.edit === "replace") return field(node.number, REPLACEMENT);
    if (node.body instanceof Uint8Array) return field(node.number, node.body);
    return field(node.number, [...edited(node.body), ...node.inserts.flatMap((insert) => field(insert.number, insert.body))]);
  });
}

/** Both results with canonical lengths: what was not touched keeps its own length form. */
function canonical(bytes: Uint8Array, shape: readonly Node[]): string {
  return JSON.stringify(parse(bytes, 0, bytes.length, shape.some(({ body }) => !(body instanceof Uint8Array)) ? 6 : 0));
}

type Parsed = [number, string | Parsed[]];

function parse(bytes: Uint8Array, start: number, end: number, depth: number): Parsed[] {
  const out: Parsed[] = [];
  for (let at = start; at < end;) {
    const tag = readVarint(bytes, at);
    const next = skipValue(bytes, after, tag);
    const body = skipVarint(bytes, skipVarint(bytes, at));
    const number = tag >>> 3;
    // Numbers of 8 and above are messages in this model.
    out.push([number, number >= 8 && depth > 0 ? parse(bytes, body, next, depth - 1) : [...bytes.subarray(body, next)].join()]);
    at = next;
  }
  expect(end).toBeGreaterThanOrEqual(start);
  return out;
}

const leaf = fc.record({
  number: fc.integer({ min: 1, max: 7 }),
  body: fc.uint8Array({ maxLength: 40 }),
  edit: fc.constantFrom("keep", "keep", "cut", "replace"),
  inserts: fc.constant([]),
  padding: fc.constantFrom(0, 0, 0, 1),
}) as fc.Arbitrary<Node>; // the literals widen in fc.record

const { message } = fc.letrec<{ message: Node; field: Node }>((tie) => ({
  field: fc.oneof({ depthSize: "small", maxDepth: 4 }, leaf, tie("message")),
  message: fc.record({
    number: fc.integer({ min: 8, max: 15 }),
    body: fc.array(tie("field"), { maxLength: 6 }),
    // A message that is replaced becomes an opaque leaf, which the model would parse: only cut or keep.
    edit: fc.constantFrom("keep", "keep", "keep", "cut"),
    inserts: fc.array(fc.record({ number: fc.integer({ min: 1, max: 7 }), body: fc.uint8Array({ maxLength: 140 }) }), { maxLength: 2 }),
    padding: fc.constantFrom(0, 0, 0, 2),
  }) as fc.Arbitrary<Node>, // the literals widen in fc.record
}));

/** Records the model's edits; `late` puts a message's own edits behind those of what follows it. */
function record(
  script: EditScript,
  scratch: Scratch,
  bytes: Uint8Array,
  nodes: readonly Node[],
  parent: number,
  start: number,
  late: (() => void)[],
  order: () => boolean,
): void {
  let at = start;
  for (const node of nodes) {
    const tag = readVarint(bytes, at);
    const next = skipValue(bytes, after, tag);
    const lengthStart = skipVarint(bytes, at);
    const body = skipVarint(bytes, lengthStart);
    const from = at;
    at = next;
    const later = order() ? (work: () => void) => late.push(work) : (work: () => void) => work();
    if (node.edit === "replace") {
      const piece = place(scratch, field(node.number, REPLACEMENT));
      later(() => script.replace(parent, from, next, piece.start, piece.end));
      continue;
    }
    const opened = node.body instanceof Uint8Array ? undefined : script.open(parent, lengthStart, body, next);
    if (opened !== undefined && !(node.body instanceof Uint8Array)) {
      record(script, scratch, bytes, node.body, opened, body, late, order);
      for (const insert of node.inserts) {
        const piece = place(scratch, field(insert.number, insert.body));
        later(() => script.insert(opened, next, piece.start, piece.end));
      }
    }
    if (node.edit === "cut") {
      if (opened !== undefined) script.discard(opened);
      later(() => script.cut(parent, from, next));
    }
  }
}

function place(scratch: Scratch, bytes: readonly number[]): { start: number; end: number } {
  const start = scratch.reserve(bytes.length);
  scratch.bytes.set(bytes, start);
  scratch.take(start + bytes.length);
  return { start, end: start + bytes.length };
}

interface Room {
  readonly kernel: Kernel;
  readonly pool: Pool;
}

function roomFor(): Room {
  const kernel = testKernel(1 << 20);
  return { kernel, pool: new Pool(kernel, kernel.heapBase, kernel.bytes.length) };
}

/** The edited chunk, as long as was said, the same laid out as in pieces. Everything is given back. */
function resultOf(script: EditScript, scratch: Scratch, { kernel, pool }: Room, block: Block): Uint8Array {
  const length = script.apply(scratch);
  const laidOut = pool.take(length);
  if (laidOut === undefined) throw new RangeError("no room");
  expect(script.layOut(kernel, laidOut.start)).toBe(laidOut.start + length);
  const result = pool.memory.bytes.slice(laidOut.start, laidOut.start + length);
  laidOut.release();
  const pieces = script.pieces();
  expect(pieces.length).toBeLessThanOrEqual(script.piecesMax * 2);
  const chunk = new Chunk(pool.memory, pieces, [block, ...scratch.hand()]);
  const { start, end } = chunk.contiguous(pool);
  expect(Buffer.compare(pool.memory.bytes.subarray(start, end), result)).toBe(0);
  chunk.release();
  return result;
}

function apply(nodes: readonly Node[], shuffled: boolean): { result: Uint8Array; script: EditScript } {
  const room = roomFor();
  const { pool } = room;
  const source = encode(nodes);
  const block = pool.take(source.length);
  if (block === undefined) throw new Error("no block");
  pool.memory.bytes.set(source, block.start);
  const scratch = new Scratch(pool);
  const script = new EditScript();
  script.reset(block.start, block.start + source.length);
  const late: (() => void)[] = [];
  let turn = 0;
  record(script, scratch, pool.memory.bytes, nodes, ROOT, block.start, late, () => shuffled && turn++ % 2 === 0);
  for (const work of late) work();
  const result = resultOf(script, scratch, room, block);
  expect(pool.blocks).toBe(0);
  return { result, script };
}

describe("EditScript", () => {
  it("puts bytes that follow one another where each was meant, in one place or in two", () => {
    const room = roomFor();
    const { pool } = room;
    const block = pool.take(16);
    if (block === undefined) throw new Error("no block");
    pool.memory.bytes.set([0x08, 1, 0x10, 2], block.start);
    const scratch = new Scratch(pool);
    const script = new EditScript();
    script.reset(block.start, block.start + 4);
    const one = place(scratch, [0x18, 3]);
    const two = place(scratch, [0x20, 4]);
    const three = place(scratch, [0x28, 5]);
    expect([two.start, three.start]).toEqual([one.end, two.end]);
    script.insert(ROOT, block.start + 2, one.start, one.end);
    script.insert(ROOT, block.start + 4, two.start, two.end);
    script.insert(ROOT, block.start + 4, three.start, three.end);
    expect(resultOf(script, scratch, room, block)).toEqual(Uint8Array.of(0x08, 1, 0x18, 3, 0x10, 2, 0x20, 4, 0x28, 5));
  });

  it.each([
    ["in ascending order", false],
    ["in any order", true],
  ])("gives what editing the tree gives, recorded %s", (_name, shuffled) => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), (nodes) => {
        const { result } = apply(nodes, shuffled);
        expect(canonical(result, nodes)).toBe(canonical(Uint8Array.from(edited(nodes)), nodes));
      }),
      { seed: 20261121, numRuns: runsHere(500) },
    );
  });

  it("leaves the chunk as one piece when nothing was recorded", () => {
    const scratch = new Scratch(new Pool(plainMemory(1 << 16), 0, 1 << 16));
    const script = new EditScript();
    script.reset(100, 200);
    expect(script.empty).toBe(true);
    expect([script.apply(scratch), ...script.pieces()]).toEqual([100, 100, 200]);
  });

  it("makes neighbouring cuts one", () => {
    const scratch = new Scratch(new Pool(plainMemory(1 << 16), 0, 1 << 16));
    const script = new EditScript();
    script.reset(0, 100);
    for (let at = 10; at < 90; at += 10) script.cut(ROOT, at, at + 10);
    expect([script.apply(scratch), ...script.pieces()]).toEqual([20, 0, 10, 90, 100]);
  });

  it("does not count what is recorded in a dropped message behind its cut", () => {
    const room = roomFor();
    const { pool } = room;
    const block = pool.take(16);
    if (block === undefined) throw new RangeError("no room");
    // A message of two bytes, and a field behind it.
    pool.memory.bytes.set([0x0a, 2, 0x08, 1, 0x10, 2], block.start);
    const scratch = new Scratch(pool);
    const script = new EditScript();
    script.reset(block.start, block.start + 6);
    const node = script.open(ROOT, block.start + 1, block.start + 2, block.start + 4);
    script.discard(node);
    script.cut(ROOT, block.start, block.start + 4);
    const piece = place(scratch, [0x18, 3]);
    script.insert(node, block.start + 4, piece.start, piece.end);
    expect(resultOf(script, scratch, room, block)).toEqual(Uint8Array.of(0x10, 2));
  });

  it.each(["end", "front"])("puts thousands of edits in order that were recorded from the %s", (from) => {
    const room = roomFor();
    const { pool } = room;
    const { memory } = pool;
    const count = 5000;
    const bytes = Uint8Array.from(Array.from({ length: count }, (_, index) => field(1, [index & 0x7f])).flat());
    const block = pool.take(bytes.length);
    if (block === undefined) throw new RangeError("no room");
    memory.bytes.set(bytes, block.start);
    const scratch = new Scratch(pool);
    const script = new EditScript();
    script.reset(block.start, block.start + bytes.length);
    for (let nth = 1; nth <= count; nth += 2) {
      const at = block.start + (from === "end" ? count - nth : nth) * 3;
      script.cut(ROOT, at, at + 3);
    }
    const left = resultOf(script, scratch, room, block);
    expect([...left]).toEqual(Array.from({ length: count / 2 }, (_, index) => field(1, [(index * 2) & 0x7f])).flat());
  });
});
