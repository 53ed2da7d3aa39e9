/**
 * The dead letters of one exporter: what was refused for good, or has outlived its time, with reason,
 * message and time, until someone replays or drops it (`sluice dead-letters`). Bounded by bytes and by
 * age: the oldest go first, counted. One commit for each, its own room included.
 */
import type { Change, Host } from "../../base/host.ts";
import type { Counter, Counters } from "../../pipeline/counters.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import { messageOf } from "../../base/errors.ts";
import { type Depot, keysOf } from "../durable/depot.ts";
import { DEAD_PREFIX, deadRowKey, exporterKey, type Letter, letterKey, letterKeys, readLetterKey } from "../durable/keys.ts";
import { rowsOfEnvelope } from "../durable/rows.ts";
import { Fifo } from "../queue/fifo.ts";
import type { DeadLetterSettings } from "./settings.ts";

export interface DeadLettersParts {
  /** The exporter's id. */
  readonly id: string;
  readonly settings: DeadLetterSettings;
  readonly host: Pick<Host, "clock" | "logger">;
  readonly counters: Counters;
}

export class DeadLetters {
  readonly #parts: DeadLettersParts;
  readonly #depot: Depot;
  /** In the order in which they died. */
  readonly #letters = new Fifo<Letter>();
  readonly #count: Counter;
  readonly #bytes: Counter;

  private constructor(depot: Depot, parts: DeadLettersParts) {
    this.#depot = depot;
    this.#parts = parts;
    this.#count = parts.counters.counter("sluice_dead_letters", { exporter: parts.id });
    this.#bytes = parts.counters.counter("sluice_dead_letters_bytes", { exporter: parts.id });
  }

  /** Rejects when the storage cannot be read. */
  static async open(depot: Depot, parts: DeadLettersParts): Promise<DeadLetters> {
    const letters = new DeadLetters(depot, parts);
    for await (const letter of lettersOf(depot, parts.id)) letters.#add(letter);
    const changes = letters.#makeRoom(0);
    if (changes.length > 0) depot.sweeper.sweep(changes);
    return letters;
  }

  /** Whether it is kept. Never rejects. */
  async put(envelope: Envelope, reason: string, message: string): Promise<boolean> {
    const { counters, host, id, settings } = this.#parts;
    const { items, signal } = envelope;
    const rows = rowsOfEnvelope(envelope, message);
    const bytes = rows.reduce((sum, row) => sum + row.length, 0);
    if (bytes > settings.stored_bytes_max) return false;
    const facts = {
      exporter: id,
      seq: this.#depot.nextSeq(),
      signal,
      reason,
      items,
      bytes,
      rows: rows.length,
      atMs: Math.max(0, Math.floor(host.clock.nowMs())),
    };
    const letter = { ...facts, key: letterKey(facts) };
    const puts = rows.map((value, row): Change => ({ kind: "put", key: row === 0 ? letter.key : deadRowKey(letter.seq, row), value }));
    const room = this.#makeRoom(bytes);
    this.#add(letter);
    try {
      await this.#depot.storage.commit([...puts, ...room]);
      return true;
    } catch (error) {
      this.#letters.remove(letter);
      this.#gone(letter);
      if (room.length > 0) this.#depot.sweeper.sweep(room);
      counters.counter("sluice_dead_letters_failures", { exporter: id }).add(1);
      host.logger.log("error", "Cannot keep a dead letter", { exporter: id, items, reason, error: messageOf(error) });
      return false;
    }
  }

  #add(letter: Letter): void {
    this.#letters.push(letter);
    this.#count.add(1);
    this.#bytes.add(letter.bytes);
  }

  #gone({ bytes }: Letter): void {
    this.#count.add(-1);
    this.#bytes.add(-bytes);
  }

  /** What deletes those that are too old, and as many as these bytes need. */
  #makeRoom(bytes: number): Change[] {
    const { host, settings } = this.#parts;
    const oldestMs = settings.max_age === 0 ? -Infinity : host.clock.nowMs() - settings.max_age;
    const changes: Change[] = [];
    for (let first = this.#letters.first; first !== undefined; first = this.#letters.first) {
      const reason = first.atMs < oldestMs ? "max_age" : this.#bytes.value + bytes > settings.stored_bytes_max ? "stored_bytes_max" : undefined;
      if (reason === undefined) break;
      this.#letters.shift();
      this.#gone(first);
      for (const key of letterKeys(first)) changes.push({ kind: "delete", key });
      this.#parts.counters.counter("sluice_dead_letters_dropped_items", { exporter: this.#parts.id, reason }).add(first.items);
    }
    return changes;
  }
}

/** The letters in a storage, of one exporter or of all, in the order of exporters and then of time. */
export async function* lettersOf({ storage }: Pick<Depot, "storage">, exporter?: string): AsyncGenerator<Letter, undefined> {
  const prefix = exporter === undefined ? DEAD_PREFIX : `${DEAD_PREFIX}${exporterKey(exporter)}/`;
  for await (const key of keysOf(storage, prefix)) {
    const letter = readLetterKey(key);
    if (letter !== undefined) yield letter;
  }
  return undefined;
}
