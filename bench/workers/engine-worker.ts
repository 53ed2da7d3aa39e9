/**
 * The engine bench inside workerd: a Worker that prepares a row and does rotations of it when asked.
 * It times nothing: on the platform clocks stand still while a Worker computes (on this machine they
 * run), and CPU time is not told at all, so who asks measures.
 *
 * protobufjs writes code, which a Worker may do only while it starts: so all of it is written then.
 */
import protobuf from "protobufjs";
import { SIGNALS } from "../../src/base/signal.ts";
import kernel from "../../src/kernel/kernel.wasm";
import { createKernel } from "../../src/kernel/kernel.ts";
import { Engine } from "../../src/otlp/engine.ts";
import { judge } from "../../test/harness/judge.ts";
import type { Who } from "../engine-measure.ts";
import { type Prepared, ROWS } from "../engine-rows.ts";
import { COMPARED, checksumOf, rotate } from "../engine-turns.ts";
import { payloads } from "../payloads.ts";

const PAGE_BYTES = 65_536;
const MEMORY_BYTES = 256 << 20;

clampWrites();
for (const signal of SIGNALS) writeCode(judge(signal).type.root);

let prepared: Prepared | undefined;
let engine: Engine | undefined;
let rotation = 0;

/**
 * protobufjs's quickest writer of text asks Buffer for more than its rest, which Node cuts and workerd
 * refuses: cut here, so that the rival keeps it.
 */
function clampWrites(): void {
  const prototype: object = Buffer.prototype;
  const native: unknown = Reflect.get(prototype, "utf8Write");
  if (typeof native !== "function") return;
  Reflect.set(prototype, "utf8Write", function clamped(this: Uint8Array, text: string, at = 0, length = this.length - at): unknown {
    return Reflect.apply(native, this, [text, at, Math.min(length, this.length - at)]);
  });
}

/** Everything that protobufjs compiles for the messages below: constructors, coders, converters. */
function writeCode(namespace: protobuf.NamespaceBase): void {
  if (namespace instanceof protobuf.Type) {
    namespace.setup();
    // Compiled when first asked for.
    if (namespace.ctor.length < 0) throw new TypeError("Cannot be: a constructor takes no arguments or some");
  }
  for (const nested of namespace.nestedArray) if (nested instanceof protobuf.Namespace) writeCode(nested);
}

const ACTIONS: Readonly<Record<string, (query: URLSearchParams) => string>> = {
  "/prepare": (query) => prepare(query.get("row") ?? "", Number(query.get("rotation")), Number(query.get("items"))),
  "/turn": (query) => turn(query.get("who") ?? "", Number(query.get("rotations"))),
  "/release": release,
};

function prepare(id: string, requests: number, items: number): string {
  const row = ROWS.find((one) => one.id === id);
  if (row === undefined) throw new RangeError(`Cannot prepare "${id}": there is no such row`);
  engine ??= newEngine();
  rotation = requests;
  prepared = row.prepare(
    engine,
    payloads(row.signal, requests, { items }).map(({ bytes }) => bytes),
  );
  for (let index = 0; index < Math.min(COMPARED, requests); index++) prepared.compare(index);
  return "";
}

/** One for all rows: memory is not given back. */
function newEngine(): Engine {
  const pages = MEMORY_BYTES / PAGE_BYTES;
  return new Engine(createKernel({ module: kernel, memory: new WebAssembly.Memory({ initial: pages, maximum: pages }) }));
}

function turn(who: string, rotations: number): string {
  if (prepared === undefined || !isWho(who)) throw new TypeError(`Cannot do a turn of "${who}"`);
  for (let round = 0; round < rotations; round++) rotate(prepared, who, rotation);
  return String(checksumOf());
}

function isWho(text: string): text is Who {
  return ["ours", "theirs", "copy"].includes(text);
}

function release(): string {
  prepared?.release();
  prepared = undefined;
  return "";
}

export default {
  fetch(request: Request): Response {
    const { pathname, searchParams } = new URL(request.url);
    try {
      const text = ACTIONS[pathname]?.(searchParams);
      return text === undefined ? new Response(null, { status: 404 }) : new Response(text);
    } catch (error) {
      return new Response(error instanceof Error ? (error.stack ?? error.message) : String(error), { status: 500 });
    }
  },
};
