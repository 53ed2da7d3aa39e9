/** The contract itself, on a storage in memory that lives in the tests alone: slow, as a disk may be. */
import type { Change, Storage } from "../../src/pipeline/storage.ts";
import { STORAGE_KEY_CHARACTERS_MAX, STORAGE_VALUE_BYTES_MAX } from "../../src/pipeline/storage.ts";
import { checkStorage } from "./storage.ts";

class SlowMemory implements Storage {
  readonly durable = false;
  readonly #values = new Map<string, Uint8Array>();

  async get(key: string): Promise<Uint8Array | undefined> {
    await turn();
    return this.#values.get(key)?.slice();
  }

  async list(prefix: string, limit: number, after = ""): Promise<readonly string[]> {
    await turn();
    return [...this.#values.keys()]
      .filter((key) => key.startsWith(prefix) && key > after)
      .toSorted()
      .slice(0, limit);
  }

  async commit(changes: readonly Change[]): Promise<void> {
    const copies = changes.map((change) => (change.kind === "put" ? { ...change, value: change.value.slice() } : change));
    await turn();
    if (!copies.every(isWithinLimits)) throw new RangeError("A key or a value is over the limit");
    for (const change of copies) {
      if (change.kind === "put") this.#values.set(change.key, change.value);
      else this.#values.delete(change.key);
    }
  }

  async close(): Promise<void> {
    await turn();
  }
}

function isWithinLimits(change: Change): boolean {
  return change.key.length <= STORAGE_KEY_CHARACTERS_MAX && (change.kind === "delete" || change.value.length <= STORAGE_VALUE_BYTES_MAX);
}

/** A later turn of the event loop, as any real storage answers. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

checkStorage("a slow storage in memory", async () => new SlowMemory());
