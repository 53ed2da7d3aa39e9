/**
 * gzip, deflate and zstd over `node:zlib`. Output never passes the limit, not even while inflating;
 * small bodies are done at once, large ones slice by slice (zlib-stream.ts), so that no synchronous
 * stretch comes near 100 ms. One layer of coding only: what is inside is never inflated again.
 *
 * Ownership: the caller holds the body until the promise settles; an inflated body is a new block,
 * the caller's to release.
 */
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { messageOf, SluiceError } from "../../base/errors.ts";
import type { Codecs, Coding, Inflated } from "../../base/host.ts";
import type { Pool } from "../../base/pool.ts";
import { bufferOver, copyIn, freeCopied, gather } from "./copy.ts";
import { FULL, through } from "./zlib-stream.ts";
import { zstdFrames } from "./zstd-frames.ts";

/** Compressed bodies up to here are inflated at once: about 1 ms. */
const SYNC_INFLATE_BYTES = 256 * 1024;
/** The most that one synchronous call may put out: about 3 ms. A body that passes it starts again, slice by slice. */
const SYNC_OUTPUT_BYTES = 2 << 20;
/** Up to here compressed at once: about 10 ms at the levels up to `FAST_LEVEL_MAX`, 15 ms at level 9. A stream costs a third more. */
const SYNC_FAST_BYTES = 2 << 20;
const SYNC_SLOW_BYTES = 256 * 1024;
const FAST_LEVEL_MAX = 3;
/** zlib allocates a whole chunk whatever it needs: near the true size is the cheapest. */
const CHUNK_BYTES_MIN = 1024;
const CHUNK_BYTES_MAX = 2 << 20;
/** Of the streams: each chunk is garbage once it is copied. */
const STREAM_CHUNK_BYTES = 256 * 1024;
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
  | { readonly kind: "ok"; readonly length: number; readonly single: boolean }
  | { readonly kind: "too_large" }
  | { readonly kind: "damaged"; readonly message: string };

/** Where output goes: `room` bytes of the memory from `at`. */
interface Target {
  readonly memory: Buffer;
  readonly at: number;
  readonly room: number;
}

type Method = "gunzip" | "inflate" | "inflateRaw" | "zstdDecompress";

/** `pool` is where what is inflated or compressed goes. */
export function nodeCodecs(pool: Pool): Codecs {
  const memory = bufferOver(pool.memory.bytes);
  return {
    inflate: (coding, body, maxBytes) => inflate({ pool, memory }, coding, body, maxBytes),
    async compress(coding, slices, level) {
      const bytes = await compress(coding, slices, level);
      const block = pool.take(bytes.length);
      if (block === undefined) throw new SluiceError("over_budget", "Cannot compress a batch: no room in the pool", { retryable: true });
      copyIn(memory, block.start, bytes);
      const end = block.start + bytes.length;
      freeCopied(bytes);
      return { block, start: block.start, end };
    },
  };
}

interface Output {
  readonly pool: Pool;
  readonly memory: Buffer;
}

/**
 * The block comes first: what zlib puts out beside the pool is never more than the pool has granted
 * for it, so that bombs sent side by side end at the budget. A guess that was too small is made again,
 * eight times as large.
 */
