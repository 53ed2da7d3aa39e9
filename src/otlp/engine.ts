/**
 * The kernel and its pool as one thing that components are given: checks and mends requests,
 * indexes them for a walk, converts from and to OTLP/JSON. Everything lies in one memory, so a
 * place anywhere is one absolute address.
 */
import { SluiceError } from "../base/errors.ts";
import { Pool, type Block, type PoolOptions } from "../base/pool.ts";
import type { Signal } from "../base/signal.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Chunk, Range } from "../wire/chunk.ts";
import type { Admission } from "./admission.ts";

export interface Owned extends Range {
  /** The caller's to release. */
  readonly block: Block;
}

export class Engine {
  readonly kernel: Kernel;
  readonly pool: Pool;
  /** The whole memory. */
  readonly bytes: Uint8Array;

  constructor(kernel: Kernel, options: PoolOptions = {}) {
    this.kernel = kernel;
    this.bytes = kernel.bytes;
    this.pool = new Pool(kernel.bytes, kernel.heapBase, kernel.bytes.length, options);
  }

  /** Checks protobuf bytes in `block` and mends what law 6 says is mended. Takes over the hold on `block`. */
  admit(_signal: Signal, _start: number, _end: number, _block: Block): Admission {
    throw new SluiceError("internal", "Cannot admit: under construction");
  }

  /** Converts OTLP/JSON to protobuf and admits that. Takes over the hold on `block`. */
  admitJson(_signal: Signal, _start: number, _end: number, _block: Block): Admission {
    throw new SluiceError("internal", "Cannot admit: under construction");
  }

  /** The chunks as one OTLP/JSON document. Throws `over_budget` when the pool has no room. */
  toJson(_signal: Signal, _chunks: readonly Chunk[]): Owned {
    throw new SluiceError("internal", "Cannot convert: under construction");
  }
}
