/**
 * A batch as it is stored: a length of four bytes (little-endian), a header of that many bytes in JSON,
 * and the requests end to end; cut into values that a storage takes. What fits into one costs one copy.
 *
 * What is read was checked before it was stored, and is checked again: a disk may have changed it since,
 * and whoever walks damaged lengths ends up in what lies behind, which is somebody else's.
 */
import * as z from "zod";
import { SIGNALS } from "../base/signal.ts";
import type { Engine } from "../otlp/engine.ts";
import type { Batch } from "./batch.ts";
import { isSound } from "./envelope.ts";
import type { Envelope } from "./stage.ts";
import { STORAGE_VALUE_BYTES_MAX } from "./storage.ts";

const LENGTH_BYTES = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const header = z.object({
  signal: z.enum(SIGNALS),
  id: z.string(),
  items: z.number().int().min(1),
  origin: z.object({
    receiver: z.string(),
    peer: z.string(),
    tenant: z.string(),
    arrivedMs: z.number(),
    headers: z.record(z.string(), z.string()),
    key: z.string().optional(),
  }),
  /** Bytes of each request. */
  requests: z.array(z.number().int().min(0)),
  /** Why it is a dead letter. */
  message: z.string().optional(),
});

type Header = z.input<typeof header>;

/** What was stored. */
export interface Stored {
  readonly envelope: Envelope;
  readonly message: string | undefined;
}

/** The batch's requests are read at once: the caller may let go of it. */
export function bytesOfBatch({ chunks, id, items, origin, signal }: Batch): Uint8Array {
  const { at, bytes } = opened({ signal, id, items, origin, requests: chunks.map(({ length }) => length) });
  let end = at;
  for (const chunk of chunks) end = chunk.copyTo(bytes, end);
  return bytes;
}

/** Without what says of the envelope where it is kept. */
export function bytesOfEnvelope({ id, items, origin, requests, signal }: Envelope, message?: string): Uint8Array {
  const sizes = requests.map(({ length }) => length);
  const { at, bytes } = opened({ signal, id, items, origin, requests: sizes, ...(message === undefined ? {} : { message }) });
  let end = at;
  for (const request of requests) {
    bytes.set(request, end);
    end += request.length;
  }
  return bytes;
}

/** How many values so many bytes are. */
export function valueCount(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / STORAGE_VALUE_BYTES_MAX));
}

/** The bytes as values, none of them copied. */
export function valuesOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: valueCount(bytes.length) }, (_, index) => bytes.subarray(index * STORAGE_VALUE_BYTES_MAX, (index + 1) * STORAGE_VALUE_BYTES_MAX));
}

/** What the values hold; undefined where one is missing, or damaged. Throws `over_budget`: it cannot be checked now. */
export function storedFrom(engine: Engine, values: readonly (Uint8Array | undefined)[]): Stored | undefined {
  const bytes = joinedValues(values);
  if (bytes === undefined || bytes.length < LENGTH_BYTES) return undefined;
  const start = LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const parsed = header.safeParse(jsonOf(bytes.subarray(LENGTH_BYTES, start)));
  if (!parsed.success) return undefined;
  const { id, items, message, origin, requests: sizes, signal } = parsed.data;
  const requests: Uint8Array[] = [];
  let at = start;
  for (const size of sizes) {
    requests.push(bytes.subarray(at, at + size));
    at += size;
  }
  if (at !== bytes.length) return undefined;
  const { key, ...rest } = origin;
  const envelope: Envelope = { signal, requests, items, checked: true, id, origin: key === undefined ? rest : { ...rest, key } };
  return isSound(engine, envelope) ? { envelope, message } : undefined;
}

function opened(head: Header): { readonly bytes: Uint8Array; readonly at: number } {
  const text = encoder.encode(JSON.stringify(head));
  const at = LENGTH_BYTES + text.length;
  const bytes = new Uint8Array(head.requests.reduce((sum, size) => sum + size, at));
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, LENGTH_BYTES);
  return { bytes, at };
}

function joinedValues(values: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  const [only] = values;
  if (values.length === 1) return only;
  const bytes = new Uint8Array(values.reduce((sum, value) => sum + (value?.length ?? 0), 0));
  let at = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    bytes.set(value, at);
    at += value.length;
  }
  return bytes;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    // No header: the caller says that it is damaged, and counts it.
    return undefined;
  }
}
