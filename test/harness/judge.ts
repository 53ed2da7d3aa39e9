/**
 * The judge: an OTLP decoder and encoder that owes nothing to Sluice. protobufjs does the work, on a
 * schema made from test/contract/otlp-facts.json, which was recorded from published packages and not
 * from our proto/. Every differential test asks it. Objects have OTLP/JSON's key names; 64-bit
 * integers are decimal strings, bytes stay Uint8Array, enums are numbers, absent fields are absent.
 */
import protobuf from "protobufjs";
import type { Signal } from "../../src/base/signal.ts";
import facts from "../contract/otlp-facts.json" with { type: "json" };

export type Plain = { readonly [key: string]: unknown };

export interface Judge {
  readonly type: protobuf.Type;
  /** Throws when the bytes are no message. */
  readonly decode: (bytes: Uint8Array) => protobuf.Message;
  /** Fields ascending, scalars packed. Takes what `toObject` gives. */
  readonly encode: (object: Plain) => Uint8Array<ArrayBuffer>;
  /** Of a message, or of bytes. Unknown fields are left out. */
  readonly toObject: (from: protobuf.Message | Uint8Array) => Plain;
}

type Row = readonly (string | number)[];

// AnyValue may nest 64 deep, with a list between any two: more than protobufjs's own limit of 100.
protobuf.Reader.recursionLimit = 1000;
protobuf.util.recursionLimit = 1000;

const root = makeRoot();
const judges = new Map<string, Judge>();

/** The judge of a signal's `Export<Signal>ServiceRequest`. */
export function judge(signal: Signal): Judge {
  const [folder, name] = REQUESTS[signal];
  return judgeOf(`opentelemetry.proto.collector.${folder}.Export${name}ServiceRequest`);
}

/** The judge of any message in the facts, by full name. */
export function judgeOf(fullName: string): Judge {
  const known = judges.get(fullName);
  if (known !== undefined) return known;
  const made = makeJudge(root.lookupType(fullName));
  judges.set(fullName, made);
  return made;
}

const REQUESTS: Readonly<Record<Signal, readonly [folder: string, name: string]>> = {
  traces: ["trace.v1", "Trace"],
  metrics: ["metrics.v1", "Metrics"],
  logs: ["logs.v1", "Logs"],
  profiles: ["profiles.v1development", "Profiles"],
};

function makeJudge(type: protobuf.Type): Judge {
  return {
    type,
    decode: (bytes) => type.decode(bytes),
    // The plain writer: the one over Buffer relies on how much Node's own write takes, and workerd's refuses that.
    encode: (object) => Uint8Array.from(type.encode(type.fromObject(object), new protobuf.Writer()).finish()),
    toObject: (from) => type.toObject(from instanceof Uint8Array ? type.decode(from) : from, { longs: String, enums: Number }),
  };
}

function makeRoot(): protobuf.Root {
  const made = new protobuf.Root();
  const messages: Readonly<Record<string, readonly Row[]>> = facts.messages;
  const enums: Readonly<Record<string, Readonly<Record<string, number>>>> = facts.enums;
  // Outer messages first, so that a nested one finds its parent as a message.
  const names = Object.keys(messages).toSorted((a, b) => a.length - b.length);
  for (const name of names) {
    const type = new protobuf.Type(lastPart(name));
    for (const row of messages[name] ?? []) addField(type, row);
    parentOf(made, name).add(type);
  }
  for (const [name, values] of Object.entries(enums)) {
    parentOf(made, name).add(new protobuf.Enum(lastPart(name), { ...values }));
  }
  made.resolveAll();
  return made;
}

function addField(type: protobuf.Type, row: Row): void {
  const [name, number, kind, label, ref] = row.map(String);
  if (name === undefined || kind === undefined || label === undefined) return;
  // A reference out of the recorded set (a localized message in BadRequest) stays unknown.
  if (ref !== undefined && !(ref in facts.messages) && !(ref in facts.enums)) return;
  const key = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const repeated = label === "repeated";
  const packed = repeated && !["string", "bytes", "message"].includes(kind);
  const options = packed ? { packed: true } : {};
  const field = new protobuf.Field(key, Number(number), ref ?? kind, repeated ? "repeated" : "optional", options);
  if (!label.startsWith("oneof ")) {
    type.add(field);
    return;
  }
  const group = label.slice("oneof ".length);
  const oneof = type.oneofs?.[group];
  if (oneof !== undefined) oneof.add(field);
  else type.add(new protobuf.OneOf(group).add(field));
}

function parentOf(made: protobuf.Root, fullName: string): protobuf.Namespace {
  const path = fullName.slice(0, fullName.lastIndexOf(".")).split(".");
  const found = made.lookup(path);
  return found instanceof protobuf.Namespace ? found : made.define(path);
}

function lastPart(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf(".") + 1);
}
