/**
 * Dead letters as objects: each is one, its name is its key, so that a list reads none of them. Several
 * gateways, and isolates of a Worker, fill one place at once: SEQ is made of the time in milliseconds and
 * of 48 bits of chance, and a name that is taken all the same is left alone, and another one found.
 */
import { isDamaged, SluiceError } from "../../base/errors.ts";
import type { Host } from "../../base/host.ts";
import type { ObjectStore } from "../../base/objects.ts";
import type { Counters } from "../../pipeline/counters.ts";
import { type Letter, type LetterFacts, letterKey, readLetterKey } from "../durable/keys.ts";
import type { KeptLetters, LetterStore } from "./letter-store.ts";
import { prefixOf } from "./storage-letters.ts";

const DIGITS = 12;
const CHANCES = 2 ** 48;
/** One is enough where chance is chance. */
const TRIES_MAX = 100;

/** Those of a store, for one who looks at them. */
export function objectLetters(store: ObjectStore): KeptLetters {
  return {
    async *letters(exporter) {
      for await (const names of store.list(prefixOf(exporter))) {
        for (const name of names) {
          const letter = readLetterKey(name);
          if (letter !== undefined) yield letter;
        }
      }
      return undefined;
    },
    read: async ({ bytes, key }) => [await readOne(store, key, bytes)],
    remove: (letters) => store.delete(letters.map(({ key }) => key)),
  };
}

/** What is damaged is as if it were not there. */
async function readOne(store: ObjectStore, name: string, bytesMax: number): Promise<Uint8Array | undefined> {
  try {
    return await store.get(name, bytesMax);
  } catch (error) {
    if (isDamaged(error)) return undefined;
    throw error;
  }
}

export interface SharedLettersParts {
  readonly host: Pick<Host, "clock" | "random">;
  readonly counters: Counters;
}

/** The same, for a gateway. */
export function sharedLetters(store: ObjectStore, { counters, host }: SharedLettersParts): LetterStore {
  const kept = objectLetters(store);
  const failures = counters.counter("sluice_storage_sweep_failures");
  const numbers = new Numbers(host);
  const sweep = async (letters: readonly Letter[]) => {
    if (letters.length > 0) await kept.remove(letters).catch(() => failures.add(1));
  };
  return {
    ...kept,
    shared: true,
    async put(facts: LetterFacts, bytes: Uint8Array, instead: readonly Letter[]) {
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        const numbered = { ...facts, seq: numbers.next(), rows: 1 };
        const letter = { ...numbered, key: letterKey(numbered) };
        if ((await store.put(letter.key, bytes)) === "taken") continue;
        await sweep(instead);
        return letter;
      }
      throw new SluiceError("storage", `Cannot keep an object: ${TRIES_MAX} names were taken`, { retryable: true });
    },
    sweep,
  };
}

/** Ever larger, also within one millisecond and when the clock is put back. */
class Numbers {
  readonly #host: SharedLettersParts["host"];
  #ms = 0;
  #chance = 0;

  constructor(host: SharedLettersParts["host"]) {
    this.#host = host;
  }

  next(): string {
    const ms = Math.max(0, Math.floor(this.#host.clock.nowMs()));
    if (ms > this.#ms || this.#chance + 1 >= CHANCES) {
      this.#ms = Math.max(ms, this.#ms + 1);
      // Half of them: what follows in the same millisecond has room above it.
      this.#chance = Math.floor((this.#host.random() * CHANCES) / 2);
    } else this.#chance++;
    return hex(this.#ms) + hex(this.#chance);
  }
}

function hex(number: number): string {
  return number.toString(16).padStart(DIGITS, "0");
}
