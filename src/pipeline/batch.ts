/**
 * A batch: immutable, owned and counted. Destinations share its bytes, and each encoded form
 * (JSON, gzip, ...) is made once, when the first destination asks for it.
 *
 * Ownership: made with one hold, which is its maker's. Whoever reads it past the call retains it;
 * the last release lets go of the chunks' blocks and of the encoded forms.
 */
import type { Coding, Codecs } from "../base/host.ts";
import { SluiceError } from "../base/errors.ts";
import type { Signal } from "../base/signal.ts";
import type { Engine } from "../otlp/engine.ts";
import type { Chunk } from "../wire/chunk.ts";
import type { Block } from "../base/pool.ts";
import type { PlainOrigin } from "./stage.ts";

export type Origin = PlainOrigin;

export type Encoding = "proto" | "json";

/** The compressed body as it arrived, for destinations that take its coding when nothing was changed. */
export interface Arrived {
  readonly coding: Coding;
  readonly block: Block;
  readonly start: number;
  readonly end: number;
}

export interface BatchParts {
  readonly signal: Signal;
  /** One or more. The batch takes over the caller's hold on each. */
  readonly chunks: readonly Chunk[];
  readonly id: string;
  /** Leaf items: spans, data points, log records, profiles. */
  readonly items: number;
  readonly origin: Origin;
  /** The batch takes over the caller's hold on its block. */
  readonly arrived?: Arrived | undefined;
}

/** A body ready to send: read-only slices, whole when laid end to end. */
export interface Body {
  readonly slices: readonly Uint8Array[];
  readonly length: number;
}

export class Batch {
  readonly signal: Signal;
  readonly chunks: readonly Chunk[];
  readonly id: string;
  readonly items: number;
  readonly origin: Origin;
  readonly #arrived: Arrived | undefined;
  readonly #forms = new Map<string, Promise<Body>>();
  readonly #owned: Block[] = [];
  #holders = 1;

  constructor(parts: BatchParts) {
    this.signal = parts.signal;
    this.chunks = parts.chunks;
    this.id = parts.id;
    this.items = parts.items;
    this.origin = parts.origin;
    this.#arrived = parts.arrived;
  }

  retain(): this {
    this.#check();
    this.#holders++;
    return this;
  }

  release(): void {
    this.#check();
    this.#holders--;
    if (this.#holders > 0) return;
    for (const chunk of this.chunks) chunk.release();
    this.#arrived?.block.release();
    for (const block of this.#owned) block.release();
    this.#forms.clear();
  }

  /**
   * The body in this encoding and coding, made once and shared: hold the batch while you read it.
   * Rejects with `over_budget` when the pool has no room for a copy.
   */
  body(encoding: Encoding, coding: Coding | "none", level: number | undefined, codecs: Codecs, engine: Engine): Promise<Body> {
    this.#check();
    const arrived = this.#arrived;
    if (encoding === "proto" && arrived !== undefined && arrived.coding === coding) {
      const bytes = engine.bytes.subarray(arrived.start, arrived.end);
      return Promise.resolve({ slices: [bytes], length: bytes.length });
    }
    const key = `${encoding} ${coding} ${level ?? ""}`;
    let form = this.#forms.get(key);
    if (form === undefined) {
      form = coding === "none" ? this.#plain(encoding, engine) : this.#compressed(encoding, coding, level, codecs, engine);
      this.#forms.set(key, form);
    }
    return form;
  }

  async #plain(encoding: Encoding, engine: Engine): Promise<Body> {
    const slices: Uint8Array[] = [];
    let length = 0;
    if (encoding === "json") {
      const { block, start, end } = engine.toJson(this.signal, this.chunks);
      this.#owned.push(block);
      return { slices: [engine.bytes.subarray(start, end)], length: end - start };
    }
    for (const chunk of this.chunks) {
      length += chunk.length;
      chunk.slices(slices);
    }
    return { slices, length };
  }

  async #compressed(encoding: Encoding, coding: Coding, level: number | undefined, codecs: Codecs, engine: Engine): Promise<Body> {
    this.retain();
    try {
      const plain = await this.body(encoding, "none", undefined, codecs, engine);
      const { block, start, end } = await codecs.compress(coding, plain.slices, level);
      this.#owned.push(block);
      return { slices: [engine.bytes.subarray(start, end)], length: end - start };
    } finally {
      this.release();
    }
  }

  #check(): void {
    if (this.#holders <= 0) throw new SluiceError("ownership", "Cannot use a batch: it was released");
  }
}
