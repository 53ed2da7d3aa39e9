/** The transforms of a request, scope by scope. */
import { SluiceError } from "../../base/errors.ts";
import type { Logger } from "../../base/host.ts";
import { encodeKeyValue } from "../../otlp/any-value.ts";
import * as tables from "../../otlp/tables.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import { type Edited, Reasons } from "../envelopes/edit-stage.ts";
import { bytesField, type Field, type Fields, find, inside, messageField, textOf, withField, without } from "../envelopes/fields.ts";
import { isMonotonic, temporalityOf } from "../envelopes/metrics.ts";
import { type Around, GROUPS, ITEMS, RESOURCE, rewriteScopes, SCOPE_GROUPS } from "../envelopes/rewrite.ts";
import { aggregate } from "./aggregate.ts";
import { Filter } from "./filter.ts";
import { Metric } from "./model.ts";
import { type Operation, operationOf } from "./operations.ts";
import type { TransformConfig } from "./settings.ts";

interface Transform {
  readonly config: TransformConfig;
  readonly filter: Filter;
  readonly operations: readonly Operation[];
}

/** What one envelope brings. */
interface Work {
  readonly reasons: Reasons;
  created: number;
  before: number;
  after: number;
}

/** Warnings that one processor writes at the most: what cannot be combined comes again with every request. */
const WARNINGS_MAX = 10;

/** Points that one request may bring besides its own: copies of copies double each time. */
const CREATED_MAX = 1_000_000;

export class Transforms {
  readonly #transforms: readonly Transform[];
  readonly #id: string;
  readonly #logger: Logger;
  #warnings = 0;

  constructor(configs: readonly TransformConfig[], id: string, logger: Logger) {
    this.#transforms = configs.map((config) => ({ config, filter: new Filter(config), operations: config.operations.map(operationOf) }));
    this.#id = id;
    this.#logger = logger;
  }

  edit({ requests, items }: Envelope): Edited {
    const work: Work = { reasons: new Reasons(), created: 0, before: 0, after: 0 };
    const edited = requests.map((request) => {
      const grouped: Field[] = [];
      return rewriteScopes(
        request,
        (scopeGroup, around) => this.#scope(scopeGroup, around, grouped, work),
        () => grouped,
      );
    });
    const changed = edited.some((request, index) => request !== requests[index]);
    const { counts, total } = work.reasons;
    return {
      requests: changed ? edited.filter((request) => request !== undefined) : requests,
      items: items - work.before + work.after,
      dropped: counts,
      created: work.created,
      folded: work.before + work.created - total - work.after,
    };
  }

  #scope(scopeGroup: Fields, around: Around, grouped: Field[], work: Work): Fields | undefined {
    const items = scopeGroup.filter(({ number }) => number === ITEMS);
    const names = items.map((field) => textOf(find(inside(field), tables.METRIC_NAME)));
    // Whatever comes of the others does not matter to a name that no transform begins with.
    if (!this.#transforms.some(({ filter }) => names.some((name) => filter.matchesName(name)))) return scopeGroup;
    let metrics = items.map((field) => new Metric(field));
    const before = countOf(metrics);
    let after = 0;
    for (const transform of this.#transforms) {
      switch (transform.config.action) {
        case "update":
          metrics = metrics.filter((metric) => !transform.filter.matches(metric) || this.#apply(transform, metric, work));
          break;
        case "insert":
          metrics = metrics.concat(this.#inserted(transform, metrics, work));
          break;
        case "combine":
          metrics = this.#combined(transform, metrics, work);
          break;
        case "group": {
          const { kept, taken } = extract(transform.filter, metrics, work.reasons);
          metrics = kept;
          after += countOf(taken);
          if (taken.length > 0) grouped.push(groupOf(transform.config, scopeGroup, around, taken));
          break;
        }
      }
    }
    work.before += before;
    work.after += after + countOf(metrics);
    if (metrics.length === 0) return undefined;
    return [...without(scopeGroup, ITEMS), ...metrics.map((metric) => metric.field())];
  }

  #inserted(transform: Transform, metrics: readonly Metric[], work: Work): Metric[] {
    return metrics.flatMap((metric) => {
      const points = transform.filter.pointsOf(metric);
      if (points === undefined) return [];
      const copy = metric.copyWith(points);
      work.created += copy.points.length;
      if (work.created > CREATED_MAX) {
        throw new SluiceError("too_large", `Cannot transform metrics: more than ${CREATED_MAX} points would be made of one request`, {
          cure: "Let fewer transforms insert copies of copies",
        });
      }
      return this.#apply(transform, copy, work) ? [copy] : [];
    });
  }

  /** The metrics with one in the place of those that the transform is about, at the end. */
  #combined(transform: Transform, metrics: readonly Metric[], work: Work): Metric[] {
    const { config, filter } = transform;
    const matched = metrics.filter((metric) => filter.matches(metric));
    const [first] = matched;
    if (first === undefined) return [...metrics];
    const fault = combinationFault(first, matched);
    if (fault !== undefined) {
      this.#warn(fault, first);
      return [...metrics];
    }
    const { kept, taken } = extract(filter, metrics, work.reasons);
    const [head] = taken;
    if (head === undefined) return kept;
    for (const metric of taken) labelByGroups(metric, transform);
    head.points = aggregate(taken, config.aggregation_type);
    head.name = config.new_name;
    return this.#apply(transform, head, work) ? [...kept, head] : kept;
  }

