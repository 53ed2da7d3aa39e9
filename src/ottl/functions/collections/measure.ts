/**
 * How deep and how large a value is that grows step by step, so that a lambda over a long list cannot
 * nest as deep as the list is long, nor double what it has at every step. What was measured before is
 * not walked again.
 */
import { isList, isMap, StatementError, type Value } from "../../value.ts";
import { DEPTH_MAX } from "../types/values.ts";

/** Values in one, counted as often as they stand in it; units of text. */
export const SIZE_MAX = 1 << 20;

interface Size {
  readonly depth: number;
  readonly size: number;
}

const ONE: Size = { depth: 0, size: 1 };

export class Measure {
  readonly #known = new WeakMap<object, Size>();

  /** A StatementError for what is too deep or too large. */
  check(value: Value): void {
    const { depth, size } = this.#of(value, 0);
    if (depth > DEPTH_MAX) throw new StatementError(`Cannot keep a value: lists and maps lie in one another more than ${DEPTH_MAX} deep`);
    if (size > SIZE_MAX) throw new StatementError(`Cannot keep a value: it grows past ${SIZE_MAX} parts`);
  }

  #of(value: Value, level: number): Size {
    if (typeof value === "string") return { depth: 0, size: 1 + value.length };
    if (!isList(value) && !isMap(value)) return ONE;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    if (level > DEPTH_MAX) return { depth: 1, size: 1 };
    let depth = 0;
    let size = 1;
    for (const one of value.values()) {
      const inner = this.#of(one, level + 1);
      depth = Math.max(depth, inner.depth);
      size += inner.size;
    }
    const measured = { depth: depth + 1, size };
    this.#known.set(value, measured);
    return measured;
  }
}
