/**
 * Requests that came with a key of their sender's (`Idempotency-Key`, draft-ietf-httpapi-idempotency-key-header)
 * and that this destination has taken: one that comes again is not sent again.
 *
 * What is remembered is a hash of tenant, key and content: of one request a destination may be given
 * several parts, by several pipelines, of which it takes some and not others. Limits: `COUNT_MAX` and
 * `AGE_MS_MAX` for each destination and signal. In the storage where there is one, all of it in keys.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Change, Host } from "../../base/host.ts";
import type { Batch } from "../../pipeline/batch.ts";
import { type Depot, keysOf } from "./depot.ts";
import { seqKey } from "./keys.ts";

/** Requests that are remembered. */
export const COUNT_MAX = 10_000;
/** Longer than senders try again: 5 minutes in the Collector. */
export const AGE_MS_MAX = 600_000;
/** 128 bits. */
const HASH_CHARACTERS = 32;
const RADIX = 36;
const NOTHING = new Uint8Array(0);

/** A request with a key. */
export interface Keyed {
  readonly hash: string;
  readonly atMs: number;
  /** Its key in the storage; undefined where there is none. */
  readonly storageKey: string | undefined;
}

export class Repeats {
  readonly #clock: Host["clock"];
  readonly #place: string;
  /** In the order in which they were taken. */
  readonly #taken = new Map<string, Keyed>();
  #depot: Depot | undefined;

  /** `place` is the prefix of the storage's keys. */
  constructor({ clock }: Pick<Host, "clock">, place: string) {
    this.#clock = clock;
    this.#place = place;
  }

  /** Takes up what an earlier process has stored, and stores from now on. */
  async open(depot: Depot): Promise<void> {
    for await (const storageKey of keysOf(depot.storage, this.#place)) {
      const [, atMs, hash] = storageKey.slice(this.#place.length).split(".");
      if (atMs !== undefined && hash !== undefined) this.#taken.set(hash, { hash, atMs: Number.parseInt(atMs, RADIX), storageKey });
    }
    this.#depot = depot;
    this.#forget();
  }

  /** Undefined for a request without a key. */
  keyed(batch: Batch): Keyed | undefined {
    const { key, tenant } = batch.origin;
    if (key === undefined) return undefined;
    const hash = hashOf(batch, tenant, key);
    const atMs = Math.max(0, Math.floor(this.#clock.nowMs()));
    return { hash, atMs, storageKey: this.#depot && `${this.#place}${seqKey(this.#depot.nextSeq())}.${atMs.toString(RADIX)}.${hash}` };
  }

  /** Whether it was taken before. */
  has({ hash }: Keyed): boolean {
    const taken = this.#taken.get(hash);
    return taken !== undefined && this.#clock.nowMs() - taken.atMs <= AGE_MS_MAX;
  }

  /** What stores it, to be committed with the request itself. */
  changes({ storageKey }: Keyed): Change[] {
    return storageKey === undefined ? [] : [{ kind: "put", key: storageKey, value: NOTHING }];
  }

  /** It was taken. */
  remember(keyed: Keyed): void {
    const old = this.#taken.get(keyed.hash);
    this.#taken.delete(keyed.hash);
    this.#taken.set(keyed.hash, keyed);
    this.#depot?.sweeper.sweep([...deletionOf(old), ...this.changes(keyed)]);
    this.#forget();
  }

  #forget(): void {
    const nowMs = this.#clock.nowMs();
    for (const [hash, keyed] of this.#taken) {
      if (this.#taken.size <= COUNT_MAX && nowMs - keyed.atMs <= AGE_MS_MAX) return;
      this.#taken.delete(hash);
      const changes = deletionOf(keyed);
      if (changes.length > 0) this.#depot?.sweeper.sweep(changes);
    }
  }
}

function deletionOf(keyed: Keyed | undefined): Change[] {
  return keyed?.storageKey === undefined ? [] : [{ kind: "delete", key: keyed.storageKey }];
}

function hashOf({ chunks, signal }: Batch, tenant: string, key: string): string {
  const hash = sha256.create().update(new TextEncoder().encode(JSON.stringify([signal, tenant, key])));
  const slices: Uint8Array[] = [];
  for (const chunk of chunks) chunk.slices(slices);
  for (const slice of slices) hash.update(slice);
  return bytesToHex(hash.digest()).slice(0, HASH_CHARACTERS);
}
