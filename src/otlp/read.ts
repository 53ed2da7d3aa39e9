/**
 * Checked OTLP bytes as plain objects, by the generated tables: for people (exporters that print) and
 * for tests, never for the hot path. Keys are OTLP/JSON's names; 64-bit integers are bigint, ids are
 * lower-case hex, other bytes a copy, enums numbers; what is not on the wire is absent. Unknown fields
 * are skipped.
 *
 * Invariant: the kernel has checked the bytes. Limits: values of one message, and depth; what lies
 * past them is left out.
 */
import type { Signal } from "../base/signal.ts";
import { after, EGROUP, I32, I64, LEN, readVarint, readVarintHigh, skipValue, VARINT } from "../wire/varint.ts";
import { doubleAt } from "./any-value.ts";
import {
  ExportLogsServiceRequest,
  ExportMetricsServiceRequest,
  ExportProfilesServiceRequest,
  ExportTraceServiceRequest,
  type FieldSchema,
  LogRecord,
  type MessageSchema,
  Metric,
  Profile,
  ProfileSample,
  Span,
} from "./tables.ts";
import { textAt } from "./text.ts";
import { word } from "./view.ts";

export type Value = string | number | bigint | boolean | Uint8Array | Message | readonly Value[] | Unread;

export interface Message {
  readonly [field: string]: Value | undefined;
}

export interface ReadOptions {
  /** Messages whose lists stay unread until someone walks them. */
  readonly unread?: ReadonlySet<MessageSchema>;
  /** Values read of one message with all that it holds, at the most. Default a million. */
  readonly valuesMax?: number;
}

const VALUES_MAX = 1_000_000;
/** The kernel lets AnyValue nest 64 deep, each level two messages, below the request's own six. */
const DEPTH_MAX = 200;
const NONE: Message = {};

interface Reading {
  readonly bytes: Uint8Array;
  readonly unread: ReadonlySet<MessageSchema>;
  readonly valuesMax: number;
  left: number;
}

export const REQUESTS: Readonly<Record<Signal, MessageSchema>> = {
  traces: ExportTraceServiceRequest,
  metrics: ExportMetricsServiceRequest,
  logs: ExportLogsServiceRequest,
  profiles: ExportProfilesServiceRequest,
};

/** The items of every signal: a request may hold very many. */
const ITEMS: ReadonlySet<MessageSchema> = new Set([Span, Metric, LogRecord, Profile, ProfileSample]);

/** The message of this schema at [start, end). */
export function readMessage(bytes: Uint8Array, schema: MessageSchema, start: number, end: number, options: ReadOptions = {}): Message {
  const valuesMax = options.valuesMax ?? VALUES_MAX;
  return read({ bytes, unread: options.unread ?? new Set(), valuesMax, left: valuesMax }, schema, start, end, 0);
}

/** A request whose spans, metrics, log records, profiles and samples are read one by one, as they are walked. */
export function readRequest(signal: Signal, bytes: Uint8Array, start: number, end: number): Message {
  return readMessage(bytes, REQUESTS[signal], start, end, { unread: ITEMS });
}

/** A list of messages that are read while it is walked, each time anew. Good while the bytes are held. */
export class Unread implements Iterable<Message> {
  readonly #reading: Reading;
  readonly #schema: MessageSchema;
  readonly #ranges: number[] = [];

  constructor(reading: Reading, schema: MessageSchema) {
    this.#reading = reading;
    this.#schema = schema;
  }

  get length(): number {
    return this.#ranges.length / 2;
  }

  add(start: number, end: number): void {
    this.#ranges.push(start, end);
  }

