/**
 * What is not held: the parts of one request, one after the other, while its sender waits. The sender
 * is told to try again only when no part was taken: after that, sending the whole again would double
 * what was, so the rest is told as rejected, and counted as dropped.
 */
import { ACCEPTED, type Outcome } from "../../pipeline/outcome.ts";
import type { Envelope, Next } from "../../pipeline/stage.ts";
import { attempt, reasonOf } from "./outbox.ts";
import type { Tally } from "./tally.ts";

interface Means {
  readonly tally: Tally;
  readonly sleep: (ms: number) => Promise<void>;
}

export async function passOn(parts: readonly Envelope[], next: Next, { tally, sleep }: Means): Promise<Outcome> {
  let taken = 0;
  let rejected = 0;
  let message = "";
  for (const [index, part] of parts.entries()) {
    // The first one does not wait for room: the sender can.
    const outcome = index === 0 ? await next(part) : await attempt(part, next, sleep);
    const reason = reasonOf(outcome);
    if (reason !== undefined) {
      if (taken === 0) return told(parts, outcome, tally);
      const rest = parts.slice(index).reduce((sum, { items }) => sum + items, 0);
      const why = "message" in outcome ? outcome.message : "";
      tally.cut(rest, reason, why);
      return { kind: "partial", rejected: rejected + rest, message: why };
    }
    if (parts.length === 1) {
      tally.passed(part.items);
      return outcome;
    }
    if (outcome.kind === "partial") {
      rejected += outcome.rejected;
      ({ message } = outcome);
    }
    taken += part.items;
    tally.passed(part.items);
  }
  return rejected === 0 ? ACCEPTED : { kind: "partial", rejected, message };
}

/** Nothing was taken: the sender decides what becomes of it, as it would without this stage. */
function told(parts: readonly Envelope[], outcome: Outcome, tally: Tally): Outcome {
  tally.passed(parts.reduce((sum, { items }) => sum + items, 0));
  return outcome;
}
