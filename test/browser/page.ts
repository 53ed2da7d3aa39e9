/** What the page does: the core over the kernel, in a plain or a shared memory, from modules served as they are. */
import type { Signal } from "../../src/base/signal.ts";
import { createKernel } from "../../src/kernel/kernel.ts";
import { Engine } from "../../src/otlp/engine.ts";

export interface Task {
  readonly memory: "plain" | "shared";
  readonly signal: Signal;
  readonly encoding: "proto" | "json";
  readonly base64: string;
}

/** What became of a request: its items and both forms, or where and why it was refused. */
export type Told =
  | { readonly kind: "admitted"; readonly items: number; readonly rejected: number; readonly base64: string; readonly json: string }
  | { readonly kind: "malformed"; readonly code: string; readonly offset: number; readonly path: string };

export interface Engines {
  readonly plain: Engine;
  /** Undefined where the page may not share memory. */
  readonly shared: Engine | undefined;
}

const PAGES = 512;

/** A kernel over memory of its own: 32 MiB. */
export function engineOf(module: WebAssembly.Module, shared: boolean): Engine {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared });
  return new Engine(createKernel({ module, memory }), { poison: true });
}

/** Admits a request, and converts it to JSON. Leaves no block behind. */
export function perform(engines: Engines, { memory, signal, encoding, base64 }: Task): Told {
  const engine = engines[memory];
  if (engine === undefined) throw new Error("This page has no shared memory");
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const block = engine.pool.take(bytes.length);
  if (block === undefined) throw new Error("The page's pool is full");
  engine.bytes.set(bytes, block.start);
  const end = block.start + bytes.length;
  const admission = encoding === "json" ? engine.admitJson(signal, block.start, end, block) : engine.admit(signal, block.start, end, block);
  if (admission.kind === "malformed") return { kind: "malformed", code: admission.code, offset: admission.offset, path: admission.path };
  const { chunk, items, rejected } = admission;
  const whole = new Uint8Array(chunk.length);
  chunk.copyTo(whole, 0);
  const json = engine.toJson(signal, [chunk]);
  const text = new TextDecoder().decode(engine.bytes.slice(json.start, json.end));
  json.block.release();
  chunk.release();
  if (engine.pool.blocks !== 0) throw new Error(`${engine.pool.blocks} blocks are still held`);
  return { kind: "admitted", items, rejected, base64: btoa(Array.from(whole, (byte) => String.fromCharCode(byte)).join("")), json: text };
}
