/** The buckets of an exponential histogram: consecutive counts from `offset` on. */
export interface Buckets {
  readonly offset: number;
  readonly counts: readonly bigint[];
}

/** Bits of an index: a larger loss of scale puts all into two buckets. */
const INDEX_BITS = 31;

/** The buckets at a scale that is lower by `bits`: neighbours are merged. */
export function coarsen(buckets: Buckets, bits: number): Buckets {
  if (bits <= 0) return buckets;
  const shift = Math.min(bits, INDEX_BITS);
  const offset = buckets.offset >> shift;
  const counts: bigint[] = [];
  buckets.counts.forEach((count, index) => {
    const at = ((buckets.offset + index) >> shift) - offset;
    counts[at] = (counts[at] ?? 0n) + count;
  });
  return { offset, counts };
}

/** The buckets above `bucket`, and how much was in the others. */
export function trimBelow(buckets: Buckets, bucket: number): readonly [Buckets, bigint] {
  const trimmed = Math.max(0, Math.min(bucket - buckets.offset + 1, buckets.counts.length));
  const low = buckets.counts.slice(0, trimmed).reduce((sum, count) => sum + count, 0n);
  return [{ offset: buckets.offset + trimmed, counts: buckets.counts.slice(trimmed) }, low];
}

/** What is in `now` and was not in `before`, from the first bucket that grew to the last; undefined when one has shrunk. */
export function differenceOf(now: Buckets, before: Buckets): Buckets | undefined {
  const grown = now.counts.map((count, index) => count - (count === 0n ? 0n : (before.counts[now.offset + index - before.offset] ?? 0n)));
  if (grown.some((count) => count < 0n)) return undefined;
  const first = grown.findIndex((count) => count > 0n);
  if (first < 0) return { offset: 0, counts: [] };
  return { offset: now.offset + first, counts: grown.slice(first, grown.findLastIndex((count) => count > 0n) + 1) };
}
