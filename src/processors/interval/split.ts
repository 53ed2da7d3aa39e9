/** Divides requests into the points that are held and what passes. */
import * as tables from "../../otlp/tables.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import { bytesField, copied, type Field, type Fields, find, fixed64Of, inside, textOf, without } from "../envelopes/fields.ts";
import type { Split } from "../envelopes/holding-stage.ts";
import { attributesKey, joined, resourceKey, scopeKey, short } from "../envelopes/identity.ts";
import { CUMULATIVE, dataOf, isMonotonic, nameOf, pointNumbers, POINTS, temporalityOf } from "../envelopes/metrics.ts";
import { type Around, GROUPS, ITEMS, rewriteList, rewriteScopes, SCOPE_GROUPS } from "../envelopes/rewrite.ts";
import type { Arrival } from "../envelopes/shelf.ts";
import type { Branch } from "../envelopes/tree.ts";

export interface Held {
  /** Gauges are held. */
  readonly gauges: boolean;
  readonly summaries: boolean;
}

export interface HeldPoint {
  readonly timeNanos: bigint;
  field(): Field;
}

/** What a metric is in, and the keys of that. */
interface Parents {
  readonly group: Fields;
  readonly scopeGroup: Fields;
  readonly resource: string;
  readonly scope: string;
}

/** Where a metric's points have their place, and how that is said in keys. */
interface Metric {
  readonly key: string;
  readonly place: (root: Branch<HeldPoint>) => Branch<HeldPoint>;
}

export function splitter(held: Held): (envelope: Envelope) => Split<HeldPoint>[] {
  return ({ requests }) =>
    requests.map((request) => {
      const arrivals: Arrival<HeldPoint>[] = [];
      let parents: Parents | undefined;
      const rest = rewriteScopes(request, (scopeGroup, around) => {
        parents = parentsOf(scopeGroup, around, parents);
        const within = parents;
        const kept = rewriteList(scopeGroup, ITEMS, (field) => {
          const metric = inside(field);
          const data = dataOf(metric);
          const points = inside(data);
          if (data === undefined || !isHeld(data.number, points, held)) return field;
          hold(metric, data.number, points, within, arrivals);
          return undefined;
        });
        return kept.some(({ number }) => number === ITEMS) ? kept : undefined;
      });
      return { arrivals, rest };
    });
}

function isHeld(dataNumber: number, data: Fields, { gauges, summaries }: Held): boolean {
  switch (dataNumber) {
    case tables.METRIC_GAUGE:
      return gauges;
    case tables.METRIC_SUMMARY:
      return summaries;
    case tables.METRIC_SUM:
      return isMonotonic(data) && temporalityOf(data) === CUMULATIVE;
    default:
      return temporalityOf(data) === CUMULATIVE;
  }
}

function hold(metric: Fields, dataNumber: number, data: Fields, parents: Parents, arrivals: Arrival<HeldPoint>[]): void {
  const place = placeOf(metric, dataNumber, data, parents);
  const numbers = pointNumbers(dataNumber);
  for (const field of data) {
    if (field.number !== POINTS) continue;
    const point = inside(field);
    arrivals.push(arrivalOf(field, fixed64Of(find(point, numbers.time)), attributesKey(point, numbers.attributes), place));
  }
}

/** The scopes of one resource follow one another: its key is made once. */
function parentsOf(scopeGroup: Fields, { group, resource, scope }: Around, before: Parents | undefined): Parents {
  return { group, scopeGroup, resource: before?.group === group ? before.resource : resourceKey(resource), scope: scopeKey(scope) };
}

function placeOf(metric: Fields, dataNumber: number, data: Fields, { group, scopeGroup, resource, scope }: Parents): Metric {
  const keys = [resource, scope, metricKey(metric, dataNumber, data)] as const;
  return {
    key: short(joined(...keys)),
    place: (root) =>
      root
        .branch(keys[0], GROUPS, () => copied(without(group, SCOPE_GROUPS)))
        .branch(keys[1], SCOPE_GROUPS, () => copied(without(scopeGroup, ITEMS)))
        .branch(keys[2], ITEMS, () => copied(without(metric, dataNumber)))
        .branch("", dataNumber, () => copied(without(data, POINTS))),
  };
}

function metricKey(metric: Fields, dataNumber: number, data: Fields): string {
  const unit = textOf(find(metric, tables.METRIC_UNIT));
  const monotonic = dataNumber === tables.METRIC_SUM && isMonotonic(data);
  return joined(nameOf(metric), unit, `${dataNumber},${monotonic ? 1 : 0},${temporalityOf(data)}`);
}

/** A point takes the place of one that is older than it. */
function arrivalOf(field: Field, timeNanos: bigint, leafKey: string, { key, place }: Metric): Arrival<HeldPoint> {
  return {
    place,
    key: joined(key, leafKey),
    leafKey,
    bytes: field.end - field.start,
    join: (before) => {
      if (before !== undefined && timeNanos <= before.timeNanos) return before;
      const own = bytesField(POINTS, field.bytes.subarray(field.start, field.end));
      return { timeNanos, field: () => own };
    },
  };
}
