/** What the generators of the kernel's JSON code share: the messages under the requests, their names, their tags. */
import { shortName, readProto, type ProtoEnum, type ProtoField, type ProtoMessage } from "./proto.ts";

const COLLECTOR = "opentelemetry.proto.collector";
/** By signal number. */
export const REQUESTS = [
  `${COLLECTOR}.trace.v1.ExportTraceServiceRequest`,
  `${COLLECTOR}.metrics.v1.ExportMetricsServiceRequest`,
  `${COLLECTOR}.logs.v1.ExportLogsServiceRequest`,
  `${COLLECTOR}.profiles.v1development.ExportProfilesServiceRequest`,
];
/** Bytes that OTLP/JSON writes in hexadecimal. */
export const IDS = new Set(["trace_id", "span_id", "parent_span_id", "profile_id"]);
export const KEY_VALUE = "opentelemetry.proto.common.v1.KeyValue";
export const ANY_VALUE = "opentelemetry.proto.common.v1.AnyValue";
export const WIRES: Readonly<Record<ProtoField["type"], number>> = {
  int32: 0,
  int64: 0,
  uint32: 0,
  uint64: 0,
  sint32: 0,
  sint64: 0,
  bool: 0,
  enum: 0,
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  string: 2,
  bytes: 2,
  message: 2,
  float: 5,
  fixed32: 5,
  sfixed32: 5,
};

const model = readProto();
/** Every message under the four requests, each after the one that first names it. */
export const reached: readonly string[] = reach();
/** Those that can hold themselves, at any distance. */
export const inside: ReadonlySet<string> = new Set(reached.filter((name) => holdsItself(name)));
const names = new Map(reached.map((name) => [name, nameOf(name)]));

function reach(): string[] {
  const found: string[] = [];
  const visit = (name: string): void => {
    if (found.includes(name)) return;
    found.push(name);
    for (const field of messageIn(name).fields) if (field.type === "message" && field.ref !== undefined) visit(field.ref);
  };
  for (const name of REQUESTS) visit(name);
  return found;
}

export function enumsIn(): ProtoEnum[] {
  const refs = new Set(reached.flatMap((name) => messageIn(name).fields.flatMap((field) => (field.type === "enum" ? [field.ref ?? ""] : []))));
  return [...refs].toSorted().map((name) => {
    const found = model.enums.get(name);
    if (found === undefined) throw new Error(`Cannot generate the JSON code: proto/ has no enum ${name}`);
    return found;
  });
}

/** Whether values of the message can hold others of it, at any distance. */
function holdsItself(wanted: string): boolean {
  const done = new Set<string>();
  const holds = (from: string): boolean =>
    messageIn(from).fields.some(({ ref }) => {
      if (ref === wanted) return true;
      if (ref === undefined || done.has(ref) || !model.messages.has(ref)) return false;
      done.add(ref);
      return holds(ref);
    });
  return holds(wanted);
}

export function messageIn(name: string): ProtoMessage {
  const found = model.messages.get(name);
  if (found === undefined) throw new Error(`Cannot generate the JSON code: proto/ has no message ${name}`);
  return found;
}

/** Profiles' own messages, which have everyday names, carry their signal's. */
function nameOf(fullName: string): string {
  const plain = shortName(model, fullName).replaceAll(".", "");
  return fullName.includes(".profiles.") && !plain.includes("Profile") ? `Profile${plain}` : plain;
}

export function nameIn(fullName: string): string {
  const found = names.get(fullName);
  if (found === undefined) throw new Error(`Cannot generate the JSON code: ${fullName} is not under a request`);
  return found;
}

export function enumName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf(".") + 1);
}

export function guessOf(fullName: string): string {
  return `${nameIn(fullName)
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toUpperCase()}_GUESS`;
}

/** The tag of a written field as its bytes, the first lowest: packed where it may be. */
export function tagBytes(field: ProtoField): number {
  const tag = wireTag(field, field.packed ? 2 : WIRES[field.type]);
  if (tag < 0x80) return tag;
  if (tag > 0x3fff) throw new Error(`Cannot generate a reader of ${field.name}: its tag has three bytes`);
  return (tag & 0x7f) | 0x80 | ((tag >>> 7) << 8);
}

export function wireTag(field: ProtoField, wire: number): number {
  return field.number * 8 + wire;
}

export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(2, "0")}`;
}

/** Up to `width` bytes from `from` as a little-endian number. */
export function word(bytes: Uint8Array, from: number, width: number): string {
  let value = 0n;
  for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[from + i] ?? 0);
  return `0x${value.toString(16)}`;
}
