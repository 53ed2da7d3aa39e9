/** The arguments that say what kind of sum is made. */
import { BuildError } from "../../../ottl/contract.ts";
import { SUM_IS_MONOTONIC } from "../../../otlp/tables.ts";
import { type Field, varintField } from "../../envelopes/fields.ts";
import { CUMULATIVE, DELTA, TEMPORALITY } from "../../envelopes/metrics.ts";

/** "delta" or "cumulative". */
export function temporality(text: string): number {
  if (text === "delta") return DELTA;
  if (text === "cumulative") return CUMULATIVE;
  throw new BuildError(`Cannot make a sum of temporality "${text}": it is not known`, 'Use "delta" or "cumulative"');
}

/** The fields of a Sum beside its points. */
export function sumFields(aggregation: number, monotonic: boolean): Field[] {
  return [varintField(TEMPORALITY, BigInt(aggregation)), ...(monotonic ? [varintField(SUM_IS_MONOTONIC, 1n)] : [])];
}
