/** A request's other forms on the wire, which mean the same: fields descending, and unknown fields between. */
import facts from "../contract/otlp-facts.json" with { type: "json" };
import { type Bytes, fixed32, fixed64, join, tag, utf8, varint } from "../harness/bytes.ts";

export const FORMS = ["ascending", "descending", "unknown"] as const;
export type Form = (typeof FORMS)[number];

type Row = readonly (string | number)[];
const messages: Readonly<Record<string, readonly Row[]>> = facts.messages;

interface Part {
  readonly number: number;
  readonly bytes: Bytes;
}

/** No schema has these numbers. One of each wire type. */
const UNKNOWN: readonly Bytes[] = [
  join(tag(1901, 0), varint(300)),
  join(tag(1902, 2), varint(4), utf8("odd!")),
  fixed64(1903, 0x0102030405060708n),
  fixed32(1904, 7),
];

/** `bytes` of a message of this full name, in another form. Ascending is what they are already. */
export function inForm(form: Form, type: string, bytes: Bytes): Bytes {
  if (form === "ascending") return bytes;
  const parts = partsOf(bytes).map(({ number, wire, body, bytes: whole }): Part => {
    const ref = refOf(type, number);
    if (wire !== 2 || ref === undefined) return { number, bytes: whole };
    const inner = inForm(form, ref, body);
    return { number, bytes: join(tag(number, 2), varint(inner.length), inner) };
  });
  if (form === "descending") return join(...parts.toSorted((a, b) => b.number - a.number).map((part) => part.bytes));
  return join(...parts.flatMap((part, index) => [UNKNOWN[index % UNKNOWN.length] ?? part.bytes, part.bytes]));
}

function refOf(type: string, number: number): string | undefined {
  const row = messages[type]?.find((one) => one[1] === number);
  return row?.[2] === "message" && typeof row[4] === "string" ? row[4] : undefined;
}

interface Field extends Part {
  readonly wire: number;
  /** Of a length-delimited field. */
  readonly body: Bytes;
}

function partsOf(bytes: Bytes): Field[] {
  const fields: Field[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const start = at;
    const read = () => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = BigInt(view.getUint8(at++));
        value |= (byte & 127n) << shift;
        if (byte < 128n) return Number(value);
      }
    };
    const key = read();
    const wire = key & 7;
    let body: Bytes = bytes.slice(0, 0);
    if (wire === 0) read();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else {
      const length = read();
      body = bytes.slice(at, at + length);
      at += length;
    }
    fields.push({ number: key >>> 3, wire, body, bytes: bytes.slice(start, at) });
  }
  return fields;
}
