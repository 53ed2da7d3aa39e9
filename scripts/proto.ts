/**
 * Reads proto/ into a small plain model, which everything generated is generated from: the tables,
 * the kernel's walkers, the JSON readers and writers. protobufjs parses the text; nothing of it
 * shows outside this file. The order of messages and fields is stable: by full name, by number.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const SCALARS = [
  "double",
  "float",
  "int32",
  "int64",
  "uint32",
  "uint64",
  "sint32",
  "sint64",
  "fixed32",
  "fixed64",
  "sfixed32",
  "sfixed64",
  "bool",
  "string",
  "bytes",
] as const;

/** Protobuf's scalar types, and the two kinds of reference. */
export type FieldType = (typeof SCALARS)[number] | "message" | "enum";

export interface ProtoField {
  /** As in the .proto file: `trace_id`. */
  readonly name: string;
  /** The key in OTLP/JSON: `traceId`. */
  readonly jsonName: string;
  readonly number: number;
  readonly type: FieldType;
  /** `optional` is proto3's explicit presence; `oneof` is a member of one. */
  readonly label: "singular" | "optional" | "repeated" | "oneof";
  /** The oneof that the field is a member of. */
  readonly oneof: string | undefined;
  /** A repeated scalar, which writers pack and readers take either way. */
  readonly packed: boolean;
  /** Full name of the message or enum, without a leading dot. */
  readonly ref: string | undefined;
}

export interface ProtoMessage {
  /** `Event` */
  readonly name: string;
  /** `opentelemetry.proto.trace.v1.Span.Event` */
  readonly fullName: string;
  /** By number. */
  readonly fields: readonly ProtoField[];
}

export interface ProtoEnum {
  readonly name: string;
  readonly fullName: string;
  /** By declaration. */
  readonly values: readonly { readonly name: string; readonly number: number }[];
}

export interface ProtoMethod {
  readonly service: string;
  readonly name: string;
  readonly request: string;
  readonly response: string;
}

export interface ProtoModel {
  /** By full name, sorted. */
  readonly messages: ReadonlyMap<string, ProtoMessage>;
  readonly enums: ReadonlyMap<string, ProtoEnum>;
  readonly methods: readonly ProtoMethod[];
}

const FOLDER = fileURLToPath(new URL("../proto/", import.meta.url));
const UNPACKABLE = new Set<FieldType>(["string", "bytes", "message"]);

/** Parses every .proto file under proto/. Throws when one does not parse or a reference is open. */
export function readProto(folder: string = FOLDER): ProtoModel {
  const root = new protobuf.Root();
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".proto"))
    .toSorted();
  for (const file of files) {
    const text = readFileSync(join(folder, file), "utf8");
    protobuf.parse(text, root, { keepCase: true });
  }
  root.resolveAll();
  return modelOf(root);
}

/** The message's own part of its full name: `Span.Event` for a nested one. */
export function shortName(model: ProtoModel, fullName: string): string {
  const outer = fullName.slice(0, fullName.lastIndexOf("."));
  const own = fullName.slice(outer.length + 1);
  return model.messages.has(outer) ? `${shortName(model, outer)}.${own}` : own;
}

function modelOf(root: protobuf.Root): ProtoModel {
  const messages: ProtoMessage[] = [];
  const enums: ProtoEnum[] = [];
  const methods: ProtoMethod[] = [];
  const visit = (at: protobuf.NamespaceBase): void => {
    for (const child of at.nestedArray) {
      if (child instanceof protobuf.Type) messages.push(messageOf(child));
      if (child instanceof protobuf.Enum) enums.push(enumOf(child));
      if (child instanceof protobuf.Service) methods.push(...methodsOf(child));
      if (child instanceof protobuf.Namespace) visit(child);
    }
  };
  visit(root);
  return { messages: byFullName(messages), enums: byFullName(enums), methods: methods.toSorted((a, b) => order(a.service, b.service)) };
}

function byFullName<T extends { readonly fullName: string }>(all: readonly T[]): Map<string, T> {
  return new Map(all.toSorted((a, b) => order(a.fullName, b.fullName)).map((one) => [one.fullName, one]));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function messageOf(type: protobuf.Type): ProtoMessage {
  const fields = type.fieldsArray.map(fieldOf).toSorted((a, b) => a.number - b.number);
  return { name: type.name, fullName: plainName(type), fields };
}

function fieldOf(field: protobuf.Field): ProtoField {
  const resolved = field.resolvedType;
  const type = resolved === null ? scalarOf(field) : resolved instanceof protobuf.Enum ? "enum" : "message";
  const presence = field.options?.["proto3_optional"] === true;
  const oneof = presence ? undefined : field.partOf?.name;
  return {
    name: field.name,
    jsonName: field.name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    number: field.id,
    type,
    label: field.repeated ? "repeated" : presence ? "optional" : oneof === undefined ? "singular" : "oneof",
    oneof,
    packed: field.repeated && !UNPACKABLE.has(type),
    ref: resolved === null ? undefined : plainName(resolved),
  };
}

function scalarOf(field: protobuf.Field): FieldType {
  const found = SCALARS.find((name) => name === field.type);
  if (found === undefined) throw new TypeError(`Cannot read ${field.fullName}: no type "${field.type}"`);
  return found;
}

function enumOf(type: protobuf.Enum): ProtoEnum {
  const values = Object.entries(type.values).map(([name, number]) => ({ name, number }));
  return { name: type.name, fullName: plainName(type), values };
}

function methodsOf(service: protobuf.Service): ProtoMethod[] {
  return service.methodsArray.map((method) => ({
    service: plainName(service),
    name: method.name,
    request: plainName(service.lookupType(method.requestType)),
    response: plainName(service.lookupType(method.responseType)),
  }));
}

function plainName(object: protobuf.ReflectionObject): string {
  return object.fullName.replace(/^\./, "");
}
