/**
 * Where in a request a damage lies, in words: worked out after the kernel has found it, off the hot
 * path. The bytes are damaged, so nothing here trusts a length; a loop goes down, not calls.
 */
import type { Signal } from "../base/signal.ts";
import * as tables from "./tables.ts";

/** The request message of each signal. */
export const REQUESTS: Readonly<Record<Signal, tables.MessageSchema>> = {
  traces: tables.ExportTraceServiceRequest,
  metrics: tables.ExportMetricsServiceRequest,
  logs: tables.ExportLogsServiceRequest,
  profiles: tables.ExportProfilesServiceRequest,
};

/** Names in a path at the most; deeper nesting is shown as `...`. */
const NAMES_MAX = 24;

/**
 * The path of the field at, or around, the address `at` in the request at [start, end): for example
 * `resourceSpans[0].scopeSpans[2].spans[7].attributes[3].value`. Empty when it is the request itself.
 */
export function pathAt(bytes: Uint8Array, signal: Signal, start: number, end: number, at: number): string {
  const names: string[] = [];
  let schema: tables.MessageSchema | undefined = REQUESTS[signal];
  let from = start;
  let to = end;
  while (schema !== undefined && names.length < NAMES_MAX) {
    const found = fieldAt(bytes, schema, from, to, at);
    if (found === undefined) break;
    names.push(found.name);
    if (at < found.body) break;
    schema = found.message;
    from = found.body;
    to = found.end;
  }
  if (names.length === NAMES_MAX) names.push("...");
  return names.join(".");
}

interface Found {
  readonly name: string;
  readonly message: tables.MessageSchema | undefined;
  readonly body: number;
  readonly end: number;
}

/** The field of the message [from, to) that `at` lies in, counting repeated ones. */
function fieldAt(bytes: Uint8Array, schema: tables.MessageSchema, from: number, to: number, at: number): Found | undefined {
  const counts = new Map<number, number>();
  for (let place = from; place < to && place <= at;) {
    const tag = varintAt(bytes, place, to);
    if (tag === undefined) return undefined;
    const number = Math.floor(tag.value / 8);
    const field = schema.fields.find((candidate) => candidate.number === number);
    const value = valueAt(bytes, tag.end, to, tag.value % 8);
    if (field !== undefined) {
      const index = counts.get(number) ?? 0;
      counts.set(number, index + 1);
      // Damage at the very end of a message is in its last field.
      if (value === undefined || at < value.end || value.end >= to) {
        return {
          name: field.repeated ? `${field.jsonName}[${index}]` : field.jsonName,
          message: field.message?.(),
          body: value?.body ?? to,
          end: value?.end ?? to,
        };
      }
    }
    if (value === undefined) return undefined;
    place = value.end;
  }
  return undefined;
}

function varintAt(bytes: Uint8Array, at: number, end: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 10 && at + index < end; index++) {
    const byte = bytes[at + index] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: at + index + 1 };
  }
  return undefined;
}

/** Body and end of a value; undefined where it does not fit its message. Groups are not walked: nothing known lies in one. */
function valueAt(bytes: Uint8Array, at: number, end: number, wire: number): { readonly body: number; readonly end: number } | undefined {
  if (wire === 1) return at + 8 <= end ? { body: at, end: at + 8 } : undefined;
  if (wire === 5) return at + 4 <= end ? { body: at, end: at + 4 } : undefined;
  if (wire > 2) return undefined;
  const varint = varintAt(bytes, at, end);
  if (varint === undefined) return undefined;
  if (wire === 0) return { body: at, end: varint.end };
  return { body: varint.end, end: Math.min(end, varint.end + varint.value) };
}
