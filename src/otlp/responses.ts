/**
 * What an OTLP server answers: Export<Signal>ServiceResponse and google.rpc.Status, written and read
 * in both encodings (OTLP 1.11, "OTLP/HTTP Response"). Small messages, so plain code on bytes.
 *
 *   Export*ServiceResponse   partial_success = 1 { rejected_<items> = 1 varint, error_message = 2 string }
 *   google.rpc.Status        code = 1 varint, message = 2 string, details = 3
 *
 * Limit: a message is cut to 1 KiB of UTF-8, so that a response stays far below the 4 MiB of the specification.
 */
import type { ErrorCode } from "../base/errors.ts";
import type { Signal } from "../base/signal.ts";

export type Encoding = "proto" | "json";

/** Bytes of UTF-8 that a message of ours, or one that was read, may have. */
export const MESSAGE_BYTES_MAX = 1024;

export const MEDIA_TYPES: Readonly<Record<Encoding, string>> = { proto: "application/x-protobuf", json: "application/json" };

/** HTTP status and google.rpc code of each error. */
export const ERROR_STATUS: Readonly<Record<ErrorCode, { readonly http: number; readonly rpc: number }>> = {
  config: { http: 500, rpc: 13 },
  malformed_protobuf: { http: 400, rpc: 3 },
  malformed_json: { http: 400, rpc: 3 },
  malformed_compression: { http: 400, rpc: 3 },
  unsupported_media: { http: 415, rpc: 3 },
  too_large: { http: 413, rpc: 8 },
  over_budget: { http: 503, rpc: 14 },
  aborted: { http: 400, rpc: 1 },
  timeout: { http: 408, rpc: 4 },
  not_found: { http: 404, rpc: 5 },
  listen: { http: 500, rpc: 13 },
  storage: { http: 503, rpc: 14 },
  ownership: { http: 500, rpc: 13 },
  internal: { http: 500, rpc: 13 },
};

export interface PartialSuccess {
  /** Items that were not taken; 0 with a message is a warning. */
  readonly rejected: number;
  readonly message: string;
}

export interface Status {
  /** google.rpc.Code. */
  readonly code: number;
  readonly message: string;
}

