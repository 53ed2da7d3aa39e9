/** Protobuf by hand, for tests that need exactly these bytes. */

export type Bytes = Uint8Array<ArrayBuffer>;

/** A varint's bytes; `size` pads it to that many, as lawful encoders may. */
export function varint(value: number | bigint, size = 1): Bytes {
  // Most are tags and lengths.
  if (typeof value === "number" && value >= 0 && value < 0x80 && size === 1) return Uint8Array.of(value);
  const made: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  while (left > 0x7fn || made.length + 1 < size) {
    made.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  made.push(Number(left));
  return Uint8Array.from(made);
}

export function tag(fieldNumber: number, wire: number): Bytes {
  return varint(fieldNumber * 8 + wire);
}

export function join(...pieces: readonly Uint8Array[]): Bytes {
  const made = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    made.set(piece, at);
    at += piece.length;
  }
  return made;
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export function of(...bytes: readonly number[]): Bytes {
  return Uint8Array.from(bytes);
}

/** A length-delimited field: text, bytes or a message of these fields. */
export function field(fieldNumber: number, ...content: readonly (Uint8Array | string)[]): Bytes {
  const body = join(...content.map((part) => (typeof part === "string" ? utf8(part) : part)));
  return join(tag(fieldNumber, 2), varint(body.length), body);
}

export function number(fieldNumber: number, value: number | bigint): Bytes {
  return join(tag(fieldNumber, 0), varint(value));
}

export function fixed64(fieldNumber: number, value: bigint): Bytes {
  const made = new Uint8Array(8);
  new DataView(made.buffer).setBigUint64(0, value, true);
  return join(tag(fieldNumber, 1), made);
}

export function fixed32(fieldNumber: number, value: number): Bytes {
  const made = new Uint8Array(4);
  new DataView(made.buffer).setUint32(0, value, true);
  return join(tag(fieldNumber, 5), made);
}

export function group(fieldNumber: number, ...content: readonly Uint8Array[]): Bytes {
  return join(tag(fieldNumber, 3), ...content, tag(fieldNumber, 4));
}

/** The first `length` numbers from `from` on: an id that is not all zero. */
export function counting(length: number, from = 1): Bytes {
  return Uint8Array.from({ length }, (_, i) => (from + i) & 0xff);
}
