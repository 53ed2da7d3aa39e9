/**
 * A thread for what takes long with one large body: converting JSON, mending damage. 64 MiB of either
 * take up to half a second, in which everybody else would wait (law 4). The thread has an engine of its
 * own, made when it is first needed, and ends when nobody has needed it for a while: its memory goes
 * with it. What lies there is outside of the budget of requests in flight, and one body at a time.
 */
import { Worker } from "node:worker_threads";
import type { Aside, Canonical } from "../../base/host.ts";
import { type ErrorCode, messageOf, SluiceError } from "../../base/errors.ts";
import type { Signal } from "../../base/signal.ts";
import { gather } from "./copy.ts";

export interface Task {
  readonly signal: Signal;
  readonly encoding: "proto" | "json";
  readonly bytes: Uint8Array;
}

export type Made = { readonly kind: "made"; readonly canonical: Canonical } | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };

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
  #worker: Worker | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(memoryBytes: number) {
    this.#memoryBytes = memoryBytes;
  }

  async canonical(signal: Signal, encoding: "proto" | "json", bytes: Uint8Array): Promise<Canonical> {
    const before = this.#last;
    const made = (async () => {
      await before;
      return this.#make({ signal, encoding, bytes });
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

  async #make({ bytes, ...task }: Task): Promise<Canonical> {
    const made = await this.#ask({ ...task, bytes: gather([bytes], bytes.length) });
    if (made.kind === "made") return made.canonical;
    throw new SluiceError(made.code, made.message, { retryable: made.code === "over_budget" });
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
      worker.postMessage(task, transferable(task.bytes));
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
  }
}

/** The buffer beneath bytes that nobody else has; none where they lie in one that others share. */
export function transferable({ buffer, length }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === length ? [buffer] : [];
}
