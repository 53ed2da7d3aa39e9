/** merge_histogram_buckets: fewer buckets for the histogram's point at hand. */
import * as tables from "../../../otlp/tables.ts";
import type { View } from "../../../otlp/view.ts";
import { BuildError, define, type Getter } from "../../../ottl/contract.ts";
import type { Subject } from "../../../ottl/subject.ts";
import { StatementError } from "../../../ottl/value.ts";
import { doubles, type Field, type Fields, fieldsOf, fixed64s, packedDoubles, packedFixed64 } from "../../envelopes/fields.ts";

const BOUNDS = tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS;
const COUNTS = tables.HISTOGRAM_DATA_POINT_BUCKET_COUNTS;
/** Bounds that differ by less are the same. */
const EPSILON = 1e-12;

interface Buckets {
  readonly bounds: readonly number[];
  readonly counts: readonly bigint[];
}

/** What is left of the buckets; the same object when nothing changes. */
type Merge = (buckets: Buckets, target: number) => Buckets;

const METHODS: ReadonlyMap<string, Merge> = new Map([
  ["remove_explicit_bound", withoutBound],
  ["limit_buckets", limited],
]);

/**
 * `merge_histogram_buckets(target_value, Optional[method])`: "remove_explicit_bound", the default, takes
 * one bound away and puts the two buckets beside it together; "limit_buckets" puts as many neighbours
 * together as it takes to have no more than so many. Points of other kinds, and those whose lists do
 * not fit one another, are left alone.
 */
export const mergeHistogramBuckets = define(
  "merge_histogram_buckets",
  [
    { name: "target_value", kind: "float_like" },
    { name: "method", kind: "string", optional: true },
  ],
  ({ target_value: target, method = "remove_explicit_bound" }) => {
    const merge = METHODS.get(method);
    if (merge === undefined) throw new BuildError(`Cannot merge buckets by "${method}": it is no method`, `Use one of ${[...METHODS.keys()].join(", ")}`);
    if (target.constant !== undefined) {
      const fault = faultOf(target.constant.value, merge);
      if (fault !== undefined) throw new BuildError(fault);
    }
    return {
      reads: ["point"],
      writes: ["point"],
      run: (subject) => {
        if (subject.cursor.dataNumber === tables.METRIC_HISTOGRAM) mergeAt(subject, target, merge);
        return null;
      },
    };
  },
);

function mergeAt(subject: Subject, target: Getter<number | null>, merge: Merge): void {
  const value = target(subject);
  const fault = faultOf(value, merge);
  if (value === null || fault !== undefined) throw new StatementError(fault);
  const { point } = subject.cursor;
  const old = { bounds: doubles(listAt(point, BOUNDS), BOUNDS), counts: fixed64s(listAt(point, COUNTS), COUNTS) };
  if (old.counts.length !== old.bounds.length + 1 || old.bounds.length === 0) return;
  const merged = merge(old, value);
  if (merged === old) return;
  put(point, packedDoubles(BOUNDS, merged.bounds));
  put(point, packedFixed64(COUNTS, merged.counts));
}

function faultOf(target: number | null, merge: Merge): string | undefined {
  if (target === null) return "Cannot merge buckets: target_value is nil";
  if (merge === limited && !(target >= 1 && Number.isInteger(target) && target <= 2 ** 63)) {
    return `Cannot limit buckets to ${target}: it is no whole number of 1 or more`;
  }
  return undefined;
}

function withoutBound(buckets: Buckets, bound: number): Buckets {
  const at = buckets.bounds.findIndex((one) => Math.abs(one - bound) < EPSILON);
  if (at < 0) return buckets;
  const sum = (buckets.counts[at] ?? 0n) + (buckets.counts[at + 1] ?? 0n);
  return { bounds: buckets.bounds.toSpliced(at, 1), counts: buckets.counts.toSpliced(at, 2, sum) };
}

function limited(buckets: Buckets, most: number): Buckets {
  const { bounds, counts } = buckets;
  if (counts.length <= most || !bounds.every((bound, at) => at === 0 || bound > (bounds[at - 1] ?? 0))) return buckets;
  const together = Math.floor((counts.length - 1) / most) + 1;
  const merged: bigint[] = [];
  for (const [at, count] of counts.entries()) {
    const into = Math.floor(at / together);
    merged[into] = (merged[into] ?? 0n) + count;
  }
  return { bounds: bounds.filter((_, at) => (at + 1) % together === 0), counts: merged };
}

/** The fields of one list, and what stands between them. */
function listAt(point: View, number: number): Fields {
  return point.has(number) ? fieldsOf(point.bytes, point.fieldTag(number), point.fieldEnd(number)) : [];
}

function put(point: View, { number, bytes, tag, end }: Field): void {
  point.setFieldsFrom(number, bytes.subarray(tag, end));
}
