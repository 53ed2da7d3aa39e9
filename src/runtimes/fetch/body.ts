/**
 * A request's body off a fetch stream: each piece is copied once, to its place in a block of the
 * pool, under the limit. A declared length gets a block of that size; without one the block doubles.
 * A body of another length than declared is damaged on the way, and counts as aborted.
 *
 * Ownership: the block is the caller's as soon as `read` answers `ok`; on any other end it was given
 * back, and nothing writes to it any more.
 */
import type { BodyResult, RequestBody } from "../../base/host.ts";
import type { Block, Pool } from "../../base/pool.ts";

/** First block of a body without a declared length. */
const GUESS_BYTES = 64 * 1024;
/** For a whole body, where the caller says nothing else: as on `node:http`. */
const TIMEOUT_MS = 60_000;
/** Before an early answer the rest of an upload is thrown away for so long, while it goes on. */
const LINGER_MS = 5000;
/** A sender that pauses for so long waits for the answer. */
const LINGER_IDLE_MS = 1000;
const LINGER_BYTES = 32 << 20;

type Reader = ReadableStreamDefaultReader<Uint8Array>;

export class FetchBody implements RequestBody {
  readonly #stream: ReadableStream<Uint8Array> | null;
  readonly #declared: number | undefined;
  readonly #pool: Pool;
  readonly #timeoutMs: number;
  readonly #onCopied: (piece: Uint8Array) => void;
  #reader: Reader | undefined;
  #ended: boolean;

  /** `declared` is the Content-Length, `timeoutMs` the time for the whole body; 0 is none. `onCopied` gets each piece that is in its place. */
  constructor(request: Request, declared: number | undefined, pool: Pool, timeoutMs: number = TIMEOUT_MS, onCopied: (piece: Uint8Array) => void = () => {}) {
    this.#stream = request.body;
    this.#declared = declared;
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
    this.#onCopied = onCopied;
    this.#ended = this.#stream === null;
  }

  /** Whether a byte was asked for. */
  get started(): boolean {
    return this.#reader !== undefined;
  }

  /** Whether nothing of the body is left to come. */
  get ended(): boolean {
    return this.#ended;
  }

  async read(maxBytes: number): Promise<BodyResult> {
    const declared = this.#declared;
    if (declared !== undefined && declared > maxBytes) return { kind: "too_large" };
    const stream = this.#stream;
    const block = this.#pool.take(stream === null ? 0 : (declared ?? Math.min(GUESS_BYTES, maxBytes)));
    if (block === undefined) return { kind: "over_budget" };
    if (stream === null) return { kind: "ok", block, start: block.start, end: block.start };
    const reader = this.#begin();
    if (reader === undefined) return drop(block, "aborted");
    let late = false;
    const expire = () => {
      late = true;
      this.cancel();
    };
    const timer = this.#timeoutMs === 0 ? undefined : setTimeout(expire, this.#timeoutMs);
    const result = await this.#collect(reader, block, maxBytes);
    clearTimeout(timer);
    return late && result.kind === "aborted" ? { kind: "timeout" } : result;
  }

  /**
   * Throws away what still comes, so that a sender in the middle of it gets to read the answer; one
   * that has stopped, or that goes on for too long, is cancelled. `bytesMax` is the most that is thrown away.
   */
  async drain(bytesMax: number = LINGER_BYTES): Promise<void> {
    const reader = this.#ended ? undefined : this.#begin();
    if (reader === undefined) return;
    let timer = setTimeout(() => this.cancel(), LINGER_IDLE_MS);
    const untilMs = Date.now() + LINGER_MS;
    for (let left = bytesMax; !this.#ended;) {
      const piece = await next(reader);
      clearTimeout(timer);
      if (piece === undefined || piece === "broken") this.#ended = true;
      else if ((left -= piece.length) < 0 || Date.now() > untilMs) this.cancel();
      else timer = setTimeout(() => this.cancel(), LINGER_IDLE_MS);
    }
    clearTimeout(timer);
  }

  /** Tells the sender to stop, if anything is left to come. A read under way then ends as aborted. */
  cancel(): void {
    if (this.#ended) return;
    this.#ended = true;
    const cancelled = this.#reader === undefined ? this.#stream?.cancel() : this.#reader.cancel();
    // A stream that broke already, or that somebody else reads: there is nobody left to tell.
    cancelled?.catch(() => {});
  }

  #begin(): Reader | undefined {
    try {
      this.#reader ??= this.#stream?.getReader();
    } catch {
      // Somebody else reads it, or has read it: it is gone for us.
      this.#ended = true;
    }
    return this.#reader;
  }

  async #collect(reader: Reader, first: Block, maxBytes: number): Promise<BodyResult> {
    const { memory } = this.#pool;
    let block = first;
    let used = 0;
    for (;;) {
      const piece = await next(reader);
      // Cancelled by the timer: the end that the stream then reports is none.
      if (piece === "broken" || this.#ended) return drop(block, "aborted");
      if (piece === undefined) break;
      const needed = used + piece.length;
      if (needed > maxBytes) return drop(block, "too_large");
      if (needed > (this.#declared ?? needed)) return drop(block, "aborted");
      if (needed > block.capacity) {
        const larger = this.#pool.take(Math.min(Math.max(needed, block.capacity * 2), Math.max(needed, maxBytes)));
        if (larger === undefined) return drop(block, "over_budget");
        memory.copy(larger.start, block.start, used);
        block.release();
        block = larger;
      }
      memory.copyIn(block.start + used, piece);
      this.#onCopied(piece);
      used = needed;
    }
    this.#ended = true;
    if (used !== (this.#declared ?? used)) return drop(block, "aborted");
    return { kind: "ok", block, start: block.start, end: block.start + used };
  }
}

function drop(block: Block, kind: "too_large" | "over_budget" | "aborted"): BodyResult {
  block.release();
  return { kind };
}

async function next(reader: Reader): Promise<Uint8Array | undefined | "broken"> {
  try {
    const { value } = await reader.read();
    return value;
  } catch {
    // The sender went away: how, differs by runtime, and there is nobody to tell.
    return "broken";
  }
}
