/**
 * Writes a message again with its fields in another order, and with unknown fields strewn in: what
 * other encoders, and newer ones, send. Repeated fields keep their order, so the meaning is the same.
 */
import type protobuf from "protobufjs";
import { join, varint } from "../test/harness/bytes.ts";
import type { Random } from "./random.ts";

export type FieldOrder = "ascending" | "descending" | "interleaved";

export interface RearrangeOptions {
  readonly order: FieldOrder;
  readonly unknown: boolean;
  readonly random: Random;
}

interface Part {
  readonly number: number;
  readonly bytes: Uint8Array;
}

export function rearrange(bytes: Uint8Array, type: protobuf.Type, options: RearrangeOptions): Uint8Array {
  const parts = split(bytes, type, options);
  const { order, random, unknown } = options;
  const ordered = order === "interleaved" ? shuffle(parts, random) : parts.toSorted((a, b) => (a.number - b.number) * (order === "descending" ? -1 : 1));
  const pieces: Uint8Array[] = [];
  for (const part of ordered) {
    if (unknown && random.chance(15)) pieces.push(stranger(random));
    pieces.push(part.bytes);
  }
  if (unknown && random.chance(15)) pieces.push(stranger(random));
  return join(...pieces);
}

function split(bytes: Uint8Array, type: protobuf.Type, options: RearrangeOptions): Part[] {
  const parts: Part[] = [];
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const from = at;
    const tag = readVarint();
    const number = Math.floor(tag / 8);
    const wire = tag & 7;
    if (wire === 0) readVarint();
    if (wire === 1) at += 8;
    if (wire === 5) at += 4;
    if (wire !== 2) {
      parts.push({ number, bytes: bytes.subarray(from, at) });
      continue;
    }
    const length = readVarint();
    const body = bytes.subarray(at, at + length);
    at += length;
    const ref = type.fieldsById[number]?.resolvedType;
    const inner = ref !== undefined && ref !== null && "fieldsById" in ref ? rearrange(body, ref, options) : body;
    parts.push({ number, bytes: join(varint(tag), varint(inner.length), inner) });
  }
  return parts;
}

/** Mixes field numbers, but keeps the order within each. */
function shuffle(parts: readonly Part[], random: Random): Part[] {
  const queues = new Map<number, Part[]>();
  for (const part of parts) queues.set(part.number, [...(queues.get(part.number) ?? []), part]);
  const made: Part[] = [];
  while (queues.size > 0) {
    const number = random.pick([...queues.keys()]);
    const queue = queues.get(number) ?? [];
    const next = queue.shift();
    if (next !== undefined) made.push(next);
    if (queue.length === 0) queues.delete(number);
  }
  return made;
}

/** A field that no OTLP message has: any wire type, or a group with fields inside. */
function stranger(random: Random): Uint8Array {
  const number = random.pick([29, 100, 1000, 5_000_000]);
  const tag = (wire: number): Uint8Array => varint(number * 8 + wire);
  switch (random.below(5)) {
    case 0:
      return join(tag(0), varint(random.next()));
    case 1:
      return join(tag(1), random.bytes(8));
    case 2: {
      const body = random.bytes(random.below(40));
      return join(tag(2), varint(body.length), body);
    }
    case 3:
      return join(tag(5), random.bytes(4));
    default:
      return join(tag(3), ...(random.chance(50) ? [stranger(random)] : []), varint(1 * 8 + 0), varint(7), tag(4));
  }
}
