/**
 * The kernel and its pool as one thing that components are given: it checks and mends requests,
 * indexes them for a walk, converts from and to OTLP/JSON. Everything lies in one memory, so a place
 * anywhere is one absolute address:
 *
 *   | kernel's own | constants | tape | pool of request buffers |
 *
 * The tape is one for all: it describes the chunk that was checked or indexed last, and a walk reads
 * it before anything else may run.
 */
import { SluiceError } from "../base/errors.ts";
import type { Canonical } from "../base/host.ts";
import { type Block, Pool, type PoolOptions } from "../base/pool.ts";
import { type Signal, signalNumber } from "../base/signal.ts";
import { JSON_ERRORS, JSON_FULL } from "../kernel/json-errors.ts";
import { FAIL_ATTRIBUTES, FAIL_TAPE, type Kernel, REPAIR_TEXT } from "../kernel/kernel.ts";
import { Chunk, type Range } from "../wire/chunk.ts";
import type { Scratch } from "../wire/scratch.ts";
import type { EditScript } from "../wire/script.ts";
import { NO_REPAIRS, type Admission, type Repairs } from "./admission.ts";
import { canonical, GROWTH_MAX } from "./canonical.ts";
import { jsonPathAt } from "./json-path.ts";
import { pathAt } from "./path.ts";
import { leafLevel, RECORD_WORDS, type Tape } from "./tape.ts";
import { type Text, textIn } from "./text.ts";
import type { Desk } from "./view.ts";
import { describeWireError } from "./wire-errors.ts";

/** What rules compare with or insert. Configuration is small; 1 MiB is a thousand long rules. */
const CONSTANT_BYTES = 1 << 20;
/** One record of tape for every 512 bytes of memory: 1 M records at 512 MiB, 64 K at 32 MiB. */
const MEMORY_BYTES_A_RECORD = 512;
/** Protobuf is longer than its JSON only for lists of numbers: `0,` is two bytes, a double eight. */
const JSON_TO_PROTOBUF_MAX = 5;
/** JSON is at most this much larger than the protobuf it says, the first guess; it doubles from there. */
const JSON_GROWTH = 3;

export interface Owned extends Range {
  /** The caller's to release. */
  readonly block: Block;
}

/** What rules take of an engine: its memory, places for what they compare with or insert, room for what they make. */
export interface RuleMemory {
  readonly bytes: Uint8Array;
  readonly pool: Pick<Pool, "take">;
  constant(bytes: Uint8Array): Range;
  region(size: number): number;
  text(text: string): Text;
}

export class Engine implements RuleMemory {
  readonly kernel: Kernel;
  readonly pool: Pool;
  /** The whole memory. */
  readonly bytes: Uint8Array;
  readonly #tapeAt: number;
  readonly #tapeRecordsMax: number;
  #constantAt: number;
  readonly #constantEnd: number;
  readonly #encoder = new TextEncoder();
  /** Whose records the tape has, and down to which level. */
  #taped: Chunk | undefined;
  #tapedDepth = 0;

  constructor(kernel: Kernel, options: PoolOptions = {}) {
    this.kernel = kernel;
    this.bytes = kernel.bytes;
    this.#constantAt = Math.ceil(kernel.heapBase / 64) * 64;
    this.#constantEnd = this.#constantAt + CONSTANT_BYTES;
    this.#tapeAt = this.#constantEnd;
    this.#tapeRecordsMax = Math.floor(kernel.bytes.length / MEMORY_BYTES_A_RECORD);
    const poolAt = this.#tapeAt + this.#tapeRecordsMax * RECORD_WORDS * 4;
    this.pool = new Pool(kernel, poolAt, kernel.bytes.length, options);
  }

  /** Places bytes in the memory for good. */
  constant(bytes: Uint8Array): Range {
    const start = this.#constantAt;
    const end = start + bytes.length;
    if (end > this.#constantEnd) {
      throw new SluiceError("config", "Cannot place a rule's text: over 1 MiB of constants", { cure: "Shorten the values in the configuration" });
    }
    this.bytes.set(bytes, start);
    this.#constantAt = end;
    return { start, end };
  }

  /** Takes bytes of the memory for good; the address is a multiple of 4. */
  region(size: number): number {
    this.#constantAt = Math.ceil(this.#constantAt / 4) * 4;
    return this.constant(new Uint8Array(size)).start;
  }

  /** What the views of one walk share. */
  desk(scratch: Scratch, script: EditScript): Desk {
    return { bytes: this.bytes, kernel: this.kernel, pool: this.pool, region: (size) => this.region(size), scratch, script };
  }

