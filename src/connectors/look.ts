/** Steps of a walk that only looks: nothing is changed, dropped or counted. */
import type { Cursor } from "../otlp/cursor.ts";
import type { Level, Step } from "../pipeline/step.ts";

/** A step that shows each message of a level to `see`. */
export function lookStep(level: Level, see: (cursor: Cursor) => void): Step {
  return {
    component: "",
    level,
    reads: ["resource", "scope", "item", "point", "event"],
    writes: [],
    drops: false,
    dropReason: "",
    run: (cursor) => {
      see(cursor);
      return true;
    },
  };
}
