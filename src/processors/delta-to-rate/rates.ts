/** Makes rates of the metrics that are named. */
import type { Logger } from "../../base/host.ts";
import * as tables from "../../otlp/tables.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import type { Edited } from "../envelopes/edit-stage.ts";
import {
  doubleField,
  doubleOf,
  type Field,
  type Fields,
  find,
  fixed64Of,
  inside,
  messageField,
  sfixed64Of,
  textField,
  textOf,
  without,
} from "../envelopes/fields.ts";
import { DELTA, nameOf, POINTS, temporalityOf } from "../envelopes/metrics.ts";
import { ITEMS, rewriteList, rewriteScopes } from "../envelopes/rewrite.ts";

const NANOS_PER_SECOND = 1_000_000_000n;
const NONE: ReadonlyMap<string, number> = new Map();

export class Rates {
  readonly #names: ReadonlySet<string>;
  readonly #id: string;
  readonly #logger: Logger;
  /** Names of which the log was told that they are no sums of differences: at most those configured. */
  readonly #told = new Set<string>();

  constructor(names: readonly string[], id: string, logger: Logger) {
    this.#names = new Set(names);
    this.#id = id;
    this.#logger = logger;
  }

  edit({ requests, items }: Envelope): Edited {
    const edited = requests.flatMap((request) => rewriteScopes(request, (scopeGroup) => rewriteList(scopeGroup, ITEMS, (field) => this.#metric(field))) ?? []);
    const changed = edited.some((request, index) => request !== requests[index]);
    return { requests: changed ? edited : requests, items, dropped: NONE };
  }

  #metric(field: Field): Field {
    const metric = inside(field);
    const name = nameOf(metric);
    if (!this.#names.has(name)) return field;
    const sum = find(metric, tables.METRIC_SUM);
    const data = inside(sum);
    if (sum === undefined || temporalityOf(data) !== DELTA) {
      this.#tell(name);
      return field;
    }
    const points = rewriteList(data, POINTS, rateOf);
    // What else a sum has, a gauge has not; unknown fields stay.
    const gauge = messageField(tables.METRIC_GAUGE, without(points, tables.SUM_AGGREGATION_TEMPORALITY, tables.SUM_IS_MONOTONIC));
    return messageField(ITEMS, perSecond(metric.with(metric.indexOf(sum), gauge)));
  }

  #tell(name: string): void {
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.#logger.log("info", "A metric named for rates is no sum of differences: it passes as it is", { processor: this.#id, metric: name });
  }
}

/** The point with its rate; one without a value stays as it is. */
function rateOf(field: Field): Field {
  const point = inside(field);
  const at = point.findIndex(({ number }) => number === tables.NUMBER_DATA_POINT_AS_DOUBLE || number === tables.NUMBER_DATA_POINT_AS_INT);
  const value = point[at];
  if (value === undefined) return field;
  const amount = value.number === tables.NUMBER_DATA_POINT_AS_DOUBLE ? doubleOf(value) : Number(sfixed64Of(value));
  const start = fixed64Of(find(point, tables.NUMBER_DATA_POINT_START_TIME_UNIX_NANO));
  const seconds = secondsOf(BigInt.asIntN(64, fixed64Of(find(point, tables.NUMBER_DATA_POINT_TIME_UNIX_NANO)) - start));
  return messageField(POINTS, point.with(at, doubleField(tables.NUMBER_DATA_POINT_AS_DOUBLE, seconds > 0 ? amount / seconds : 0)));
}

/** Whole seconds and the rest apart, as the Collector adds them. */
function secondsOf(nanos: bigint): number {
  return Number(nanos / NANOS_PER_SECOND) + Number(nanos % NANOS_PER_SECOND) / 1e9;
}

/** A unit that is said becomes one a second. */
function perSecond(metric: Fields): Fields {
  const unit = find(metric, tables.METRIC_UNIT);
  const text = textOf(unit);
  return unit === undefined || text === "" ? metric : metric.map((field) => (field === unit ? textField(tables.METRIC_UNIT, `${text}/s`) : field));
}
