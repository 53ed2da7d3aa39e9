/**
 * gzip, deflate and zstd over `node:zlib`. Output never passes the limit, not even while inflating;
 * small bodies are done at once, large ones on zlib's threads, so that no synchronous stretch comes
 * near 100 ms. One layer of coding only: what is inside is never inflated again.
 *
 * Ownership: the caller holds the body until the promise settles; an inflated body is a new block,
 * the caller's to release.
 */
import * as zlib from "node:zlib";
import { messageOf } from "../../base/errors.ts";
import type { Codecs, Coding, Inflated } from "../../base/host.ts";
import type { Pool } from "../../base/pool.ts";
import { bufferOver, copyIn, gather } from "./copy.ts";
import { zstdFrames } from "./zstd-frames.ts";

/** Compressed bodies up to here are inflated at once: about 1 ms. Above it another core may help. */
const SYNC_INFLATE_BYTES = 256 * 1024;
/** The most that one synchronous call may put out: about 10 ms. A body that passes it starts again on a thread. */
const SYNC_OUTPUT_BYTES = 8 << 20;
/** Up to here compressed at once: 1 ms at level 1, 15 ms at level 9. */
const SYNC_COMPRESS_BYTES = 256 * 1024;
/** zlib allocates a whole chunk whatever it needs: near the true size is the cheapest. */
const CHUNK_BYTES_MIN = 1024;
const CHUNK_BYTES_MAX = 8 << 20;
/** DEFLATE cannot expand by more than this. */
const DEFLATE_RATIO_MAX = 1032;
const GUESSED_RATIO = 8;
/** Head, an empty block and the trailer. */
const GZIP_BYTES_MIN = 18;
/** RFC 9659: a zstd body on HTTP needs a window of at most 8 MiB. */
const ZSTD_WINDOW_LOG2 = 23;
const GZIP_MEM_LEVEL = 9;
/** End of an empty gzip member (CRC and size 0) and the head of the next one. */
const EMPTY_MEMBER_THEN_NEXT = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0x1f, 0x8b, 8]);

type Raw =
  | { readonly kind: "ok"; readonly bytes: Uint8Array; readonly single: boolean }
  | { readonly kind: "too_large" }
  | { readonly kind: "damaged"; readonly message: string };

type Method = "gunzip" | "inflate" | "inflateRaw" | "zstdDecompress";

/** `pool` is where inflated bodies go. */
export function nodeCodecs(pool: Pool): Codecs {
  const memory = bufferOver(pool.memory.bytes);
  return {
    inflate: (coding, body, maxBytes) => inflate(pool, memory, coding, body, maxBytes),
    compress: (coding, slices, level) => compress(coding, slices, level),
  };
}

/**
 * The block comes first: what zlib puts out beside the pool is never more than the pool has granted
 * for it, so that bombs sent side by side end at the budget. A guess that was too small is made again,
 * eight times as large.
 */
async function inflate(pool: Pool, memory: Buffer, coding: Coding, body: Uint8Array, maxBytes: number): Promise<Inflated> {
  let wanted = guessOf(coding, body);
  for (;;) {
    const block = pool.take(Math.min(wanted, maxBytes));
    if (block === undefined) return { kind: "over_budget" };
    const limit = Math.min(block.capacity, maxBytes);
    const raw = await inflateRaw(coding, body, limit);
    if (raw.kind === "ok") {
      copyIn(memory, block.start, raw.bytes);
      return { kind: "ok", block, start: block.start, end: block.start + raw.bytes.length, single: raw.single };
    }
    block.release();
    if (raw.kind !== "too_large" || limit === maxBytes) return raw;
    wanted = limit * GUESSED_RATIO;
  }
}

/** Bytes that a body may come to. What it says of itself is the sender's word: a hint. */
function guessOf(coding: Coding, body: Uint8Array): number {
  if (coding === "gzip") return declaredOf(body);
  const frames = coding === "zstd" ? zstdFrames(body) : [];
  const declared = typeof frames === "string" ? 0 : frames.reduce((sum, { declaredBytes }) => sum + (declaredBytes ?? 0), 0);
  return declared > 0 ? declared : body.length * GUESSED_RATIO;
}

