/**
 * How an attempt to deliver ended: a value, plain data, never an exception (it crosses stage
 * boundaries, DESIGN "location-transparent"). Codes follow OTLP 1.11, "Failures".
 */
import { messageOf, SluiceError } from "../base/errors.ts";

export type Outcome =
  /** Every item was taken. `warning` is what the destination said besides. */
  | { readonly kind: "accepted"; readonly warning?: string }
  /** A partial success: `rejected` items are lost for good, the others were taken. Never retried. */
  | { readonly kind: "partial"; readonly rejected: number; readonly message: string }
  /**
   * Nothing was taken, and the same bytes may succeed after `afterMs` (undefined: no advice). `untried`:
   * no destination was asked, for want of memory here, so that trying again makes no duplicate.
   */
  | { readonly kind: "retry"; readonly message: string; readonly afterMs?: number; readonly status?: number; readonly untried?: true }
  /** Nothing was taken and never will be. `status` is the destination's HTTP status where it had one. */
  | { readonly kind: "refused"; readonly message: string; readonly status?: number };

export const ACCEPTED: Outcome = { kind: "accepted" };

type Retry = Extract<Outcome, { kind: "retry" }>;
type Refused = Extract<Outcome, { kind: "refused" }>;

/** What was thrown on the way to a destination, before any was asked, as an outcome. */
export function failureOf(error: unknown): Outcome {
  const message = messageOf(error);
  if (error instanceof SluiceError && error.code === "too_large") return { kind: "refused", message, status: 413 };
  if (!(error instanceof SluiceError && error.retryable)) return { kind: "refused", message, status: 500 };
  return error.code === "over_budget" ? { kind: "retry", message, untried: true } : { kind: "retry", message };
}

/**
 * One outcome for the sender out of those of every branch.
 * Any branch that may succeed later: retry, after the longest advice. Otherwise, when one branch took
 * the batch, accepted: what others refused, or took in part, is counted at them as dropped. All
 * refused: the first refusal. No branch at all: accepted.
 */
export function combineOutcomes(outcomes: readonly Outcome[]): Outcome {
  const retries = outcomes.filter((outcome): outcome is Retry => outcome.kind === "retry");
  const [firstRetry] = retries;
  if (firstRetry !== undefined) {
    const { untried, ...tried } = longest(firstRetry, retries);
    // One destination that was asked is enough for a duplicate.
    return untried === true && retries.length === outcomes.length && retries.every((retry) => retry.untried === true) ? { ...tried, untried } : tried;
  }
  const refusals = outcomes.filter((outcome): outcome is Refused => outcome.kind === "refused");
  const [firstRefusal] = refusals;
  if (firstRefusal !== undefined && refusals.length === outcomes.length) return firstRefusal;
  const warned = outcomes.find((outcome) => outcome.kind === "accepted" && outcome.warning !== undefined);
  return warned ?? ACCEPTED;
}

function longest(first: Retry, retries: readonly Retry[]): Retry {
  const afterMs = Math.max(...retries.map((retry) => retry.afterMs ?? -1));
  return afterMs < 0 ? first : { ...first, afterMs };
}
