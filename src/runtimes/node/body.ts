/**
 * A request's body off a `node:http` socket: each piece that arrives is copied once, to its place in
 * a block of the pool. A declared length gets a block of that size; without one the block doubles.
 *
 * Ownership: the block is the caller's as soon as `read` answers `ok`; on any other end it was given
 * back, and nothing writes to it any more.
 */
import type { IncomingMessage } from "node:http";
import type { BodyResult, RequestBody } from "../../base/host.ts";
import type { Block, Pool } from "../../base/pool.ts";
import { copyIn, freeCopied } from "./copy.ts";

/** First block of a body without a declared length. */
const GUESS_BYTES = 64 * 1024;

export class NodeBody implements RequestBody {
  readonly #request: IncomingMessage;
  readonly #pool: Pool;
  readonly #memory: Buffer;
  #sendContinue: (() => void) | undefined;
  #ended = false;

  /** `memory` is a Buffer over all of the pool's memory. */
  constructor(request: IncomingMessage, pool: Pool, memory: Buffer, sendContinue: (() => void) | undefined) {
    this.#request = request;
    this.#pool = pool;
    this.#memory = memory;
    this.#sendContinue = sendContinue;
  }

  /** Whether there is no body, or it was read to its end. Not the request's `complete`: Deno sets it before anybody has read. */
  get ended(): boolean {
    return this.#ended || !mayHaveBody(this.#request);
  }

  async read(maxBytes: number): Promise<BodyResult> {
    const result = await this.#read(maxBytes);
    this.#ended = result.kind === "ok";
    return result;
  }

  #read(maxBytes: number): Promise<BodyResult> {
    const declared = this.#request.headers["content-length"];
    const length = declared === undefined ? undefined : Number(declared);
    if (length !== undefined && length > maxBytes) return Promise.resolve({ kind: "too_large" });
    const empty = !mayHaveBody(this.#request);
    const first = this.#pool.take(empty ? 0 : (length ?? Math.min(GUESS_BYTES, maxBytes)));
    if (first === undefined) return Promise.resolve({ kind: "over_budget" });
    if (empty) return Promise.resolve({ kind: "ok", block: first, start: first.start, end: first.start });
    this.#sendContinue?.();
    this.#sendContinue = undefined;
    return collect(this.#request, this.#pool, this.#memory, first, maxBytes);
  }
}

function mayHaveBody(request: IncomingMessage): boolean {
  const { headers } = request;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
}

function collect(request: IncomingMessage, pool: Pool, memory: Buffer, first: Block, maxBytes: number): Promise<BodyResult> {
  return new Promise((resolve) => {
    let block = first;
    let at = block.start;
    let last: Uint8Array | undefined;
    const finish = (result: BodyResult) => {
      request.removeListener("data", take);
      request.removeListener("end", end);
      request.removeListener("close", abort);
      if (result.kind !== "ok") {
        request.pause();
        block.release();
      }
      resolve(result);
    };
    const take = (piece: Uint8Array) => {
      const used = at - block.start;
      const needed = used + piece.length;
      if (needed > maxBytes) return finish({ kind: "too_large" });
      if (needed > block.capacity) {
        const larger = pool.take(Math.min(Math.max(needed, block.capacity * 2), Math.max(needed, maxBytes)));
        if (larger === undefined) return finish({ kind: "over_budget" });
        pool.memory.copy(larger.start, block.start, used);
        block.release();
        block = larger;
        at = larger.start + used;
      }
      copyIn(memory, at, piece);
      at += piece.length;
      // A buffer of its own, and no longer the one that is being parsed.
      if (last !== undefined && last.length === last.buffer.byteLength) freeCopied(last);
      last = piece;
      return undefined;
    };
    const end = () => finish({ kind: "ok", block, start: block.start, end: at });
    const abort = () => finish({ kind: "aborted" });
    if (request.destroyed) return abort();
    request.on("data", take);
    request.on("end", end);
    request.on("close", abort);
    return undefined;
  });
}
