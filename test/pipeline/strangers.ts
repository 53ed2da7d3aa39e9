/** The unknown fields of a message and of all in it, which the judge's objects leave out: what every edit must keep. */
import type protobuf from "protobufjs";

/** `resourceSpans/scopeSpans: <hex>` of each, sorted. A group is one field, with all that it holds. */
export function strangers(bytes: Uint8Array, type: protobuf.Type): string[] {
  const found: string[] = [];
  collect(bytes, type, "", found);
  return found.toSorted();
}

function collect(bytes: Uint8Array, type: protobuf.Type, path: string, found: string[]): void {
  for (let at = 0; at < bytes.length;) {
    const { number, wire, body, end } = fieldAt(bytes, at);
    const field = type.fieldsById[number];
    if (field === undefined) found.push(`${path}: ${hex(bytes.subarray(at, end))}`);
    else {
      const inner = field.resolvedType;
      if (wire === 2 && inner !== null && "fieldsById" in inner) collect(bytes.subarray(body, end), inner, `${path}/${field.name}`, found);
    }
    at = end;
  }
}

interface FieldPlace {
  readonly number: number;
  readonly wire: number;
  /** Where its value begins, behind the length of one that has one. */
  readonly body: number;
  readonly end: number;
}

function fieldAt(bytes: Uint8Array, at: number): FieldPlace {
  const tag = varintAt(bytes, at);
  const number = Math.floor(tag.value / 8);
  const wire = tag.value % 8;
  const body = tag.end;
  switch (wire) {
    case 0:
      return { number, wire, body, end: varintAt(bytes, body).end };
    case 1:
      return { number, wire, body, end: body + 8 };
    case 2: {
      const length = varintAt(bytes, body);
      return { number, wire, body: length.end, end: length.end + length.value };
    }
    case 3:
      return { number, wire, body, end: groupEnd(bytes, body) };
    case 5:
      return { number, wire, body, end: body + 4 };
    default:
      throw new Error(`Cannot read a field: its wire type is ${wire}`);
  }
}

/** Behind the end of the group whose fields begin at `at`. */
function groupEnd(bytes: Uint8Array, at: number): number {
  for (let depth = 1; ;) {
    const { value, end } = varintAt(bytes, at);
    if (value % 8 === 4) depth--;
    if (depth === 0) return end;
    if (value % 8 === 3) depth++;
    at = value % 8 === 3 || value % 8 === 4 ? end : fieldAt(bytes, at).end;
  }
}

function varintAt(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, end: at };
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
