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

/**
 * One outcome for the sender out of those of every branch.
 * Any branch that may succeed later: retry, after the longest advice. Otherwise, when one branch took
 * the batch, accepted (what others refused is counted at them as dropped). All refused: the first refusal.
 */
export function combineOutcomes(outcomes: readonly Outcome[]): Outcome {
  let retry: Extract<Outcome, { kind: "retry" }> | undefined;
  let refused: Outcome | undefined;
  let taken = outcomes.length === 0;
  let warning: string | undefined;
  for (const outcome of outcomes) {
    switch (outcome.kind) {
      case "retry": {
        const afterMs = Math.max(retry?.afterMs ?? -1, outcome.afterMs ?? -1);
        retry = { ...(retry ?? outcome) };
        if (afterMs >= 0) retry = { ...retry, afterMs };
        break;
      }
      case "refused":
        refused ??= outcome;
        break;
      case "partial":
        taken = true;
        break;
      case "accepted":
        taken = true;
        warning ??= outcome.warning;
        break;
    }
  }
  if (retry !== undefined) return retry;
  if (!taken && refused !== undefined) return refused;
  return warning === undefined ? ACCEPTED : { kind: "accepted", warning };
}