  /** False when the metric is to go: every point of it was taken out. */
  #apply({ config, filter, operations }: Transform, metric: Metric, work: Work): boolean {
    const wasEmpty = metric.points.length === 0;
    const whole = config.action !== "update" || filter.matchesAllPoints(metric);
    if (config.new_name !== "" && whole) metric.name = filter.expand(config.new_name, metric.name);
    for (const [index, operation] of operations.entries()) {
      const points = metric.points.length;
      if (operation(metric, filter, whole) === "unsupported") {
        this.#warn("Summaries cannot be aggregated", metric);
        return true;
      }
      if (config.operations[index]?.action === "delete_label_value" && metric.points.length < points) {
        work.reasons.add("delete_label_value", points - metric.points.length);
      }
    }
    return wasEmpty || metric.points.length > 0;
  }

  #warn(message: string, { name }: Metric): void {
    if (this.#warnings >= WARNINGS_MAX) return;
    this.#warnings++;
    this.#logger.log("warn", message, { processor: this.#id, metric: name });
  }
}

function countOf(metrics: readonly Metric[]): number {
  return metrics.reduce((sum, { points }) => sum + points.length, 0);
}

/** The metrics that a filter is about, with the points that it is about; as in the Collector their other points are lost. */
function extract(filter: Filter, metrics: readonly Metric[], reasons: Reasons): { readonly kept: Metric[]; readonly taken: Metric[] } {
  const kept: Metric[] = [];
  const taken: Metric[] = [];
  for (const metric of metrics) {
    const points = filter.pointsOf(metric);
    if (points === undefined) kept.push(metric);
    else {
      const lost = metric.points.length - points.length;
      if (lost > 0) {
        reasons.add("unmatched_labels", lost);
        metric.points = points;
      }
      taken.push(metric);
    }
  }
  return { kept, taken };
}

/** Why metrics cannot become one. */
function combinationFault(first: Metric, metrics: readonly Metric[]): string | undefined {
  if (metrics.some(({ dataNumber }) => dataNumber === tables.METRIC_SUMMARY)) return "Summaries cannot be combined";
  const keys = keysOf(first);
  for (const metric of metrics) {
    if (metric.dataNumber !== first.dataNumber) return "Metrics of different types cannot be combined";
    if (metric.unit !== first.unit) return "Metrics of different units cannot be combined";
    const others = keysOf(metric);
    if (others.size !== keys.size || [...others].some((key) => !keys.has(key))) return "Metrics with different attributes cannot be combined";
    if (metric.dataNumber === tables.METRIC_GAUGE) continue;
    if (temporalityOf(metric.dataFields) !== temporalityOf(first.dataFields)) return "Metrics of different temporalities cannot be combined";
    if (metric.dataNumber === tables.METRIC_SUM && isMonotonic(metric.dataFields) !== isMonotonic(first.dataFields)) {
      return "Monotonic sums and others cannot be combined";
    }
  }
  return undefined;
}

function keysOf(metric: Metric): ReadonlySet<string> {
  return new Set(metric.points.flatMap(({ keys }) => keys));
}

/** Each point gets what the pattern's groups have found in the name, under their names, or `$1` and so on. */
function labelByGroups(metric: Metric, { config, filter }: Transform): void {
  for (const [index, text] of filter.groups(metric.name).entries()) {
    if (index === 0 || text === "") continue;
    const name = filter.groupNames[index] ?? "";
    for (const point of metric.points) point.setText(name === "" ? `$${index}` : name, inCase(text, config.submatch_case));
  }
}

function inCase(text: string, letters: TransformConfig["submatch_case"]): string {
  if (letters === undefined) return text;
  return letters === "lower" ? text.toLowerCase() : text.toUpperCase();
}

/** A group of its own for these metrics: the resource with more attributes, the scope, the schema URLs. */
function groupOf(config: TransformConfig, scopeGroup: Fields, { group, resource }: Around, metrics: readonly Metric[]): Field {
  let attributes: Fields = inside(resource);
  for (const [key, value] of Object.entries(config.group_resource_labels ?? {})) attributes = withAttribute(attributes, key, value);
  const inner = messageField(SCOPE_GROUPS, [...without(scopeGroup, ITEMS), ...metrics.map((metric) => metric.field())]);
  const around = withField(without(group, SCOPE_GROUPS), messageField(RESOURCE, attributes));
  return messageField(GROUPS, [...around, inner]);
}

function withAttribute(fields: Fields, key: string, value: string): Fields {
  const made = bytesField(tables.RESOURCE_ATTRIBUTES, encodeKeyValue(key, value));
  const at = fields.findIndex((field) => field.number === tables.RESOURCE_ATTRIBUTES && textOf(find(inside(field), tables.KEY_VALUE_KEY)) === key);
  return at < 0 ? [...fields, made] : fields.with(at, made);
}
