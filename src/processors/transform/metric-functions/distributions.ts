/** How the count of one bucket is spread over bounds that it does not lie between. */
export type Random = () => number;

export interface Spread {
  readonly count: bigint;
  /** The bucket's own bounds. */
  readonly upper: number;
  readonly lower: number;
  /** Ascending. The lower one is not above the last of them. */
  readonly bounds: readonly number[];
  /** From 0 up to 1. */
  readonly random: Random;
  /** Adds to the count that belongs to a bound. */
  readonly add: (index: number, count: bigint) => void;
}

export type Distribution = (spread: Spread) => void;

/** Draws that share out what a random share left over: counts may be large. */
const DRAWS_MAX = 1000n;

/** All of it to the first bound that is not below the bucket's upper one. */
const upper: Distribution = ({ count, upper: top, bounds, add }) => {
  const index = bounds.findIndex((bound) => top <= bound);
  add(index < 0 ? bounds.length - 1 : index, count);
};

/** All of it to the bound before the first that is not below the bucket's middle. */
const midpoint: Distribution = ({ count, upper: top, lower, bounds, add }) => {
  const middle = (top + lower) / 2;
  const index = bounds.findIndex((bound) => middle <= bound);
  add(index < 0 ? bounds.length - 1 : Math.max(0, index - 1), count);
};

/** The same to every bound that the bucket reaches over; the first ones get what is left. */
const uniform: Distribution = ({ count, bounds, add, ...bucket }) => {
  const [start, end] = reach(bounds, bucket.lower, bucket.upper);
  const parts = BigInt(end - start + 1);
  for (let index = start; index <= end; index++) add(index, count / parts + (BigInt(index - start) < count % parts ? 1n : 0n));
};

/** To each bound that the bucket reaches over a random part of what its width would be; what is left wherever it falls. */
const random: Distribution = ({ count, upper: top, lower, bounds, random: next, add }) => {
  const [start, end] = reach(bounds, lower, top);
  let left = count;
  for (let index = start; index <= end; index++) {
    if (end === start) break;
    const from = index === 0 ? lower : Math.max(bounds[index - 1] ?? lower, lower);
    const share = BigInt(Math.floor(Number(count) * ((Math.min(bounds[index] ?? top, top) - from) / (top - lower))));
    const part = BigInt(Math.floor(next() * Number(share)));
    add(index, part);
    left -= part;
  }
  const draw = left / DRAWS_MAX + 1n;
  while (left > 0n) {
    const part = draw < left ? draw : left;
    add(start + Math.floor(next() * (end - start + 1)), part);
    left -= part;
  }
};

/** The first bound that is not below the bucket's lower one, and the first not below its upper one, or the last. */
function reach(bounds: readonly number[], lower: number, top: number): [number, number] {
  const start = Math.max(
    0,
    bounds.findIndex((bound) => lower <= bound),
  );
  const end = bounds.findIndex((bound, index) => index >= start && top <= bound);
  return [start, end < 0 ? bounds.length - 1 : end];
}

export const DISTRIBUTIONS: ReadonlyMap<string, Distribution> = new Map([
  ["upper", upper],
  ["midpoint", midpoint],
  ["random", random],
  ["uniform", uniform],
]);