  /** Places text for comparing with keys and values. */
  text(text: string): Text {
    const { start, end } = this.constant(this.#encoder.encode(text));
    return textIn(this.bytes, text, start, end);
  }

  /**
   * The records of a checked chunk down to `depth`. Free when the kernel has just checked it. The
   * chunk's contiguous form is indexed. Throws `too_large` when the tape has no room.
   */
  index(signal: Signal, chunk: Chunk, depth: number): Tape {
    if (this.#taped !== chunk || this.#tapedDepth < depth) {
      const { start, end } = chunk.contiguous(this.pool);
      const status = this.kernel.index(signalNumber(signal), start, end, depth, this.#tapeAt, this.#tapeRecordsMax);
      this.#taped = undefined;
      if (status === FAIL_TAPE) throw tooManyItems(this.#tapeRecordsMax);
      if (status < 0) throw new SluiceError("internal", `Cannot index a checked batch: kernel status ${status}`);
      this.#taped = chunk;
      this.#tapedDepth = depth;
    }
    return { words: this.kernel.words, base: this.#tapeAt >> 2, count: this.kernel.tapeCount() };
  }

  /** Checks protobuf bytes in `block` and mends what law 6 says is mended. Takes over the hold on `block`. */
  admit(signal: Signal, start: number, end: number, block: Block): Admission {
    return this.admitAsIs(signal, start, end, block) ?? this.#mend(signal, start, end, block);
  }

  /** As `admit`; undefined, and the hold still the caller's, where something is to be mended. */
  admitAsIs(signal: Signal, start: number, end: number, block: Block): Admission | undefined {
    this.#taped = undefined;
    const status = this.#check(signal, start, end);
    if (status < 0) {
      const malformed = this.#malformed(signal, status, start, end);
      block.release();
      return malformed;
    }
    if (status !== 0) return undefined;
    const chunk = this.#own(Chunk.of(this.kernel, start, end, block), signal);
    return { kind: "admitted", chunk, items: this.kernel.items(), rejected: 0, message: "", unchanged: true, repairs: NO_REPAIRS };
  }

  /** Admits what another engine has converted or mended: a copy of it. */
  admitCanonical(signal: Signal, made: Canonical): Admission {
    if (made.kind === "malformed") return made;
    const { bytes, message, rejected, repairs } = made;
    const block = this.#take(bytes.length);
    this.kernel.copyIn(block.start, bytes);
    const admission = this.admit(signal, block.start, block.start + bytes.length, block);
    return admission.kind === "admitted" ? { ...admission, unchanged: false, message, rejected, repairs } : { ...admission, offset: 0 };
  }

  /** Converts OTLP/JSON to protobuf and admits that. Takes over the hold on `block`. */
  admitJson(signal: Signal, start: number, end: number, block: Block): Admission {
    let converted: Owned | Extract<Admission, { kind: "malformed" }>;
    try {
      converted = this.#fromJson(signal, start, end);
    } finally {
      block.release();
    }
    if ("kind" in converted) return converted;
    const admission = this.admit(signal, converted.start, converted.end, converted.block);
    // Damage in protobuf of our own making is a limit that JSON has no other word for: too many items, or attributes.
    return admission.kind === "admitted" ? { ...admission, unchanged: false } : { ...admission, offset: 0 };
  }

  /** What `admitCanonical` takes, for bytes of any kind; it lies in this memory until `release`. Throws `over_budget` and `too_large`, and holds nothing then. */
  canonicalOf(signal: Signal, encoding: "proto" | "json", source: Uint8Array): { readonly canonical: Canonical; readonly release: () => void } {
    const block = this.#take(source.length);
    const end = block.start + source.length;
    this.kernel.copyIn(block.start, source);
    const admission = encoding === "json" ? this.admitJson(signal, block.start, end, block) : this.admit(signal, block.start, end, block);
    if (admission.kind === "malformed") return { canonical: admission, release: () => {} };
    const { chunk, message, rejected, repairs } = admission;
    // What was admitted lies in one piece: nothing is taken for it.
    const whole = chunk.contiguous(this.pool);
    const bytes = this.bytes.subarray(whole.start, whole.end);
    return { canonical: { kind: "ok", bytes, message, rejected, repairs }, release: () => chunk.release() };
  }

  /** The chunks as one OTLP/JSON document. Throws `over_budget` when the pool has no room. */
  toJson(signal: Signal, chunks: readonly Chunk[]): Owned {
    const joined = this.#join(chunks);
    try {
      let size = (joined.end - joined.start) * JSON_GROWTH + 1024;
      for (;;) {
        const block = this.#take(size);
        const written = this.kernel.writeJson(signalNumber(signal), joined.start, joined.end, block.start, block.end);
        if (written >= 0) return { block, start: block.start, end: block.start + written };
        block.release();
        size *= 2;
      }
    } finally {
      joined.block?.release();
    }
  }

  /** One range with all the chunks: concatenated messages are one message (not for profiles). */
  #join(chunks: readonly Chunk[]): Range & { readonly block: Block | undefined } {
    const [first] = chunks;
    if (first !== undefined && chunks.length === 1) return { ...first.contiguous(this.pool), block: undefined };
    const block = this.#take(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = block.start;
    for (const chunk of chunks) at = chunk.copyTo(this.bytes, at);
    return { start: block.start, end: at, block };
  }

  /** The protobuf form in a new block, or what is wrong with the document. */
  #fromJson(signal: Signal, start: number, end: number): Owned | Extract<Admission, { kind: "malformed" }> {
    let size = end - start;
    for (;;) {
      const block = this.#take(size);
      const written = this.kernel.readJson(signalNumber(signal), start, end, block.start, block.end);
      if (written >= 0) return { block, start: block.start, end: block.start + written };
      block.release();
      if (written === JSON_FULL && size <= (end - start) * JSON_TO_PROTOBUF_MAX) size *= 2;
      else return this.#malformedJson(written, start);
    }
  }

  #malformedJson(code: number, start: number): Extract<Admission, { kind: "malformed" }> {
    const at = this.kernel.jsonErrorAt();
    return {
      kind: "malformed",
      code: "malformed_json",
      message: JSON_ERRORS[code] ?? `kernel code ${code}`,
      offset: at - start,
      path: jsonPathAt(this.bytes, start, at),
    };
  }

  /** Of the request that was checked last. */
  #mend(signal: Signal, start: number, end: number, block: Block): Admission {
    try {
      // Only text grows: everything else is left out, merged or written shorter.
      const growth = (this.kernel.repairs() & REPAIR_TEXT) === 0 ? 1 : GROWTH_MAX;
      const target = this.#take((end - start) * growth);
      const mended = canonical(this.kernel, signal, start, end, target.start);
      const status = this.#check(signal, target.start, mended.end);
      if (status !== 0) {
        target.release();
        throw new SluiceError("internal", `Cannot mend a request: it still has kernel status ${status}`);
      }
      const chunk = this.#own(Chunk.of(this.kernel, target.start, mended.end, target), signal);
      const { repairs } = mended;
      return {
        kind: "admitted",
        chunk,
        items: this.kernel.items(),
        rejected: repairs.spansCut,
        message: describeRepairs(repairs),
        unchanged: false,
        repairs,
      };
    } finally {
      block.release();
    }
  }

