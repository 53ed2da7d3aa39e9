/**
 * Storage in an SQLite file, behind a thread of its own: a commit with fsync takes milliseconds, a large
 * one hundreds, and this thread has requests to answer. Values are copied once, into a buffer that the
 * thread is given; the caller's bytes are the caller's again when the call returns. A value that the caller
 * gives away goes as it is.
 *
 * Invariant: whoever asked is answered, also when the thread ends on its own. Nothing here keeps the
 * process alive except a question that waits for its answer.
 */
import { Worker } from "node:worker_threads";
import { messageOf, SluiceError } from "../../../base/errors.ts";
import type { Change, OpenStorageOptions, Storage } from "../../../base/host.ts";
import { checkChanges } from "../../../pipeline/storage.ts";
import { bufferOver } from "../copy.ts";
import { errorOf } from "./faults.ts";
import { OPENED, type PackedCommit, pathOf, type Question, type Reply } from "./messages.ts";

type Value = Reply["value"];
/** A question without its number. */
type Asked<Kind = Question> = Kind extends Question ? Omit<Kind, "id"> : never;

interface Waiting {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: SluiceError) => void;
}

/** Opens or makes it. Rejects with `storage`: another process has it, it is damaged, the directory is not there. */
export function openStorage(options: OpenStorageOptions): Promise<Storage> {
  return ThreadStorage.open(startThread(options), pathOf(options));
}

/** A thread that opens the file, and then answers for it. */
export function startThread(options: OpenStorageOptions): Worker {
  // Sources run as they are, the package as JavaScript.
  const name = import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js";
  // Not the process's own arguments: a thread does not take all of them.
  return new Worker(new URL(name, import.meta.url), { workerData: options, name: "storage", execArgv: [] });
}

export class ThreadStorage implements Storage {
  readonly durable = true;
  readonly #worker: Worker;
  readonly #path: string;
  readonly #waiting = new Map<number, Waiting>();
  #last = OPENED;
  #ended: SluiceError | undefined;
  #closed: Promise<void> | undefined;

  private constructor(worker: Worker, path: string) {
    this.#worker = worker;
    this.#path = path;
    worker.on("message", (replies: readonly Reply[]) => this.#take(replies));
    worker.on("error", (error) => this.#end("its thread failed", error));
    worker.on("exit", () => this.#end("its thread has ended"));
  }

  /** A storage once the thread has it open. Ends the thread when it cannot. */
  static async open(worker: Worker, path: string): Promise<ThreadStorage> {
    const storage = new ThreadStorage(worker, path);
    try {
      await storage.#reply(OPENED);
      return storage;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const value = await this.#ask({ kind: "get", key });
    return value instanceof Uint8Array ? value : undefined;
  }

  async list(prefix: string, limit: number, after = ""): Promise<readonly string[]> {
    const keys = await this.#ask({ kind: "list", prefix, limit, after });
    return keys === undefined || keys instanceof Uint8Array ? [] : keys;
  }

  async commit(changes: readonly Change[]): Promise<void> {
    checkChanges(changes);
    const packed = pack(changes);
    await this.#ask({ kind: "commit", ...packed }, packed.buffers);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const closing = this.#ask({ kind: "close" });
    this.#ended = this.#error("it is closed");
    try {
      await closing;
    } finally {
      await this.#worker.terminate();
    }
  }

  #ask(asked: Asked, transferred: readonly ArrayBuffer[] = []): Promise<Value> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = ++this.#last;
    const reply = this.#reply(id);
    this.#worker.postMessage({ ...asked, id }, transferred);
    return reply;
  }

  #reply(id: number): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    if (this.#waiting.size === 0) this.#worker.ref();
    this.#waiting.set(id, { resolve, reject });
    return promise;
  }

  #take(replies: readonly Reply[]): void {
    for (const { id, value, fault } of replies) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (fault === undefined) waiting?.resolve(value);
      else waiting?.reject(errorOf(fault));
    }
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #end(state: string, cause?: unknown): void {
    this.#ended ??= this.#error(cause === undefined ? state : `${state}: ${messageOf(cause)}`, cause);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  #error(state: string, cause?: unknown): SluiceError {
    return new SluiceError("storage", `Cannot use the storage "${this.#path}": ${state}`, { cure: "Start the gateway again", cause });
  }
}

/** Values end to end in a buffer of their own, or in the one that was given, and where each lies. */
function pack(changes: readonly Change[]): PackedCommit {
  const copied = new ArrayBuffer(
    changes.reduce((sum, change) => (change.kind === "put" && givenBuffer(change) === undefined ? sum + change.value.length : sum), 0),
  );
  const buffers = [copied];
  const whole = Buffer.from(copied);
  let end = 0;
  let bytes = copied.byteLength;
  const packed = changes.map((change) => {
    const { key } = change;
    if (change.kind === "delete") return { key };
    const given = givenBuffer(change);
    if (given !== undefined) {
      bytes += given.byteLength;
      return { key, buffer: buffers.push(given) - 1, start: 0, end: given.byteLength };
    }
    const start = end;
    end += change.value.length;
    bufferOver(change.value).copy(whole, start);
    return { key, buffer: 0, start, end };
  });
  return { changes: packed, buffers, bytes };
}

/** Undefined for a value that is to be copied. */
function givenBuffer({ given, value }: Extract<Change, { kind: "put" }>): ArrayBuffer | undefined {
  const { buffer } = value;
  return given === true && buffer instanceof ArrayBuffer && value.length === buffer.byteLength ? buffer : undefined;
}
