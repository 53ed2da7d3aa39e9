/** Requests in which one known field has a wire type that is not its own: every field of every message, once in each. */
import protobuf from "protobufjs";
import { type Signal, SIGNALS } from "../../src/base/signal.ts";
import { type Bytes, field, fixed32, fixed64, group, number } from "../harness/bytes.ts";
import { judge } from "../harness/judge.ts";

export interface Mistyped {
  readonly signal: Signal;
  /** Of the field that is wrong. */
  readonly path: string;
  readonly body: Bytes;
}

type Around = (inner: Uint8Array) => Bytes;

/** All of them; a message that occurs in several places is taken at the first. */
export function mistypedFields(): readonly Mistyped[] {
  return SIGNALS.flatMap((signal) => {
    const known = new Set<protobuf.Type>();
    const waiting: { readonly type: protobuf.Type; readonly path: string; readonly around: Around }[] = [
      { type: judge(signal).type, path: "", around: (inner) => Uint8Array.from(inner) },
    ];
    const found: Mistyped[] = [];
    for (const { type, path, around } of waiting) {
      if (known.has(type)) continue;
      known.add(type);
      for (const one of type.fieldsArray) {
        const here = `${path === "" ? "" : `${path}.`}${one.name}${one.repeated ? "[0]" : ""}`;
        found.push(...wrongTypes(one).map((body) => ({ signal, path: here, body: around(body) })));
        if (one.resolvedType instanceof protobuf.Type) {
          waiting.push({ type: one.resolvedType, path: here, around: (inner) => around(field(one.id, inner)) });
        }
      }
    }
    return found;
  });
}

/** The field in each wire type but its own; a list of numbers has two of its own. */
function wrongTypes(one: protobuf.Field): Bytes[] {
  const own = wireTypeOf(one);
  const all: readonly (readonly [type: number, bytes: Bytes])[] = [
    [0, number(one.id, 1)],
    [1, fixed64(one.id, 1n)],
    [2, field(one.id)],
    [3, group(one.id)],
    [5, fixed32(one.id, 1)],
  ];
  return all.filter(([type]) => type !== own && !(type === 2 && one.repeated)).map(([, bytes]) => bytes);
}

function wireTypeOf(one: protobuf.Field): number {
  if (one.resolvedType instanceof protobuf.Type) return 2;
  if (one.resolvedType instanceof protobuf.Enum) return 0;
  if (/^(?:fixed64|sfixed64|double)$/.test(one.type)) return 1;
  if (/^(?:fixed32|sfixed32|float)$/.test(one.type)) return 5;
  return /^(?:string|bytes)$/.test(one.type) ? 2 : 0;
}