  #check(signal: Signal, start: number, end: number): number {
    return this.kernel.check(signalNumber(signal), start, end, this.#tapeAt, this.#tapeRecordsMax);
  }

  #own(chunk: Chunk, signal: Signal): Chunk {
    this.#taped = chunk;
    this.#tapedDepth = leafLevel(signal);
    return chunk;
  }

  #malformed(signal: Signal, status: number, start: number, end: number): Admission {
    if (status === FAIL_TAPE) {
      return { kind: "malformed", code: "too_large", message: tooManyItems(this.#tapeRecordsMax).message, offset: 0, path: "" };
    }
    const offset = this.kernel.errorAt();
    return {
      kind: "malformed",
      code: status === FAIL_ATTRIBUTES ? "too_large" : "malformed_protobuf",
      message: describeWireError(status),
      offset,
      path: pathAt(this.bytes, signal, start, end, start + offset),
    };
  }

  #take(size: number): Block {
    const block = this.pool.take(size);
    if (block !== undefined) return block;
    // Trying again never helps: the sender must not be told that it would.
    if (size > this.pool.largest) throw new SluiceError("too_large", `Cannot hold a request: one form of it takes ${size} bytes, more than the memory has`);
    throw new SluiceError("over_budget", "Cannot hold a request: no room in the pool", { retryable: true });
  }
}

function tooManyItems(recordsMax: number): SluiceError {
  return new SluiceError("too_large", `Cannot take a request: more than ${recordsMax} resources, scopes and items`, {
    cure: "Send smaller batches, or give the gateway more memory",
  });
}

function describeRepairs(repairs: Repairs): string {
  const parts: string[] = [];
  const cut = repairs.spansCut;
  if (cut > 0)
    parts.push(cut === 1 ? "1 span without a valid trace_id and span_id was rejected" : `${cut} spans without a valid trace_id and span_id were rejected`);
  return parts.join("; ");
}