/** The size in a gzip body's trailer: of its last member only, modulo 2^32. No more than DEFLATE can make of the body. */
function declaredOf(body: Uint8Array): number {
  return body.length < GZIP_BYTES_MIN ? 0 : Math.min(littleEndian(body, body.length - 4), body.length * DEFLATE_RATIO_MAX);
}

async function inflateRaw(coding: Coding, body: Uint8Array, maxBytes: number): Promise<Raw> {
  switch (coding) {
    case "gzip":
      return inflateGzip(body, maxBytes);
    case "deflate": {
      const raw = await run(isZlib(body) ? "inflate" : "inflateRaw", body, maxBytes, body.length * GUESSED_RATIO);
      return raw.kind === "ok" ? { ...raw, single: false } : raw;
    }
    default:
      return inflateZstd(body, maxBytes);
  }
}

/** RFC 9110 means zlib by `deflate`, many send it raw: the zlib header is two bytes, a multiple of 31. */
function isZlib(body: Uint8Array): boolean {
  const first = body[0] ?? 0;
  return (first & 0x0f) === 8 && ((first << 8) | (body[1] ?? 0)) % 31 === 0;
}

async function inflateGzip(body: Uint8Array, maxBytes: number): Promise<Raw> {
  const declared = declaredOf(body);
  const raw = await run("gunzip", body, maxBytes, declared);
  if (raw.kind !== "ok") return raw;
  // As long as what the last member declares: every member before it, if any, is empty.
  const lastIsAll = declared === raw.bytes.length && declared > 0;
  return { ...raw, single: lastIsAll && bufferOver(body).indexOf(EMPTY_MEMBER_THEN_NEXT) < 0 };
}

async function inflateZstd(body: Uint8Array, maxBytes: number): Promise<Raw> {
  const frames = zstdFrames(body);
  if (typeof frames === "string") return { kind: "damaged", message: frames };
  const parts: Uint8Array[] = [];
  let left = maxBytes;
  for (const { start, end, skippable, declaredBytes } of frames) {
    if (skippable) continue;
    if ((declaredBytes ?? 0) > left) return { kind: "too_large" };
    const frame = frames.length === 1 ? body : body.subarray(start, end);
    const raw = await run("zstdDecompress", frame, left, declaredBytes ?? frame.length * GUESSED_RATIO);
    if (raw.kind !== "ok") return raw;
    left -= raw.bytes.length;
    parts.push(raw.bytes);
  }
  const [first] = parts;
  return { kind: "ok", bytes: parts.length === 1 && first !== undefined ? first : Buffer.concat(parts), single: frames.length === 1 };
}

/** Inflates with one of zlib's functions, at once or on a thread. Bytes left over are damage. */
async function run(method: Method, body: Uint8Array, maxBytes: number, hintBytes: number): Promise<Raw> {
  const syncMax = Math.min(maxBytes, SYNC_OUTPUT_BYTES);
  if (body.length <= SYNC_INFLATE_BYTES && hintBytes <= SYNC_OUTPUT_BYTES) {
    const raw = runSync(method, body, syncMax, hintBytes);
    if (raw.kind !== "too_large" || syncMax === maxBytes) return raw;
  }
  return runAsync(method, body, maxBytes, hintBytes);
}

function runSync(method: Method, body: Uint8Array, maxBytes: number, hintBytes: number): Raw {
  const options = inflateOptions(method, maxBytes, hintBytes);
  try {
    return whole(method, SYNC[method](body, options), body);
  } catch (error) {
    return failure(error);
  }
}

function runAsync(method: Method, body: Uint8Array, maxBytes: number, hintBytes: number): Promise<Raw> {
  return new Promise((resolve) => {
    ASYNC[method](body, inflateOptions(method, maxBytes, hintBytes), (error, result) => {
      resolve(error === null ? whole(method, result, body) : failure(error));
    });
  });
}

