/** A small kernel for unit tests: place bytes, check them, read what was left. */
import { signalNumber, type Signal } from "../../src/base/signal.ts";
import { TAPE_WORDS, type Kernel } from "../../src/kernel/kernel.ts";
import { testKernel, type MemoryKind } from "../harness/kernel.ts";

export const RECORDS_MAX = 8192;

export interface Checked {
  readonly result: number;
  readonly repairs: number;
  readonly errorAt: number;
  readonly items: number;
}

export interface TapeRecord {
  readonly level: number;
  readonly flags: number;
  /** Bytes 9 and 10 of the trace id. */
  readonly top: number;
  /** Offsets from the request's first byte. */
  readonly tag: number;
  readonly body: number;
  readonly end: number;
  readonly next: number;
  /** Words 5 to 7 as they stand: addresses are absolute. */
  readonly words: readonly [number, number, number];
}

export class Bench {
  readonly kernel: Kernel;
  readonly start: number;
  readonly tapeAt: number;

  constructor(kind: MemoryKind = "plain", memoryBytes = 8 << 20) {
    this.kernel = testKernel(memoryBytes, kind);
    this.tapeAt = (this.kernel.heapBase + 63) & ~63;
    this.start = this.tapeAt + RECORDS_MAX * TAPE_WORDS * 4;
  }

  /** Puts the request in its place, with `fill` behind it. */
  place(bytes: Uint8Array, fill = 0): void {
    this.kernel.bytes.set(bytes, this.start);
    this.kernel.bytes.fill(fill, this.start + bytes.length, this.start + bytes.length + 64);
  }

  check(signal: Signal, bytes: Uint8Array, recordsMax = RECORDS_MAX): Checked {
    this.place(bytes);
    return this.checkPlaced(signal, bytes.length, recordsMax);
  }

  /** Checks the first `length` bytes of what is in place. */
  checkPlaced(signal: Signal, length: number, recordsMax = RECORDS_MAX): Checked {
    const { kernel, start } = this;
    const result = kernel.check(signalNumber(signal), start, start + length, this.tapeAt, recordsMax);
    return { result, repairs: kernel.repairs(), errorAt: kernel.errorAt(), items: kernel.items() };
  }

  index(signal: Signal, length: number, depth: number, recordsMax = RECORDS_MAX): number {
    return this.kernel.index(signalNumber(signal), this.start, this.start + length, depth, this.tapeAt, recordsMax);
  }

  tape(): TapeRecord[] {
    const { words } = this.kernel;
    const from = this.tapeAt >> 2;
    return Array.from({ length: this.kernel.tapeCount() }, (_, i) => {
      const word = (at: number): number => words[from + i * TAPE_WORDS + at] ?? 0;
      return {
        level: word(0) & 0xff,
        flags: word(0) & 0xff00,
        top: word(0) >>> 16,
        tag: word(1) - this.start,
        body: word(2) - this.start,
        end: word(3) - this.start,
        next: word(4),
        words: [word(5), word(6), word(7)],
      };
    });
  }
}
