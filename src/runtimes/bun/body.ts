/**
 * A request's body on Bun. One of a declared, small length is taken whole, which costs a tenth of the
 * objects of a stream; any other goes the common way, piece by piece.
 *
 * Ownership: the block is the caller's as soon as `read` answers `ok`; on any other end it was given
 * back. What Bun read is freed here at once: it counts the whole request memory to its heap, and so
 * would collect a few hundred megabytes too late (docs/decisions/013).
 */
import type { BodyResult, RequestBody } from "../../base/host.ts";
import type { Block, Pool } from "../../base/pool.ts";
import { FetchBody } from "../fetch/body.ts";
import { freeCopied } from "../node/copy.ts";

/** A body that is taken whole lies in memory twice for a moment. */
const WHOLE_BYTES_MAX = 1 << 20;
/** Of a body that nobody wants, thrown away before the answer: twice the largest that is taken by default. */
const LINGER_BYTES = 128 << 20;

export class BunBody implements RequestBody {
  readonly #request: Request;
  readonly #length: number | undefined;
  readonly #pool: Pool;
  readonly #timeoutMs: number;
  #pieces: FetchBody | undefined;
  #ended: boolean;

  /** `length` is the declared one, `timeoutMs` the time for a body that comes piece by piece: for others the connection's own counts. */
  constructor(request: Request, length: number | undefined, pool: Pool, timeoutMs: number) {
    this.#request = request;
    this.#length = length;
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
    this.#ended = length === 0 || (length === undefined && request.body === null);
  }

  /** Whether there is no body, or it was read to its end. */
  get ended(): boolean {
    return this.#ended;
  }

  async read(maxBytes: number): Promise<BodyResult> {
    const length = this.#length;
    if (length === undefined || length === 0 || length > WHOLE_BYTES_MAX || length > maxBytes) return this.#readPieces(maxBytes);
    const block = this.#pool.take(length);
    if (block === undefined) return { kind: "over_budget" };
    try {
      const buffer = await this.#request.arrayBuffer();
      this.#ended = true;
      return place(this.#pool, block, buffer, length);
    } catch {
      // The sender went away, or was cut off: there is nobody to tell.
      block.release();
      return { kind: "aborted" };
    }
  }

  /** Before an early answer: Bun resets a connection on which a body still comes, and the answer would be lost with it. */
  async drain(): Promise<void> {
    if (!this.#ended) await this.#asPieces().drain(LINGER_BYTES);
  }

  async #readPieces(maxBytes: number): Promise<BodyResult> {
    const result = await this.#asPieces().read(maxBytes);
    this.#ended = result.kind === "ok";
    return result;
  }

  #asPieces(): FetchBody {
    this.#pieces ??= new FetchBody(this.#request, this.#length, this.#pool, this.#timeoutMs, freeCopied);
    return this.#pieces;
  }
}

function place(pool: Pool, block: Block, buffer: ArrayBuffer, length: number): BodyResult {
  if (buffer.byteLength !== length) {
    block.release();
    return { kind: "aborted" };
  }
  pool.memory.copyIn(block.start, new Uint8Array(buffer));
  // Nobody else has it: moving it to one without bytes frees it.
  buffer.transfer(0);
  return { kind: "ok", block, start: block.start, end: block.start + length };
}