  *[Symbol.iterator](): Iterator<Message> {
    const { bytes, unread, valuesMax } = this.#reading;
    for (let i = 0; i < this.#ranges.length; i += 2) {
      yield read({ bytes, unread, valuesMax, left: valuesMax }, this.#schema, this.#ranges[i] ?? 0, this.#ranges[i + 1] ?? 0, 0);
    }
  }
}

function read(reading: Reading, schema: MessageSchema, start: number, end: number, depth: number): Message {
  const { bytes } = reading;
  const into: Record<string, Value> = {};
  for (let at = start; at < end && reading.left > 0;) {
    const tag = readVarint(bytes, at);
    const body = after;
    at = skipValue(bytes, body, tag);
    const field = schema.fields.find((candidate) => candidate.number === tag >>> 3);
    if (field === undefined || (tag & 7) === EGROUP) continue;
    reading.left--;
    if ((tag & 7) === LEN) readDelimited(reading, field, body, Math.min(at, end), depth, into);
    else if ((tag & 7) === field.wire) put(into, field, scalarAt(bytes, field, body));
  }
  return into;
}

/** A field with a length: text, bytes, a message, or packed scalars. */
function readDelimited(reading: Reading, field: FieldSchema, body: number, end: number, depth: number, into: Record<string, Value>): void {
  const { bytes } = reading;
  readVarint(bytes, body);
  const start = after;
  const schema = field.message?.();
  if (schema !== undefined) {
    if (field.repeated && reading.unread.has(schema)) unreadList(reading, field, schema, into).add(start, end);
    else if (depth < DEPTH_MAX) put(into, field, read(reading, schema, start, end, depth + 1));
  } else if (field.kind === "string") put(into, field, textAt(bytes, start, end));
  else if (field.kind === "bytes") put(into, field, field.idBytes === undefined ? bytes.slice(start, end) : hex(bytes, start, end));
  else if (field.repeated) {
    for (let at = start; at < end && reading.left > 0; reading.left--) {
      put(into, field, scalarAt(bytes, field, at));
      at = skipValue(bytes, at, field.wire);
    }
  }
}

function put(into: Record<string, Value>, field: FieldSchema, value: Value): void {
  if (field.repeated) {
    const known = into[field.jsonName];
    if (isList(known)) known.push(value);
    else into[field.jsonName] = [value];
    return;
  }
  into[field.jsonName] = value;
}

/** Lists are made here, and only here: they are arrays that may grow. */
function isList(value: Value | undefined): value is Value[] {
  return Array.isArray(value);
}

function unreadList(reading: Reading, field: FieldSchema, schema: MessageSchema, into: Record<string, Value>): Unread {
  const known = into[field.jsonName];
  if (known instanceof Unread) return known;
  const made = new Unread(reading, schema);
  into[field.jsonName] = made;
  return made;
}

function scalarAt(bytes: Uint8Array, field: FieldSchema, at: number): Value {
  if (field.wire === I64) return field.kind === "double" ? doubleAt(bytes, at) : whole64(field, word(bytes, at), word(bytes, at + 4));
  if (field.wire === I32) return field.kind === "sfixed32" ? word(bytes, at) | 0 : field.kind === "float" ? floatOf(word(bytes, at)) : word(bytes, at);
  if (field.wire !== VARINT) return 0;
  const low = readVarint(bytes, at);
  const high = readVarintHigh(bytes, at);
  switch (field.kind) {
    case "bool":
      return (low | high) !== 0;
    case "int64":
    case "uint64":
      return whole64(field, low, high);
    case "sint64": {
      const zigzag = whole64(field, low, high);
      return (zigzag >> 1n) ^ -(zigzag & 1n);
    }
    case "sint32":
      return (low >>> 1) ^ -(low & 1);
    case "uint32":
      return low;
    default:
      // int32 and enums: negative ones are written with 64 bits, of which these are the low ones.
      return low | 0;
  }
}

function whole64(field: FieldSchema, low: number, high: number): bigint {
  const value = (BigInt(high) << 32n) | BigInt(low);
  return field.kind === "int64" || field.kind === "sfixed64" ? BigInt.asIntN(64, value) : value;
}

const conversion = new DataView(new ArrayBuffer(4));

function floatOf(bits: number): number {
  conversion.setUint32(0, bits);
  return conversion.getFloat32(0);
}

/** The range in lower-case hexadecimal digits. */
export function hex(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let digits = "";
  for (let at = start; at < end; at++) digits += (bytes[at] ?? 0).toString(16).padStart(2, "0");
  return digits;
}

/** A text field; empty when absent. */
export function text(of: Message, field: string): string {
  const value = of[field];
  return typeof value === "string" ? value : "";
}

/** A 64-bit integer field; 0 when absent. */
export function whole(of: Message, field: string): bigint {
  const value = of[field];
  return typeof value === "bigint" ? value : 0n;
}

/** A field of up to 32 bits, an enum or a double; 0 when absent. */
export function number(of: Message, field: string): number {
  const value = of[field];
  return typeof value === "number" ? value : 0;
}

/** A message field; one without fields when absent. */
export function message(of: Message, field: string): Message {
  const value = of[field];
  return isMessage(value) ? value : NONE;
}

/** A list of messages, read or not. */
export function messages(of: Message, field: string): Iterable<Message> & { readonly length: number } {
  const value = of[field];
  if (value instanceof Unread) return value;
  return isList(value) && isMessage(value[0]) ? value.filter((item) => isMessage(item)) : [];
}

/** A list of anything but unread messages. */
export function list(of: Message, field: string): readonly Value[] {
  const value = of[field];
  return isList(value) ? value : [];
}

/** Text, a number or a truth as text; empty for anything else. */
export function scalarText(value: Value | undefined): string {
  return typeof value === "object" || value === undefined ? "" : String(value);
}

/** A list of doubles, or of integers of up to 32 bits. */
export function numbers(of: Message, field: string): readonly number[] {
  return list(of, field).filter((value) => typeof value === "number");
}

/** A list of 64-bit integers. */
export function wholes(of: Message, field: string): readonly bigint[] {
  return list(of, field).filter((value) => typeof value === "bigint");
}

/** An id in hexadecimal digits; empty when absent, or when every byte is zero, which means the same. */
export function id(of: Message, field: string): string {
  const digits = text(of, field);
  return /^0*$/.test(digits) ? "" : digits;
}

export function isMessage(value: Value | undefined): value is Message {
  return typeof value === "object" && !(value instanceof Uint8Array) && !(value instanceof Unread) && !Array.isArray(value);
}
