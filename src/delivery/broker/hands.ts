/**
 * The messages that this process has its hands on: those that were handed out to it, and those of its own
 * making that it may still deliver by itself. A message comes again when a word to the broker was lost, or
 * came too late: one that is known here is never taken for a new one.
 */
import type { BrokerMessage } from "../../base/broker.ts";

/** Messages that are over, and may come once more. */
const OVER_MAX = 10_000;

export class Hands {
  /** By id, and there by number: of a request with a key the broker may have two. */
  readonly #held = new Map<string, Map<number, BrokerMessage>>();
  /** Numbers of those that are over. */
  readonly #over = new Set<number>();

  /** From now on a message of this id is known. */
  expect(id: string): void {
    if (!this.#held.has(id)) this.#held.set(id, new Map());
  }

  /** Whether it is known already, and whoever knows it will settle it. */
  knows(message: BrokerMessage): boolean {
    if (this.#over.has(message.seq)) {
      message.ack();
      return true;
    }
    this.#held.get(message.id)?.set(message.seq, message);
    return this.#held.has(message.id);
  }

  hold(message: BrokerMessage): void {
    this.#held.set(message.id, new Map([[message.seq, message]]));
  }

  /** The outcome is final. Gives how many messages that were. */
  settle(id: string): number {
    const messages = this.letGo(id);
    for (const message of messages) {
      this.remember(message.seq);
      message.ack();
    }
    return messages.length;
  }

  /** Nobody here knows it any more: those of them that were handed out are the caller's. */
  letGo(id: string): readonly BrokerMessage[] {
    const messages = [...(this.#held.get(id)?.values() ?? [])];
    this.#held.delete(id);
    return messages;
  }

  working(): void {
    for (const messages of this.#held.values()) for (const message of messages.values()) message.working();
  }

  /** A message of this number is over. */
  remember(seq: number): void {
    this.#over.add(seq);
    if (this.#over.size <= OVER_MAX) return;
    const [oldest] = this.#over;
    if (oldest !== undefined) this.#over.delete(oldest);
  }
}
