/**
 * The dead letters of one exporter: what was refused for good, or has outlived its time, with reason,
 * message and time, until someone replays or drops it (`sluice dead-letters`). Bounded by bytes and by
 * age: the oldest go first, counted.
 *
 * Where others have letters, too, the bounds are kept over what was found at the last look and put since.
 * One looks at the start, and again when there is too much of what is known. On Workers that is with the
 * first letter: isolates start all the time, and few of them have one. No letter waits for another's look.
 */
import { messageOf, SluiceError } from "../../base/errors.ts";
import type { Host } from "../../base/host.ts";
import type { Counter, Counters } from "../../pipeline/counters.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import { bytesOfEnvelope } from "../../pipeline/stored.ts";
import type { Letter } from "../durable/keys.ts";
import { Fifo } from "../queue/fifo.ts";
import type { LetterStore } from "./letter-store.ts";
import type { DeadLetterSettings } from "./settings.ts";

/** A list is a call for every thousand letters, which some stores charge for. */
const LOOK_EVERY_MS = 10 * 60_000;
/** After one that failed, or never ended: on Workers a request may be gone at any moment. */
const LOOK_AGAIN_MS = 60_000;
/** A letter that is put while one looks may not be seen. Longer than that takes. */
const UNSEEN_MS = 5 * 60_000;

export interface DeadLettersParts {
  /** The exporter's id. */
  readonly id: string;
  readonly settings: DeadLetterSettings;
  readonly host: Pick<Host, "clock" | "logger" | "runtime">;
  readonly counters: Counters;
}

export class DeadLetters {
  readonly #parts: DeadLettersParts;
  readonly #store: LetterStore;
  /** In the order in which they died. */
  #letters = new Fifo<Letter>();
  readonly #count: Counter;
  readonly #bytes: Counter;
  #looked = false;
  /** Keys of those that were taken out since a look began that has not ended: it may have seen them. */
  #takenOut: Set<string> | undefined;
  /** Monotonic. */
  #nextLookMs = -Infinity;

  private constructor(store: LetterStore, parts: DeadLettersParts) {
    this.#store = store;
    this.#parts = parts;
    this.#count = parts.counters.counter("sluice_dead_letters", { exporter: parts.id });
    this.#bytes = parts.counters.counter("sluice_dead_letters_bytes", { exporter: parts.id });
  }

  /** Rejects when they cannot be listed; where others have some, too, only for what will not pass by itself. */
  static async open(store: LetterStore, parts: DeadLettersParts): Promise<DeadLetters> {
    const letters = new DeadLetters(store, parts);
    if (store.shared && parts.host.runtime === "workers") return letters;
    try {
      await letters.#look();
      // There may be many of them, and nobody needs the room yet.
      void store.sweep(letters.#makeRoom(0));
    } catch (error) {
      if (!store.shared || !(error instanceof SluiceError) || !error.retryable) throw error;
      letters.#tellUnseen(error);
    }
    return letters;
  }

  /** Whether it is kept. Never rejects. */
  async put(envelope: Envelope, reason: string, message: string): Promise<boolean> {
    const { counters, host, id, settings } = this.#parts;
    const { items, signal } = envelope;
    const stored = bytesOfEnvelope(envelope, message);
    const bytes = stored.length;
    if (bytes > settings.stored_bytes_max) return false;
    const facts = { exporter: id, signal, reason, items, bytes, atMs: Math.max(0, Math.floor(host.clock.nowMs())) };
    const room = this.#store.shared ? [] : this.#makeRoom(bytes);
    this.#add(bytes);
    try {
      this.#letters.push(await this.#store.put(facts, stored, room));
    } catch (error) {
      this.#gone(bytes);
      await this.#store.sweep(room);
      counters.counter("sluice_dead_letters_failures", { exporter: id }).add(1);
      host.logger.log("error", "Cannot keep a dead letter", { exporter: id, items, reason, error: messageOf(error) });
      return false;
    }
    if (this.#store.shared) await this.#keepBounds();
    return true;
  }

  /** Of a store that others fill, too: it has the letter first, and room is made then. */
  async #keepBounds(): Promise<void> {
    const isDue = !this.#looked || this.#excess(0) !== undefined;
    if (isDue && this.#parts.host.clock.monotonicMs() >= this.#nextLookMs) await this.#look().catch((error: unknown) => this.#tellUnseen(error));
    await this.#store.sweep(this.#makeRoom(0));
  }

  /** Finds out what is there. */
  async #look(): Promise<void> {
    const { clock } = this.#parts.host;
    this.#nextLookMs = clock.monotonicMs() + LOOK_AGAIN_MS;
    const unseenMs = clock.nowMs() - UNSEEN_MS;
    const takenOut = new Set<string>();
    this.#takenOut = takenOut;
    const found = new Map<string, Letter>();
    for await (const letter of this.#store.letters(this.#parts.id)) found.set(letter.key, letter);
    for (const key of takenOut) found.delete(key);
    if (this.#takenOut === takenOut) this.#takenOut = undefined;
    for (let own = this.#letters.shift(); own !== undefined; own = this.#letters.shift()) {
      this.#gone(own.bytes);
      if (own.atMs >= unseenMs) found.set(own.key, own);
    }
    for (const letter of found.values()) {
      this.#letters.push(letter);
      this.#add(letter.bytes);
    }
    this.#looked = true;
    this.#nextLookMs = clock.monotonicMs() + LOOK_EVERY_MS;
  }

  #tellUnseen(error: unknown): void {
    const { host, id } = this.#parts;
    const message = "their bounds hold for what this process keeps";
    host.logger.log("warn", "Cannot list dead letters", { exporter: id, message, error: messageOf(error) });
  }

  #add(bytes: number): void {
    this.#count.add(1);
    this.#bytes.add(bytes);
  }

  #gone(bytes: number): void {
    this.#count.add(-1);
    this.#bytes.add(-bytes);
  }

  /** Takes out those that are too old, and as many as these bytes need: the caller removes them. */
  #makeRoom(bytes: number): Letter[] {
    const letters: Letter[] = [];
    for (let reason = this.#excess(bytes); reason !== undefined; reason = this.#excess(bytes)) {
      const letter = this.#letters.shift();
      if (letter === undefined) break;
      this.#gone(letter.bytes);
      this.#takenOut?.add(letter.key);
      letters.push(letter);
      this.#parts.counters.counter("sluice_dead_letters_dropped_items", { exporter: this.#parts.id, reason }).add(letter.items);
    }
    return letters;
  }

  /** Why the oldest has to go. */
  #excess(bytes: number): "max_age" | "stored_bytes_max" | undefined {
    const { host, settings } = this.#parts;
    const { first } = this.#letters;
    if (first === undefined) return undefined;
    if (settings.max_age !== 0 && first.atMs < host.clock.nowMs() - settings.max_age) return "max_age";
    return this.#bytes.value + bytes > settings.stored_bytes_max ? "stored_bytes_max" : undefined;
  }
}
