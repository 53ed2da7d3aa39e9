/** An engine for tests: a kernel over its own memory, with a poisoned pool, and helpers around it. */
import type { Signal } from "../../src/base/signal.ts";
import { Engine } from "../../src/otlp/engine.ts";
import type { Admission } from "../../src/otlp/admission.ts";
import { Batch } from "../../src/pipeline/batch.ts";
import type { Chunk } from "../../src/wire/chunk.ts";
import { testKernel } from "./kernel.ts";
import { lending } from "./lent.ts";

/** An engine with a memory of its own for as long as a test runs; made outside of tests, for the file. */
export function testEngine(memoryBytes: number = 16 << 20): Engine {
  return lend(memoryBytes);
}

const lend = lending((memoryBytes) => testKernel(memoryBytes));
const lent = new Map<number, Engine>();

/**
 * An engine as new, over the memory of the one that was lent before, which must be done with: for tests
 * that need hundreds, one after the other. (What is still held keeps its memory.)
 */
export function lentEngine(memoryBytes: number = 16 << 20): Engine {
  const before = lent.get(memoryBytes);
  const kernel = before?.pool.blocks === 0 ? before.kernel : testKernel(memoryBytes);
  const engine = new Engine(kernel, { poison: true });
  lent.set(memoryBytes, engine);
  return engine;
}

/** Puts bytes in a block of the pool and admits them, as the door does. */
export function admitBytes(engine: Engine, signal: Signal, bytes: Uint8Array, encoding: "proto" | "json" = "proto"): Admission {
  const block = engine.pool.take(bytes.length);
  if (block === undefined) throw new Error("The test's pool is full");
  engine.bytes.set(bytes, block.start);
  const end = block.start + bytes.length;
  return encoding === "json" ? engine.admitJson(signal, block.start, end, block) : engine.admit(signal, block.start, end, block);
}

export function admitted(engine: Engine, signal: Signal, bytes: Uint8Array, encoding: "proto" | "json" = "proto"): Extract<Admission, { kind: "admitted" }> {
  const admission = admitBytes(engine, signal, bytes, encoding);
  if (admission.kind !== "admitted") throw new Error(`Refused: ${admission.message} at ${admission.offset} (${admission.path})`);
  return admission;
}

/** The chunk's message as bytes of their own. */
export function bytesOf(chunk: Chunk): Uint8Array {
  const bytes = new Uint8Array(chunk.length);
  chunk.copyTo(bytes, 0);
  return bytes;
}

export function batchOf(signal: Signal, admission: Extract<Admission, { kind: "admitted" }>): Batch {
  return new Batch({
    signal,
    chunks: [admission.chunk],
    id: "test",
    items: admission.items,
    origin: { receiver: "otlp", peer: "test", tenant: "", arrivedMs: 0, headers: {} },
  });
}

/** The whole batch as bytes of their own. */
export function batchBytes(batch: Batch): Uint8Array {
  const parts = batch.chunks.map((chunk) => bytesOf(chunk));
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
