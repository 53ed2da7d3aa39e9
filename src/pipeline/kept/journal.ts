/**
 * What a stage holds, on storage: one entry an envelope, numbered in order of arrival, in values of at
 * most 1.8 MB. Keys: `<prefix><number, 16 digits>-<bytes>` for the first value, and the same with `/1`,
 * `/2`, ... behind it for those that follow, and `/rest`, empty, once the part that is not held was
 * answered: a list of keys tells what there is.
 *
 * Invariant: an entry is there whole or not at all, since its values come and go in one commit.
 */
import { SluiceError } from "../../base/errors.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Envelope } from "../stage.ts";
import { type Change, type Storage, STORAGE_KEY_CHARACTERS_MAX } from "../storage.ts";
import { storedFrom, valueCount, valuesOf } from "../stored.ts";

const NUMBER_DIGITS = 16;
const PAGE_KEYS = 1000;
/** A number, bytes and a count of values, with what stands between them. */
const BEHIND_PREFIX_CHARACTERS = 48;

export interface Entry {
  readonly number: number;
  readonly bytes: number;
  /** The part of it that the stage does not hold was answered. */
  restAnswered?: boolean;
}

export class Journal {
  readonly #storage: Storage;
  readonly #prefix: string;

  /** Throws `config` for a prefix that leaves no room in a key. */
  constructor(storage: Storage, prefix: string) {
    if (prefix.length > STORAGE_KEY_CHARACTERS_MAX - BEHIND_PREFIX_CHARACTERS) {
      throw new SluiceError("config", `Cannot keep what "${prefix}" holds: the name is too long`, {
        cure: "Give the pipeline or the processor a shorter name",
      });
    }
    this.#storage = storage;
    this.#prefix = prefix;
  }

  /** What there is, in order of arrival. */
  async entries(): Promise<readonly Entry[]> {
    const entries: Entry[] = [];
    for (let after: string | undefined; ;) {
      const keys = await this.#storage.list(this.#prefix, PAGE_KEYS, after);
      for (const key of keys) {
        const [, number, bytes, rest] = /^(\d+)-(\d+)(\/rest)?$/.exec(key.slice(this.#prefix.length)) ?? [];
        const last = entries.at(-1);
        if (rest !== undefined && last?.number === Number(number)) last.restAnswered = true;
        else if (number !== undefined) entries.push({ number: Number(number), bytes: Number(bytes) });
      }
      if (keys.length < PAGE_KEYS) return entries;
      after = keys.at(-1);
    }
  }

  /** `bytes` are `bytesOfEnvelope` of it. Resolves when it is kept; rejects when it is not. */
  add(number: number, bytes: Uint8Array): Promise<void> {
    const keys = this.#keysOf({ number, bytes: bytes.length });
    return this.#storage.commit(valuesOf(bytes).map((value, index): Change => ({ kind: "put", key: keys[index] ?? "", value })));
  }

  /** Rejects with `internal` when it is not there whole, with `over_budget` when it cannot be checked now. */
  async read(entry: Entry, engine: Engine): Promise<Envelope> {
    const stored = storedFrom(engine, await Promise.all(this.#keysOf(entry).map((key) => this.#storage.get(key))));
    if (stored === undefined) throw new SluiceError("internal", "Cannot read what a stage held: it is damaged");
    return entry.restAnswered === true ? { ...stored.envelope, restAnswered: true } : stored.envelope;
  }

  /** Notes that the rest of an entry was answered. */
  async markRest(entry: Entry): Promise<void> {
    entry.restAnswered = true;
    await this.#storage.commit([{ kind: "put", key: this.#restKeyOf(entry), value: new Uint8Array(0) }]);
  }

  async remove(entries: readonly Entry[]): Promise<void> {
    const keys = entries.flatMap((entry) => (entry.restAnswered === true ? [...this.#keysOf(entry), this.#restKeyOf(entry)] : this.#keysOf(entry)));
    await this.#storage.commit(keys.map((key): Change => ({ kind: "delete", key })));
  }

  #restKeyOf(entry: Entry): string {
    return `${this.#keysOf(entry)[0] ?? ""}/rest`;
  }

  #keysOf({ number, bytes }: Entry): string[] {
    const first = `${this.#prefix}${String(number).padStart(NUMBER_DIGITS, "0")}-${bytes}`;
    return Array.from({ length: valueCount(bytes) }, (_, index) => (index === 0 ? first : `${first}/${index}`));
  }
}
