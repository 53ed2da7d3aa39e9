/** The host on Node, Bun and Deno over their `node:` modules: clock, chance, log, terminal, sockets and codecs, and the memory that requests lie in. */
import { readFileSync } from "node:fs";
import type { Host, Logger, LogLevel, Terminal } from "../../base/host.ts";
import { messageOf, SluiceError } from "../../base/errors.ts";
import { createKernel } from "../../kernel/kernel.ts";
import { Engine } from "../../otlp/engine.ts";
import { asideThread } from "./aside.ts";
import { nodeClient } from "./client.ts";
import { nodeCodecs } from "./codecs.ts";
import { sharedCopies } from "./copy.ts";
import { type LogFormat, nodeLogger } from "./logger.ts";
import { processMemory } from "./process-memory.ts";
import { runtimeName } from "../name.ts";
import { nodeServer } from "./server.ts";

/** The memory of requests in flight, kernel included: their budget. */
export const MEMORY_BYTES = 512 << 20;
const MEMORY_BYTES_MIN = 8 << 20;
/** WebAssembly's own limit. */
const MEMORY_BYTES_MAX = 2 ** 31 - 65_536;
const PAGE_BYTES = 65_536;
const COLUMNS = 80;

/** Deno copies plain memory several times as fast (docs/decisions/006), and its sockets and zlib take a copy either way. */
const SHARED = runtimeName() !== "deno";

/** A kernel over memory of its own, shared where zlib and sockets then read it without a copy, or as asked. Throws `config` for a size out of range. */
export function nodeEngine(
  memoryBytes: number = MEMORY_BYTES,
  { shared = SHARED, ...options }: { readonly poison?: boolean; readonly shared?: boolean } = {},
): Engine {
  if (!(memoryBytes >= MEMORY_BYTES_MIN && memoryBytes <= MEMORY_BYTES_MAX)) {
    throw new SluiceError("config", `Cannot make a memory of ${memoryBytes} bytes: out of range`, { cure: "Use between 8 MiB and 2 GiB" });
  }
  const pages = Math.floor(memoryBytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  const module = new WebAssembly.Module(kernelBytes(shared));
  return new Engine(createKernel({ module, memory, ...(shared ? { copies: sharedCopies } : {}) }), options);
}

function kernelBytes(shared: boolean): Uint8Array<ArrayBuffer> {
  const url = new URL(shared ? "../../kernel/kernel-shared.wasm" : "../../kernel/kernel.wasm", import.meta.url);
  try {
    return new Uint8Array(readFileSync(url));
  } catch (error) {
    throw new SluiceError("internal", `Cannot load the kernel: ${messageOf(error)}`, { cure: "Build the package again: npm run build", cause: error });
  }
}

export interface NodeHostOptions {
  readonly log: LogFormat;
  readonly level: LogLevel;
  /** Replaces standard error, for tests. */
  readonly writeLog?: ((line: string) => void) | undefined;
  /** Called when a listener breaks after it was opened. */
  readonly onListenerError?: ((cause: unknown) => void) | undefined;
}

/** Everything that components are given, over the engine's pool. */
export function nodeHost(engine: Engine, options: NodeHostOptions): Host {
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
  const write = options.writeLog ?? ((line: string) => void process.stderr.write(line));
  const logger: Logger = nodeLogger({ format: options.log, level: options.level, write, nowMs: clock.nowMs });
  return {
    runtime: runtimeName(),
    clock,
    random: () => Math.random(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
    // Deno calls what `setImmediate` was given before it looks for what has come in.
    turn: () => new Promise((resolve) => setTimeout(resolve, 0)),
    logger,
    terminal: nodeTerminal(),
    codecs: nodeCodecs(engine.pool),
    server: nodeServer(engine.pool, logger, options.onListenerError),
    client: nodeClient,
    memory: processMemory,
    aside: asideThread(engine.bytes.length),
    // Only who stores loads SQLite.
    openStorage: async (one) => (await import("./storage/storage.ts")).openStorage(one),
    // The same of objects.
    openObjects: async (one) => (await import("./objects/open.ts")).openObjects(one, clock),
    // The same of NATS.
    openJetStream: async (one) => (await import("./jetstream/jetstream.ts")).openJetStream(one),
  };
}

function nodeTerminal(): Terminal {
  const { stdout, env } = process;
  // Whoever read the output may go away (`| head`): that ends the printing, not the gateway.
  if (!stdout.listeners("error").includes(readerLost)) stdout.on("error", readerLost);
  return {
    write: (text) => void stdout.write(text),
    // NO_COLOR is obeyed whatever its value (no-color.org).
    colours: stdout.isTTY && env["NO_COLOR"] === undefined && env["TERM"] !== "dumb",
    columns: stdout.columns ?? COLUMNS,
  };
}

/** One for all hosts of a process. */
function readerLost(): void {
  // What is printed after it goes nowhere.
}
