/**
 * How an attempt to deliver ended: a value, plain data, never an exception (it crosses stage
 * boundaries, DESIGN "location-transparent"). Codes follow OTLP 1.11, "Failures".
 */
export type Outcome =
  /** Every item was taken. `warning` is what the destination said besides. */
  | { readonly kind: "accepted"; readonly warning?: string }
  /** A partial success: `rejected` items are lost for good, the others were taken. Never retried. */
  | { readonly kind: "partial"; readonly rejected: number; readonly message: string }
  /** Nothing was taken, and the same bytes may succeed after `afterMs` (undefined: no advice). */
  | { readonly kind: "retry"; readonly message: string; readonly afterMs?: number; readonly status?: number }
  /** Nothing was taken and never will be. `status` is the destination's HTTP status where it had one. */
  | { readonly kind: "refused"; readonly message: string; readonly status?: number };

export const ACCEPTED: Outcome = { kind: "accepted" };

type Retry = Extract<Outcome, { kind: "retry" }>;
type Refused = Extract<Outcome, { kind: "refused" }>;

/**
 * One outcome for the sender out of those of every branch.
 * Any branch that may succeed later: retry, after the longest advice. Otherwise, when one branch took
 * the batch, accepted: what others refused, or took in part, is counted at them as dropped. All
 * refused: the first refusal. No branch at all: accepted.
 */
export function combineOutcomes(outcomes: readonly Outcome[]): Outcome {
  const retries = outcomes.filter((outcome): outcome is Retry => outcome.kind === "retry");
  const [firstRetry] = retries;
  if (firstRetry !== undefined) return longest(firstRetry, retries);
  const refusals = outcomes.filter((outcome): outcome is Refused => outcome.kind === "refused");
  const [firstRefusal] = refusals;
  if (firstRefusal !== undefined && refusals.length === outcomes.length) return firstRefusal;
  const warned = outcomes.find((outcome) => outcome.kind === "accepted" && outcome.warning !== undefined);
  return warned ?? ACCEPTED;
}

function longest(first: Retry, retries: readonly Retry[]): Outcome {
  const afterMs = Math.max(...retries.map((retry) => retry.afterMs ?? -1));
  return afterMs < 0 ? first : { ...first, afterMs };
}
