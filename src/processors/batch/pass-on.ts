/**
 * What is not held: the parts of one request, one after the other, while its sender waits. The sender
 * is told to try again only when no part was taken: after that, sending the whole again would double
 * what was, so the rest is told as rejected, and counted as dropped.
 */
import { ACCEPTED, failureOf, type Outcome } from "../../pipeline/outcome.ts";
import type { Envelope, Next } from "../../pipeline/stage.ts";
import { attempt, reasonOf } from "./outbox.ts";
import type { Tally } from "./tally.ts";

interface Means {
  readonly tally: Tally;
  readonly sleep: (ms: number) => Promise<void>;
}

/** `parts`, of `items` together, are made as they are passed on, which may throw. */
export async function passOn(parts: Iterator<Envelope>, items: number, next: Next, { tally, sleep }: Means): Promise<Outcome> {
  let taken = 0;
  let rejected = 0;
  let message = "";
  const cutOff = (outcome: Outcome): Outcome => {
    const rest = items - taken;
    const why = "message" in outcome ? outcome.message : "";
    tally.cut(rest, reasonOf(outcome) ?? "refused", why);
    return { kind: "partial", rejected: rejected + rest, message: why };
  };
  for (let part = made(parts); part !== undefined; part = made(parts)) {
    if ("kind" in part) return taken === 0 ? part : cutOff(part);
    // The first one does not wait for room: the sender can.
    const outcome = taken === 0 ? await next(part) : await attempt(part, next, sleep);
    if (reasonOf(outcome) !== undefined) {
      if (taken > 0) return cutOff(outcome);
      // The sender decides what becomes of it, as it would without this stage.
      tally.passed(items);
      return outcome;
    }
    tally.passed(part.items);
    if (part.items === items) return outcome;
    if (outcome.kind === "partial") {
      rejected += outcome.rejected;
      ({ message } = outcome);
    }
    taken += part.items;
  }
  return rejected === 0 ? ACCEPTED : { kind: "partial", rejected, message };
}

/** The next part; what has failed, where it cannot be made; undefined behind the last. */
function made(parts: Iterator<Envelope>): Envelope | Outcome | undefined {
  try {
    const { done, value } = parts.next();
    return done === true ? undefined : value;
  } catch (error) {
    return failureOf(error);
  }
}
