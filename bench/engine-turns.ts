/** One rotation of a prepared row, on whatever runtime. */
import type { Who } from "./engine-measure.ts";
import type { Prepared } from "./engine-rows.ts";

/** Requests on which results are compared before anything is timed. */
export const COMPARED = 8;

/** Timed code must not be dead code: what it returns ends here. */
let checksum = 0;

/** Each request once. */
export function rotate(prepared: Prepared, who: Who, rotation: number): void {
  for (let index = 0; index < rotation; index++) checksum = (checksum + prepared[who](index)) >>> 0;
}

export function checksumOf(): number {
  return checksum;
}
