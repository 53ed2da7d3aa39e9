/**
 * What became of everything that was sent. Law: sent = accepted + rejected + failed, in items, once
 * nothing is under way.
 */
import { Latency } from "./latency.ts";

/** Kinds of trouble that are told apart; what comes beyond is counted under one heading. */
const MESSAGES_MAX = 20;
const OTHERS = "other messages";

export class Tally {
  /** Items of requests that were begun. */
  sent = 0;
  accepted = 0;
  /** Items that the destination said it would not take, now or ever. */
  rejected = 0;
  /** Items of requests without an answer that settles them. */
  failed = 0;
  /** Requests begun; a request that is sent again is still one. */
  requests = 0;
  /** Attempts after the first. */
  retried = 0;
  /** Bytes of bodies, attempts after the first included. */
  bytes = 0;
  readonly latency = new Latency();
  readonly #messages = new Map<string, number>();

  note(message: string): void {
    const key = this.#messages.has(message) || this.#messages.size < MESSAGES_MAX ? message : OTHERS;
    this.#messages.set(key, (this.#messages.get(key) ?? 0) + 1);
  }

  /** What destinations and connections said, the most frequent first. */
  get messages(): readonly { readonly message: string; readonly count: number }[] {
    return [...this.#messages].map(([message, count]) => ({ message, count })).toSorted((a, b) => b.count - a.count);
  }

  get complete(): boolean {
    return this.accepted === this.sent && this.sent > 0;
  }
}
