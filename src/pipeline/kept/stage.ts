/**
 * A stage that holds, where memory alone may be lost: on Workers, in a Durable Object. What it is given
 * is written down first, acknowledged then, and let go when all that the stage made of it was answered.
 * What is still written down at the next start is given to the stage again.
 *
 * Law 1: a destination that may take it later is asked again, with longer and longer waits, for a day
 * at the most. Duplicates (law 3) may occur only for what was answered and not yet struck out when the
 * object ended. Limit: the room, which several stages share; without any the sender is told to wait.
 */
import type { Host } from "../../base/host.ts";
import { isOverBudget, messageOf } from "../../base/errors.ts";
import type { Engine } from "../../otlp/engine.ts";
import { failureOf, type Outcome } from "../outcome.ts";
import type { Envelope, Next, Share, Stage } from "../stage.ts";
import { bytesOfEnvelope } from "../stored.ts";
import type { Entry, Journal } from "./journal.ts";
import type { Room } from "./room.ts";

/** Law 4, age: as long as a vendor's worst day. */
const AGE_MS_MAX = 86_400_000;
const WAIT_MS_FIRST = 1000;
const WAIT_MS_MAX = 30_000;
/** What a sender is told to wait: destinations that come back make room. */
const FULL_RETRY_MS = 1000;

export interface KeptParts {
  /** One that `namesEntries`. */
  readonly stage: Stage;
  readonly engine: Engine;
  readonly journal: Journal;
  readonly room: Room;
  readonly host: Pick<Host, "clock" | "logger" | "random" | "sleep">;
}

/** An entry that is not let go yet. */
interface Held extends Entry {
  /** Items that were not answered yet. */
  left: number;
  /** The stage passed it on while its caller waits: it ends with the call. */
  passed: boolean;
}

export class KeptStage implements Stage {
  readonly state: Stage["state"];
  readonly #parts: KeptParts;
  readonly #held = new Map<number, Held>();
  /** From before, not yet given to the stage again. */
  #waiting = 0;
  #last = 0;
  #draining = false;
  #over = false;

  constructor(parts: KeptParts) {
    this.#parts = parts;
    this.state = parts.stage.state;
  }

  /** Entries that are not let go yet. */
  get entries(): number {
    return this.#held.size + this.#waiting;
  }

  /** Resolves when what there is from before is known; it is given to the stage behind that. */
  async start(next: Next): Promise<void> {
    const { journal, room } = this.#parts;
    const entries = await journal.entries();
    this.#last = entries.at(-1)?.number ?? 0;
    this.#waiting = entries.length;
    for (const { bytes } of entries) room.force(bytes);
    void this.#giveAgain(entries, next);
  }

  async consume(envelope: Envelope, next: Next): Promise<Outcome> {
    const { journal, room, stage } = this.#parts;
    if (this.#draining || envelope.items === 0) return stage.consume(envelope, next);
    const bytes = bytesOfEnvelope(envelope);
    if (!room.take(bytes.length)) {
      return { kind: "retry", message: `there is no room to keep it: ${room.bytesMax} bytes are held`, afterMs: FULL_RETRY_MS };
    }
    this.#last++;
    const entry = this.#hold({ number: this.#last, bytes: bytes.length }, envelope);
    try {
      await journal.add(entry.number, bytes);
    } catch (error) {
      this.#forget(entry);
      return { kind: "retry", message: `it cannot be kept: ${messageOf(error)}`, untried: true };
    }
    const outcome = await this.#give(entry, envelope, next);
    if (entry.passed || outcome.kind === "retry" || outcome.kind === "refused") await this.#letGo([entry]);
    return outcome;
  }

  /** What is not answered at the end stays written down. */
  async drain(next: Next, deadlineMs: number): Promise<void> {
    this.#draining = true;
    await this.#parts.stage.drain(this.#following(next), deadlineMs);
    this.#over = true;
  }

  /** Never rejects. */
  async #give(entry: Held, envelope: Envelope, next: Next): Promise<Outcome> {
    try {
      return await this.#parts.stage.consume({ ...envelope, entry: entry.number }, this.#following(next));
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Entries from before, one after the other. Never rejects. */
  async #giveAgain(entries: readonly Entry[], next: Next): Promise<void> {
    const { host } = this.#parts;
    for (const stored of entries) {
      let envelope: Envelope;
      try {
        envelope = await this.#read(stored);
      } catch (error) {
        // It stays where it is: whoever mends the storage has it at the next start.
        host.logger.log("error", "Cannot read telemetry that was kept", { entry: stored.number, bytes: stored.bytes, message: messageOf(error) });
        this.#waiting--;
        continue;
      }
      const entry = this.#hold(stored, envelope);
      this.#waiting--;
      await this.#giveUntilTaken(entry, envelope, next);
    }
  }

  /** Waits for room to check it in. */
  async #read(stored: Entry): Promise<Envelope> {
    const { engine, journal } = this.#parts;
    for (let attempt = 0; ; attempt++) {
      try {
        return await journal.read(stored, engine);
      } catch (error) {
        if (!isOverBudget(error)) throw error;
        await this.#wait(attempt);
      }
    }
  }

