/** Requests that the cases are made of, byte by byte. */
import { type Bytes, counting, field, fixed64, join, number } from "../harness/bytes.ts";

export const TRACE_ID: Bytes = counting(16);
export const SPAN_ID: Bytes = counting(8);
export const IDS: Bytes = join(field(1, TRACE_ID), field(2, SPAN_ID));

/** A span with valid ids and these fields besides. */
export function span(...fields: readonly Uint8Array[]): Bytes {
  return field(2, IDS, ...fields);
}

export function named(name: string | Uint8Array): Bytes {
  return field(5, name);
}

/** `resourceSpans` with one scope and these spans. */
export function spans(...all: readonly Uint8Array[]): Bytes {
  return field(1, field(2, ...all));
}

/** `resourceLogs` with one scope and one record of these fields. */
export function log(...fields: readonly Uint8Array[]): Bytes {
  return field(1, field(2, field(2, ...fields)));
}

/** `resourceMetrics` with one scope and one metric of these fields. */
export function metric(...fields: readonly Uint8Array[]): Bytes {
  return field(1, field(2, field(2, field(1, "m"), ...fields)));
}

/** A KeyValue in field `at`. */
export function attribute(at: number, key: string | Uint8Array, ...value: readonly Uint8Array[]): Bytes {
  return field(at, field(1, key), field(2, ...value));
}

/** An AnyValue's content: a string. */
export function text(value: string | Uint8Array): Bytes {
  return field(1, value);
}

/** An AnyValue's content: `depth` values, one in the other, by arrays or by maps. */
export function nested(kind: "array" | "map", depth: number): Bytes {
  // From the inside out, into one buffer from its end: lengths are known by then.
  const head = kind === "array" ? [0x2a, 0x0a] : [0x32, 0x0a, 0x12];
  const room = new Uint8Array(depth * (head.length * 6 + 4) + 16);
  let at = room.length;
  const put = (bytes: Uint8Array): void => {
    at -= bytes.length;
    room.set(bytes, at);
  };
  for (let level = 1; level < depth; level++) {
    for (const tag of head.toReversed()) {
      put(lengthOf(room.length - at));
      put(Uint8Array.of(tag));
    }
  }
  return room.slice(at);
}

function lengthOf(value: number): Bytes {
  const made: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) made.push((left % 128) | 0x80);
  return Uint8Array.from([...made, left]);
}

/** `times` of the same. */
export function repeated<Item>(times: number, item: Item): Item[] {
  return Array.from({ length: times }, () => item);
}

let sequence = 0;

/** A request like any other, different each time. */
export function goodTraces(): { readonly bytes: Bytes; readonly name: string } {
  const name = `good ${++sequence}`;
  return { bytes: join(field(1, field(1, attribute(1, "service.name", text("shop"))), field(2, span(named(name))))), name };
}

/** Two `resourceSpans` with every level down to an attribute's value, and where the first ends. */
export function twoResources(): { readonly bytes: Bytes; readonly boundary: number } {
  const one = (name: string): Bytes =>
    field(
      1,
      field(1, attribute(1, "service.name", text(name))),
      field(
        2,
        field(1, field(1, "scope")),
        span(named("op"), fixed64(7, 1n), number(6, 3), attribute(9, "k", text("v")), field(11, attribute(3, "e", text("w")))),
      ),
    );
  const first = one("a");
  return { bytes: join(first, one("b")), boundary: first.length };
}
