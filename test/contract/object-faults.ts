/** A store of objects in memory, and what tests do to one: let calls fail, and count them. */
import { SluiceError } from "../../src/base/errors.ts";
import { checkObjectName, type ObjectStore } from "../../src/base/objects.ts";

export type Call = keyof ObjectStore;

const PAGE_NAMES = 1000;

/** Keeps what it is given for as long as it lives. */
export class MemoryObjects implements ObjectStore {
  readonly objects = new Map<string, Uint8Array>();
  readonly calls: Record<Call, number> = { put: 0, get: 0, list: 0, delete: 0 };
  /** What a call fails with; undefined: it does not. */
  fault: (call: Call) => SluiceError | undefined = () => undefined;
  /** A call begins when this resolves. */
  pause: (call: Call) => Promise<void> = () => Promise.resolve();

  async put(name: string, bytes: Uint8Array): Promise<"kept" | "taken"> {
    checkObjectName(name);
    await this.#called("put");
    if (this.objects.has(name)) return "taken";
    this.objects.set(name, bytes.slice());
    return "kept";
  }

  async get(name: string, bytesMax: number): Promise<Uint8Array | undefined> {
    checkObjectName(name);
    await this.#called("get");
    const found = this.objects.get(name);
    if (found !== undefined && found.length > bytesMax) throw new SluiceError("storage", `Cannot read object "${name}": too many bytes`, { damaged: true });
    return found?.slice();
  }

  async *list(prefix: string): AsyncGenerator<readonly string[], undefined> {
    await this.#called("list");
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix)).toSorted((one, other) => (one < other ? -1 : 1));
    for (let at = 0; at < names.length; at += PAGE_NAMES) yield names.slice(at, at + PAGE_NAMES);
    return undefined;
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const name of names) checkObjectName(name);
    await this.#called("delete");
    for (const name of names) this.objects.delete(name);
  }

  async #called(call: Call): Promise<void> {
    this.calls[call]++;
    await this.pause(call);
    const fault = this.fault(call);
    if (fault !== undefined) throw fault;
  }
}