interface WithEngine {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

interface InflateOptions {
  readonly chunkSize: number;
  readonly maxOutputLength: number;
  readonly info: true;
  readonly params?: Record<number, number>;
}

type Finished = (error: Error | null, result: unknown) => void;

const SYNC: Readonly<Record<Method, (body: Uint8Array, options: InflateOptions) => unknown>> = {
  gunzip: zlib.gunzipSync,
  inflate: zlib.inflateSync,
  inflateRaw: zlib.inflateRawSync,
  zstdDecompress: zlib.zstdDecompressSync,
};

const ASYNC: Readonly<Record<Method, (body: Uint8Array, options: InflateOptions, done: Finished) => void>> = {
  gunzip: zlib.gunzip,
  inflate: zlib.inflate,
  inflateRaw: zlib.inflateRaw,
  zstdDecompress: zlib.zstdDecompress,
};

function inflateOptions(method: Method, maxBytes: number, hintBytes: number): InflateOptions {
  // One byte of room beyond the expected end: a chunk that fills to the brim makes zlib ask for another.
  const chunkSize = Math.max(CHUNK_BYTES_MIN, Math.min(hintBytes + 64, maxBytes + 64, CHUNK_BYTES_MAX));
  // zlib refuses a limit of 0.
  const maxOutputLength = Math.max(1, maxBytes);
  if (method !== "zstdDecompress") return { chunkSize, maxOutputLength, info: true };
  const window = Math.max(ZSTD_WINDOW_LOG2, Math.min(27, Math.ceil(Math.log2(maxOutputLength))));
  return { chunkSize, maxOutputLength, info: true, params: { [zlib.constants.ZSTD_d_windowLogMax]: window } };
}

function whole(method: Method, result: unknown, body: Uint8Array): Raw {
  if (!hasEngine(result)) return { kind: "damaged", message: "zlib answered without what was asked for" };
  const { buffer, engine } = result;
  const left = body.length - engine.bytesWritten;
  // Zeros behind a gzip member are padding, as every gunzip has it.
  if (left > 0 && !(method === "gunzip" && body.subarray(-left).every((byte) => byte === 0))) {
    return { kind: "damaged", message: `${left} bytes behind the end of the compressed data` };
  }
  return { kind: "ok", bytes: buffer, single: true };
}

/** With `info: true` each of zlib's functions answers { buffer, engine } (nodejs.org/api/zlib.html), which its types leave out. */
function hasEngine(result: unknown): result is WithEngine {
  return typeof result === "object" && result !== null && "buffer" in result && "engine" in result && result.buffer instanceof Uint8Array;
}

function failure(error: unknown): Raw {
  if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") return { kind: "too_large" };
  // workerd's synchronous functions say it in these words alone.
  if (error instanceof RangeError && error.message === "Memory limit exceeded") return { kind: "too_large" };
  return { kind: "damaged", message: messageOf(error) };
}

function compress(coding: Coding, slices: readonly Uint8Array[], level: number | undefined): Promise<Uint8Array> {
  const [first] = slices;
  const body =
    slices.length === 1 && first !== undefined
      ? first
      : gather(
          slices,
          slices.reduce((sum, slice) => sum + slice.length, 0),
        );
  // A quarter is on the safe side of what telemetry compresses to, five or six to one.
  const chunkSize = Math.max(CHUNK_BYTES_MIN, Math.min(body.length >> 2, CHUNK_BYTES_MAX));
  const wanted = level === undefined || level === -1 ? 1 : level;
  if (coding === "zstd") {
    const params = { [zlib.constants.ZSTD_c_compressionLevel]: wanted };
    // The frame then declares its size, and whoever inflates it needs no guess.
    const options = { chunkSize, params, pledgedSrcSize: body.length };
    if (body.length <= SYNC_COMPRESS_BYTES) return Promise.resolve(zlib.zstdCompressSync(body, options));
    return new Promise((resolve, reject) => {
      zlib.zstdCompress(body, options, (error, result) => (error === null ? resolve(result) : reject(error)));
    });
  }
  const options = { chunkSize, level: wanted, memLevel: GZIP_MEM_LEVEL };
  if (body.length <= SYNC_COMPRESS_BYTES) return Promise.resolve(coding === "gzip" ? zlib.gzipSync(body, options) : zlib.deflateSync(body, options));
  const start = coding === "gzip" ? zlib.gzip : zlib.deflate;
  return new Promise((resolve, reject) => {
    start(body, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}