async function inflate({ pool, memory }: Output, coding: Coding, body: Uint8Array, maxBytes: number): Promise<Inflated> {
  let wanted = guessOf(coding, body);
  for (;;) {
    const block = pool.take(Math.min(wanted, maxBytes));
    if (block === undefined) return { kind: "over_budget" };
    const limit = Math.min(block.capacity, maxBytes);
    const raw = await inflateTo({ memory, at: block.start, room: limit }, coding, body);
    if (raw.kind === "ok") return { kind: "ok", block, start: block.start, end: block.start + raw.length, single: raw.single };
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

async function inflateTo(target: Target, coding: Coding, body: Uint8Array): Promise<Raw> {
  switch (coding) {
    case "gzip":
      return inflateGzip(target, body);
    case "deflate": {
      const raw = await run(target, isZlib(body) ? "inflate" : "inflateRaw", body, body.length * GUESSED_RATIO);
      return raw.kind === "ok" ? { ...raw, single: false } : raw;
    }
    default:
      return inflateZstd(target, body);
  }
}

/** RFC 9110 means zlib by `deflate`, many send it raw: the zlib header is two bytes, a multiple of 31. */
function isZlib(body: Uint8Array): boolean {
  const first = body[0] ?? 0;
  return (first & 0x0f) === 8 && ((first << 8) | (body[1] ?? 0)) % 31 === 0;
}

async function inflateGzip(target: Target, body: Uint8Array): Promise<Raw> {
  const declared = declaredOf(body);
  const raw = await run(target, "gunzip", body, declared);
  if (raw.kind !== "ok") return raw;
  // As long as what the last member declares: every member before it, if any, is empty.
  const lastIsAll = declared === raw.length && declared > 0;
  return { ...raw, single: lastIsAll && bufferOver(body).indexOf(EMPTY_MEMBER_THEN_NEXT) < 0 };
}

async function inflateZstd({ memory, at, room }: Target, body: Uint8Array): Promise<Raw> {
  const frames = zstdFrames(body);
  if (typeof frames === "string") return { kind: "damaged", message: frames };
  // A frame that puts out other than it declares is damage, so that nothing need be inflated to know.
  if (frames.reduce((sum, { declaredBytes }) => sum + (declaredBytes ?? 0), 0) > room) return { kind: "too_large" };
  let length = 0;
  for (const { start, end, skippable, declaredBytes } of frames) {
    if (skippable) continue;
    const left = { memory, at: at + length, room: room - length };
    if ((declaredBytes ?? 0) > left.room) return { kind: "too_large" };
    const frame = frames.length === 1 ? body : body.subarray(start, end);
    const raw = await run(left, "zstdDecompress", frame, declaredBytes ?? frame.length * GUESSED_RATIO);
    if (raw.kind !== "ok") return raw;
    length += raw.length;
  }
  return { kind: "ok", length, single: frames.length === 1 };
}

/** Inflates with one of zlib's functions, at once or slice by slice. Bytes left over are damage. */
async function run(target: Target, method: Method, body: Uint8Array, hintBytes: number): Promise<Raw> {
  const syncMax = Math.min(target.room, SYNC_OUTPUT_BYTES);
  if (body.length <= SYNC_INFLATE_BYTES && hintBytes <= SYNC_OUTPUT_BYTES) {
    const raw = runSync({ ...target, room: syncMax }, method, body, hintBytes);
    if (raw.kind !== "too_large" || syncMax === target.room) return raw;
  }
  return runStream(target, method, body);
}

function runSync(target: Target, method: Method, body: Uint8Array, hintBytes: number): Raw {
  // One byte of room beyond the expected end: a chunk that fills to the brim makes zlib ask for another.
  const chunkSize = Math.max(CHUNK_BYTES_MIN, Math.min(hintBytes + 64, target.room + 64, CHUNK_BYTES_MAX));
  // zlib refuses a limit of 0.
  const maxOutputLength = Math.max(1, target.room);
  try {
    const result = SYNC[method](body, { ...inflateOptions(method, target.room), chunkSize, maxOutputLength, info: true });
    if (!hasEngine(result)) return { kind: "damaged", message: "zlib answered without what was asked for" };
    const { length } = result.buffer;
    copyIn(target.memory, target.at, result.buffer);
    freeCopied(result.buffer);
    return whole(method, length, result.engine.bytesWritten, body);
  } catch (error) {
    return failure(error);
  }
}

async function runStream(target: Target, method: Method, body: Uint8Array): Promise<Raw> {
  const stream = STREAM[method]({ ...inflateOptions(method, target.room), chunkSize: STREAM_CHUNK_BYTES });
  let length = 0;
  const ended = await through(stream, [body], (chunk) => {
    if (length + chunk.length > target.room) return false;
    copyIn(target.memory, target.at + length, chunk);
    length += chunk.length;
    // Into the rest of a chunk that is not full zlib goes on writing.
    if (chunk.length === chunk.buffer.byteLength) freeCopied(chunk);
    return true;
  });
  if (ended === FULL) return { kind: "too_large" };
  return ended === undefined ? whole(method, length, stream.bytesWritten, body) : failure(ended);
}

interface WithEngine {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

interface InflateOptions {
  readonly params?: Record<number, number>;
}

interface SyncOptions extends InflateOptions {
  readonly chunkSize: number;
  readonly maxOutputLength: number;
  readonly info: true;
}

const SYNC: Readonly<Record<Method, (body: Uint8Array, options: SyncOptions) => unknown>> = {
  gunzip: zlib.gunzipSync,
  inflate: zlib.inflateSync,
  inflateRaw: zlib.inflateRawSync,
  zstdDecompress: zlib.zstdDecompressSync,
};

type Stream = Transform & { readonly bytesWritten: number };

const STREAM: Readonly<Record<Method, (options: InflateOptions & { readonly chunkSize: number }) => Stream>> = {
  gunzip: zlib.createGunzip,
  inflate: zlib.createInflate,
  inflateRaw: zlib.createInflateRaw,
  zstdDecompress: zlib.createZstdDecompress,
};

function inflateOptions(method: Method, maxBytes: number): InflateOptions {
  if (method !== "zstdDecompress") return {};
  const window = Math.max(ZSTD_WINDOW_LOG2, Math.min(27, Math.ceil(Math.log2(Math.max(1, maxBytes)))));
  return { params: { [zlib.constants.ZSTD_d_windowLogMax]: window } };
}

function whole(method: Method, length: number, read: number, body: Uint8Array): Raw {
  const left = body.length - read;
  // Zeros behind a gzip member are padding, as every gunzip has it.
  if (left > 0 && !(method === "gunzip" && body.subarray(-left).every((byte) => byte === 0))) {
    return { kind: "damaged", message: `${left} bytes behind the end of the compressed data` };
  }
  return { kind: "ok", length, single: true };
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

async function compress(coding: Coding, slices: readonly Uint8Array[], level: number | undefined): Promise<Uint8Array> {
  const length = slices.reduce((sum, slice) => sum + slice.length, 0);
  const wanted = level === undefined || level === -1 ? 1 : level;
  if (length > (wanted <= FAST_LEVEL_MAX ? SYNC_FAST_BYTES : SYNC_SLOW_BYTES)) return compressStream(coding, slices, wanted, length);
  const [first] = slices;
  const body = slices.length === 1 && first !== undefined ? first : gather(slices, length);
  // A quarter is on the safe side of what telemetry compresses to, five or six to one.
  const chunkSize = Math.max(CHUNK_BYTES_MIN, Math.min(body.length >> 2, CHUNK_BYTES_MAX));
  if (coding === "zstd") return zlib.zstdCompressSync(body, { chunkSize, ...zstdOptions(wanted, length) });
  const options = { chunkSize, level: wanted, memLevel: GZIP_MEM_LEVEL };
  return coding === "gzip" ? zlib.gzipSync(body, options) : zlib.deflateSync(body, options);
}

async function compressStream(coding: Coding, slices: readonly Uint8Array[], level: number, length: number): Promise<Uint8Array> {
  const chunkSize = STREAM_CHUNK_BYTES;
  const options = { chunkSize, level, memLevel: GZIP_MEM_LEVEL };
  const stream =
    coding === "zstd"
      ? zlib.createZstdCompress({ chunkSize, ...zstdOptions(level, length) })
      : coding === "gzip"
        ? zlib.createGzip(options)
        : zlib.createDeflate(options);
  const chunks: Uint8Array[] = [];
  const ended = await through(stream, slices, (chunk) => chunks.push(chunk) > 0);
  if (ended instanceof Error) throw ended;
  return Buffer.concat(chunks);
}

/** The frame then declares its size, and whoever inflates it needs no guess. */
function zstdOptions(level: number, length: number): { readonly params: Record<number, number>; readonly pledgedSrcSize: number } {
  return { params: { [zlib.constants.ZSTD_c_compressionLevel]: level }, pledgedSrcSize: length };
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}
