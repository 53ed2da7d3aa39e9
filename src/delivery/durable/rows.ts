/**
 * A batch as it is stored: a length of four bytes (little-endian), a header of that many bytes in
 * JSON, and the requests end to end; cut into rows that a storage takes. A body of one row costs one
 * copy, out of the pool.
 */
import * as z from "zod";
import { SIGNALS } from "../../base/signal.ts";
import type { Batch } from "../../pipeline/batch.ts";
import type { Envelope } from "../../pipeline/stage.ts";

/** As much as a storage takes (pipeline/storage.ts): a Durable Object's limit for a row is 2 MB. */
export const ROW_BYTES_MAX = 1_800_000;
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

/** What was stored. */
export interface Stored {
  readonly envelope: Envelope;
  readonly message: string | undefined;
}

/** The batch's requests are read at once: the caller may let go of it. */
export function rowsOfBatch({ chunks, id, items, origin, signal }: Batch): Uint8Array[] {
  const sizes = chunks.map(({ length }) => length);
  const { at, bytes } = opened({ signal, id, items, origin, requests: sizes }, sizes);
  let end = at;
  for (const chunk of chunks) end = chunk.copyTo(bytes, end);
  return cut(bytes);
}

export function rowsOfEnvelope({ id, items, origin, requests, signal }: Envelope, message: string): Uint8Array[] {
  const sizes = requests.map(({ length }) => length);
  const { at, bytes } = opened({ signal, id, items, origin, requests: sizes, message }, sizes);
  let end = at;
  for (const request of requests) {
    bytes.set(request, end);
    end += request.length;
  }
  return cut(bytes);
}

/** What the rows hold; undefined where one is missing, or they are no such thing. */
export function readRows(rows: readonly (Uint8Array | undefined)[]): Stored | undefined {
  const bytes = joinedRows(rows);
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
  const { key, ...rest } = origin;
  const own = key === undefined ? rest : { ...rest, key };
  return at === bytes.length ? { envelope: { signal, requests, items, checked: true, id, origin: own }, message } : undefined;
}

function opened(head: z.input<typeof header>, sizes: readonly number[]): { readonly bytes: Uint8Array; readonly at: number } {
  const text = encoder.encode(JSON.stringify(head));
  const at = LENGTH_BYTES + text.length;
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, at));
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, LENGTH_BYTES);
  return { bytes, at };
}

function cut(bytes: Uint8Array): Uint8Array[] {
  const rows: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += ROW_BYTES_MAX) rows.push(bytes.subarray(at, at + ROW_BYTES_MAX));
  return rows;
}

function joinedRows(rows: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  const [only] = rows;
  if (rows.length === 1) return only;
  const bytes = new Uint8Array(rows.reduce((sum, row) => sum + (row?.length ?? 0), 0));
  let at = 0;
  for (const row of rows) {
    if (row === undefined) return undefined;
    bytes.set(row, at);
    at += row.length;
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
