/**
 * A thread for what takes long with one large body: converting JSON, mending damage. 64 MiB of either
 * take up to half a second, in which everybody else would wait (law 4). The thread has an engine of its
 * own, made when it is first needed, and ends when nobody has needed it for a while: its memory goes
 * with it. What lies there is outside of the budget of requests in flight, and one body at a time.
 *
 * Its memory is shared, and what it has made is taken from there: no copy of a large body is made to be
 * handed over, nor left to a collector.
 */
import { Worker } from "node:worker_threads";
import type { Aside, Canonical } from "../../base/host.ts";
import { type ErrorCode, messageOf, SluiceError } from "../../base/errors.ts";
import type { Signal } from "../../base/signal.ts";

export interface Task {
  readonly signal: Signal;
  readonly encoding: "proto" | "json";
  readonly place: Place;
}

/** Bytes in shared memory. Not as a Uint8Array, which Deno looks through, entry by entry, before it hands it over: 64 MiB take 25 seconds. */
export interface Place {
  readonly buffer: SharedArrayBuffer;
  readonly start: number;
  readonly length: number;
}

/** `place` instead of the canonical form's own bytes, which are none. */
export type Made =
  | { readonly kind: "made"; readonly canonical: Canonical; readonly place: Place | undefined }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };

/** Tells the thread that what it has made was taken. */
export const TAKEN = "taken";

/** A burst of large bodies finds the thread there; a rare one does not keep its memory. */
const IDLE_MS = 10_000;

/** `memoryBytes`: of the thread's engine, as large as the gateway's own, so that it takes what that would take. */
export function asideThread(memoryBytes: number): Aside {
  return new AsideThread(memoryBytes);
}

class AsideThread implements Aside {
  readonly #memoryBytes: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #copies: Uint8Array | undefined;
  #worker: Worker | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(memoryBytes: number) {
    this.#memoryBytes = memoryBytes;
  }

  async canonical<Taken>(signal: Signal, encoding: "proto" | "json", bytes: Uint8Array, take: (made: Canonical) => Taken): Promise<Taken> {
    const before = this.#last;
    const made = (async () => {
      await before;
      return this.#make({ signal, encoding, bytes }, take);
    })();
    // The next one waits for this one, however it ends.
    this.#last = made.catch(() => {});
    this.#waiting++;
    clearTimeout(this.#idle);
    try {
      return await made;
    } finally {
      this.#waiting--;
      if (this.#waiting === 0) this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref();
    }
  }

  async #make<Taken>({ bytes, ...task }: Omit<Task, "place"> & { readonly bytes: Uint8Array }, take: (made: Canonical) => Taken): Promise<Taken> {
    const made = await this.#ask({ ...task, place: placeOf(this.#lent(bytes)) });
    if (made.kind === "failed") throw new SluiceError(made.code, made.message, { retryable: made.code === "over_budget" });
    try {
      const { canonical, place } = made;
      return take(canonical.kind === "ok" && place !== undefined ? { ...canonical, bytes: bytesAt(place) } : canonical);
    } finally {
      this.#worker?.postMessage(TAKEN, []);
    }
  }

  /** Memory that is shared the thread reads where it is; of other memory it gets a copy, always in the same place. */
  #lent(bytes: Uint8Array): Uint8Array {
    if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
    let copies = this.#copies;
    if (copies === undefined || copies.length < bytes.length) this.#copies = copies = new Uint8Array(new SharedArrayBuffer(bytes.length));
    copies.set(bytes);
    return copies.subarray(0, bytes.length);
  }

  #ask(task: Task): Promise<Made> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      const settle = () => {
        worker.off("message", onMessage).off("error", onError).off("exit", onExit).unref();
      };
      const onMessage = (made: Made) => {
        settle();
        resolve(made);
      };
      const fail = (why: string) => {
        settle();
        this.#worker = undefined;
        reject(new SluiceError("internal", `Cannot take a large request: ${why}`));
      };
      const onError = (error: unknown) => fail(`the thread failed: ${messageOf(error)}`);
      const onExit = () => fail("the thread ended");
      worker.on("message", onMessage).on("error", onError).on("exit", onExit).ref();
      worker.postMessage(task, []);
    });
  }

  #start(): Worker {
    // Sources run as they are, the package as JavaScript.
    const name = import.meta.url.endsWith(".ts") ? "./aside-thread.ts" : "./aside-thread.js";
    // Not the process's own arguments: a thread does not take all of them.
    return new Worker(new URL(name, import.meta.url), { workerData: this.#memoryBytes, name: "aside", execArgv: [] });
  }

  #end(): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
    this.#copies = undefined;
  }
}

/** Throws `internal` for memory that is not shared. */
export function placeOf({ buffer, byteOffset, length }: Uint8Array): Place {
  if (!(buffer instanceof SharedArrayBuffer)) throw new SluiceError("internal", "Cannot hand bytes to a thread: their memory is not shared");
  return { buffer, start: byteOffset, length };
}

export function bytesAt({ buffer, start, length }: Place): Uint8Array {
  return new Uint8Array(buffer, start, length);
}