  async #giveUntilTaken(entry: Held, envelope: Envelope, next: Next): Promise<void> {
    for (let attempt = 0; !this.#draining; attempt++) {
      const outcome = await this.#give(entry, envelope, next);
      if (outcome.kind !== "retry") {
        if (entry.passed || outcome.kind === "refused") await this.#letGo([entry]);
        return;
      }
      await this.#wait(attempt, outcome.afterMs);
    }
  }

  /** What follows, for the stage: it strikes out what was answered. */
  #following(next: Next): Next {
    return async ({ entry, madeOf, restOf, ...envelope }) => {
      const held = entry === undefined ? undefined : this.#held.get(entry);
      if (held !== undefined) held.passed = true;
      if (restOf !== undefined) return this.#passRest(restOf, envelope, next);
      if (madeOf === undefined) return next(envelope);
      const outcome = await this.#untilAnswered(envelope, next);
      if (!this.#over) await this.#answered(madeOf);
      return outcome;
    };
  }

  async #passRest(number: number, envelope: Envelope, next: Next): Promise<Outcome> {
    const outcome = await next(envelope);
    const entry = this.#held.get(number);
    if (entry !== undefined && (outcome.kind === "accepted" || outcome.kind === "partial")) {
      await this.#written("note that a part was delivered", this.#parts.journal.markRest(entry));
    }
    return outcome;
  }

  async #untilAnswered(envelope: Envelope, next: Next): Promise<Outcome> {
    const { clock } = this.#parts.host;
    for (let attempt = 0; ; attempt++) {
      const outcome = await next(envelope);
      if (outcome.kind !== "retry" || this.#over || clock.nowMs() - envelope.origin.arrivedMs > AGE_MS_MAX) return outcome;
      await this.#wait(attempt, outcome.afterMs);
    }
  }

  #wait(attempt: number, afterMs = 0): Promise<void> {
    const { random, sleep } = this.#parts.host;
    const waitMs = Math.min(WAIT_MS_MAX, WAIT_MS_FIRST * 2 ** attempt);
    return sleep(Math.max(Math.min(afterMs, AGE_MS_MAX), waitMs * (0.5 + random())));
  }

  async #answered(shares: readonly Share[]): Promise<void> {
    const done: Held[] = [];
    for (const { entry, items } of shares) {
      const held = this.#held.get(entry);
      if (held === undefined) continue;
      held.left -= items;
      if (held.left <= 0) done.push(held);
    }
    if (done.length > 0) await this.#letGo(done);
  }

  #hold(entry: Entry, { items }: Envelope): Held {
    const held: Held = { ...entry, left: items, passed: false };
    this.#held.set(entry.number, held);
    return held;
  }

  async #letGo(entries: readonly Held[]): Promise<void> {
    await this.#written("strike out what was delivered", this.#parts.journal.remove(entries));
    for (const entry of entries) this.#forget(entry);
  }

  /** What cannot be written is told: it was answered all the same, and is passed on once more at the next start. */
  async #written(what: string, writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (error) {
      this.#parts.host.logger.log("error", `Cannot ${what}`, { message: messageOf(error) });
    }
  }

  #forget({ number, bytes }: Entry): void {
    if (this.#held.delete(number)) this.#parts.room.giveBack(bytes);
  }
}