const REJECTED_KEYS: Readonly<Record<Signal, string>> = {
  traces: "rejectedSpans",
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
  profiles: "rejectedProfiles",
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const EMPTY = new Uint8Array(0);

/** Success: empty, or `{}`, unless something was rejected or there is something to say. */
export function writeExportResponse(signal: Signal, encoding: Encoding, { rejected, message }: PartialSuccess): Uint8Array {
  const text = cutMessage(message);
  const silent = rejected === 0 && text === "";
  if (encoding === "json") {
    if (silent) return encoder.encode("{}");
    // 64-bit integers are decimal strings in OTLP/JSON.
    const counted = rejected === 0 ? {} : { [REJECTED_KEYS[signal]]: String(rejected) };
    return encoder.encode(JSON.stringify({ partialSuccess: { ...counted, ...(text === "" ? {} : { errorMessage: text }) } }));
  }
  if (silent) return EMPTY;
  const partial = writeNumberAndText(rejected, text);
  return Uint8Array.from([0x0a, ...varint(partial.length), ...partial]);
}

/** A google.rpc.Status. */
export function writeStatus(encoding: Encoding, { code, message }: Status): Uint8Array {
  const text = cutMessage(message);
  if (encoding === "json") return encoder.encode(JSON.stringify({ code, message: text }));
  return Uint8Array.from(writeNumberAndText(code, text));
}

/**
 * What a destination answered to an export; undefined when that cannot be read. A negative or
 * unreadable count is 0.
 */
export function readExportResponse(signal: Signal, encoding: Encoding, body: Uint8Array): PartialSuccess | undefined {
  if (encoding === "json") {
    const partial = member(parseObject(body), "partialSuccess", "partial_success");
    if (partial === undefined) return undefined;
    if (partial.value === undefined || partial.value === null) return { rejected: 0, message: "" };
    if (typeof partial.value !== "object") return undefined;
    const camel = REJECTED_KEYS[signal];
    const snake = camel.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const rejected = member(partial.value, camel, snake)?.value;
    const message = member(partial.value, "errorMessage", "error_message")?.value;
    return { rejected: count(rejected), message: cutMessage(typeof message === "string" ? message : "") };
  }
  let result: PartialSuccess = { rejected: 0, message: "" };
  const whole = eachField(body, 0, body.length, (number, type, start, end) => {
    if (number !== 1 || type !== 2) return;
    const inner = readNumberAndText(body, start, end);
    if (inner === undefined) throw new RangeError("partial_success");
    result = { rejected: Math.max(0, inner.number), message: inner.text };
  });
  return whole ? result : undefined;
}

/** The message of a google.rpc.Status; undefined when it cannot be read. */
export function readStatus(encoding: Encoding, body: Uint8Array): Status | undefined {
  if (encoding === "json") {
    const object = parseObject(body);
    const code = member(object, "code", "code")?.value;
    const message = member(object, "message", "message")?.value;
    return typeof message === "string" ? { code: typeof code === "number" ? code : 2, message: cutMessage(message) } : undefined;
  }
  const read = readNumberAndText(body, 0, body.length);
  return read === undefined ? undefined : { code: read.number, message: read.text };
}

/** At most `MESSAGE_BYTES_MAX` bytes of UTF-8, cut between characters. */
export function cutMessage(text: string): string {
  if (text.length * 3 <= MESSAGE_BYTES_MAX) return text;
  const into = new Uint8Array(MESSAGE_BYTES_MAX);
  const { read, written } = encoder.encodeInto(text, into);
  return read === text.length ? text : `${decoder.decode(encoder.encode(text).subarray(0, boundary(text, read, written)))}...`;
}

/** Room for the three dots. */
function boundary(text: string, read: number, written: number): number {
  let characters = read;
  let bytes = written;
  while (bytes > MESSAGE_BYTES_MAX - 3 && characters > 0) {
    const low = text.charCodeAt(characters - 1);
    const pair = low >= 0xdc00 && low < 0xe000;
    characters -= pair ? 2 : 1;
    bytes = encoder.encode(text.slice(0, characters)).length;
  }
  return bytes;
}

function writeNumberAndText(number: number, text: string): number[] {
  const bytes = encoder.encode(text);
  const numbered = number === 0 ? [] : [0x08, ...varint(number)];
  return bytes.length === 0 ? numbered : [...numbered, 0x12, ...varint(bytes.length), ...bytes];
}

/** Of a number below 2^53. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  while (value >= 0x80) {
    bytes.push((value % 0x80) | 0x80);
    value = Math.floor(value / 0x80);
  }
  bytes.push(value);
  return bytes;
}

/** A message of `int64 = 1` and `string = 2`; others are skipped. */
function readNumberAndText(body: Uint8Array, start: number, end: number): { readonly number: number; readonly text: string } | undefined {
  let number = 0;
  let text = "";
  const whole = eachField(body, start, end, (field, type, from, to) => {
    if (field === 1 && type === 0) number = readSigned(body, from);
    if (field === 2 && type === 2) text = cutMessage(decoder.decode(body.slice(from, to)));
  });
  return whole ? { number, text } : undefined;
}

/** Shows each field with the range of its value; false when the message is damaged. */
function eachField(body: Uint8Array, start: number, end: number, see: (number: number, type: number, from: number, to: number) => void): boolean {
  let at = start;
  while (at < end) {
    const afterTag = varintEnd(body, at, end);
    if (afterTag < 0) return false;
    const tag = readSigned(body, at);
    const valueEnd = fieldEnd(body, afterTag, end, tag % 8);
    if (valueEnd < 0 || valueEnd > end || tag < 8) return false;
    const from = tag % 8 === 2 ? varintEnd(body, afterTag, end) : afterTag;
    try {
      see(Math.floor(tag / 8), tag % 8, from, valueEnd);
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
    at = valueEnd;
  }
  return true;
}

/** Where a value of this wire type ends; -1 when it is cut off, or of a type that no response has. */
function fieldEnd(body: Uint8Array, at: number, end: number, type: number): number {
  switch (type) {
    case 0:
      return varintEnd(body, at, end);
    case 1:
      return at + 8;
    case 2: {
      const from = varintEnd(body, at, end);
      if (from < 0) return -1;
      const length = readSigned(body, at);
      return length < 0 ? -1 : from + length;
    }
    case 5:
      return at + 4;
    default:
      return -1;
  }
}

function varintEnd(body: Uint8Array, at: number, end: number): number {
  for (let i = at; i < end && i < at + 10; i++) {
    if ((body[i] ?? 0) < 0x80) return i + 1;
  }
  return -1;
}

/** A varint as a signed number; beyond 2^53 inexact, which is past every count and length that is used here. */
function readSigned(body: Uint8Array, at: number): number {
  let value = 0;
  let scale = 1;
  for (let i = at; i < at + 10; i++) {
    const byte = body[i] ?? 0;
    // The tenth byte of a varint is the sign of an int64.
    if (i === at + 9 && (byte & 1) === 1) return -1;
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte < 0x80) break;
  }
  return value;
}

function parseObject(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body)) as unknown;
  } catch {
    // Not JSON is an answer like any other that cannot be read.
    return undefined;
  }
}

/** A member by either name; undefined when `object` is none. */
function member(object: unknown, camel: string, snake: string): { readonly value: unknown } | undefined {
  if (typeof object !== "object" || object === null || Array.isArray(object)) return undefined;
  const members = new Map(Object.entries(object));
  return { value: members.get(camel) ?? members.get(snake) };
}

function count(value: unknown): number {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number > 0 ? number : 0;
}
