/** A stage that edits the requests of an envelope at once and holds no telemetry. */
import type { Clock } from "../../base/host.ts";
import type { Signal } from "../../base/signal.ts";
import { ACCEPTED, failureOf, type Outcome } from "../../pipeline/outcome.ts";
import type { Envelope, Stage } from "../../pipeline/stage.ts";
import type { Books } from "./books.ts";

/** What came of an envelope. */
export interface Edited {
  /** The same list when nothing changed. */
  readonly requests: readonly Uint8Array[];
  /** Leaf items in them. */
  readonly items: number;
  readonly dropped: ReadonlyMap<string, number>;
  readonly folded?: number;
  readonly created?: number;
  /** Called when nothing of it was taken: the sender still has it, or nobody will. */
  readonly undo?: (() => void) | undefined;
}

export interface EditParts {
  readonly state: Stage["state"];
  /** Envelopes of others pass as they are. */
  readonly signal: Signal;
  readonly books: Books;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Synchronous. What it throws is the outcome. */
  readonly edit: (envelope: Envelope) => Edited;
}

export function editStage({ state, signal, books, clock, edit }: EditParts): Stage {
  const duration = books.duration();
  return {
    state,
    async consume(envelope, next): Promise<Outcome> {
      if (envelope.signal !== signal) return next(envelope);
      const startMs = clock.monotonicMs();
      let edited: Edited;
      try {
        edited = edit(envelope);
      } catch (error) {
        return failureOf(error);
      } finally {
        duration.record((clock.monotonicMs() - startMs) / 1000);
      }
      count(books, envelope, edited);
      if (edited.items === 0) return ACCEPTED;
      const { id, origin } = envelope;
      const { requests, items } = edited;
      const outcome = await next(requests === envelope.requests ? { ...envelope, checked: true } : { signal, requests, items, id, origin });
      if (outcome.kind === "retry" || outcome.kind === "refused") edited.undo?.();
      return outcome;
    },
    drain: async () => {},
  };
}

function count(books: Books, envelope: Envelope, { items, dropped, folded = 0, created = 0 }: Edited): void {
  books.arrived(envelope.items);
  for (const [reason, gone] of dropped) books.dropped(gone, reason);
  books.folded(folded);
  books.created(created);
  books.left(items);
}

/** Counts by reason. */
export class Reasons {
  readonly counts = new Map<string, number>();
  total = 0;

  add(reason: string, items = 1): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + items);
    this.total += items;
  }
}
