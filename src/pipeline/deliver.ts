/** Batches to pipelines at once, each guarded from the others, and one outcome for the sender. */
import type { Batch } from "./batch.ts";
import { combineOutcomes, failureOf, type Outcome } from "./outcome.ts";
import type { Pipeline } from "./pipeline.ts";

export interface Delivery {
  readonly pipeline: Pipeline;
  /** Held by the caller until the outcome. */
  readonly batch: Batch;
}

/**
 * The outcome of all deliveries; never rejects. What a pipeline refused for good while another took its
 * own is told to nobody, so that it is counted as dropped there.
 */
export async function deliver(deliveries: readonly Delivery[]): Promise<Outcome> {
  const [only] = deliveries;
  if (only !== undefined && deliveries.length === 1) return guarded(only);
  const outcomes = await Promise.all(deliveries.map(guarded));
  const combined = combineOutcomes(outcomes);
  if (combined.kind !== "accepted") return combined;
  deliveries.forEach(({ pipeline, batch }, index) => {
    if (outcomes[index]?.kind === "refused") pipeline.dropped.add(batch.items);
  });
  return combined;
}

/** A pipeline's outcome; what was thrown is one, too, so that no branch's defect hides the others' answers. */
async function guarded({ pipeline, batch }: Delivery): Promise<Outcome> {
  try {
    return await pipeline.consume(batch);
  } catch (error) {
    return failureOf(error);
  }
}
