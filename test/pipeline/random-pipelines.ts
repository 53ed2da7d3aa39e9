/** Rows of processors out of a seed: settings of every kind that fuses, and of some that stand between two walks. */
import type { Random } from "../../bench/random.ts";
import type { ProcessorDefinition } from "../../src/pipeline/component.ts";
import { attributes } from "../../src/processors/attributes.ts";
import { deltaToRate } from "../../src/processors/delta-to-rate.ts";
import { filter } from "../../src/processors/filter.ts";
import { groupByAttrs } from "../../src/processors/groupbyattrs.ts";
import { metricsTransform } from "../../src/processors/metrics-transform.ts";
import { probabilisticSampler } from "../../src/processors/probabilistic-sampler.ts";
import { redaction } from "../../src/processors/redaction.ts";
import { resource } from "../../src/processors/resource.ts";
import { span } from "../../src/processors/span.ts";
import { transform } from "../../src/processors/transform.ts";
import { KEYS, METRIC_NAMES, NAMES, type Tested } from "./random-requests.ts";
import { CONDITIONS, STATEMENTS } from "./random-rules.ts";

/** A processor as configured: `id` is unique in its row. */
export interface Planned {
  readonly id: string;
  readonly definition: ProcessorDefinition<never>;
  readonly settings: object;
}

type Draw = (random: Random, signal: Tested) => object;
type Kind = readonly [definition: ProcessorDefinition<never>, draw: Draw];

/** Settings are parsed by the definition's own schema before they are used. */
const kind = <Config>(definition: ProcessorDefinition<Config>, draw: Draw): Kind => [definition as unknown as ProcessorDefinition<never>, draw];

const ATTRIBUTES = kind(attributes, (random, signal) => ({ ...matching(random, signal), actions: some(random, 1, 3, action) }));
const RESOURCE = kind(resource, (random) => ({ attributes: some(random, 1, 3, action) }));
const FILTER = kind(filter, (random, signal) => ({
  error_mode: errorMode(random),
  [CONDITION_KEYS[signal]]: some(random, 1, 2, () => random.pick(CONDITIONS[signal])),
}));
const TRANSFORM = kind(transform, (random, signal) => ({
  error_mode: errorMode(random),
  [STATEMENT_KEYS[signal]]: some(random, 1, 2, () => group(random, signal)),
}));
const REDACTION = kind(redaction, redactionSettings);
const SAMPLER = kind(probabilisticSampler, (random) => ({
  sampling_percentage: random.pick([30, 70, 100]),
  mode: random.pick(["hash_seed", "proportional", "equalizing"]),
  fail_closed: random.chance(50),
}));
const GROUP = kind(groupByAttrs, (random) => ({ keys: some(random, 0, 2, () => random.pick(KEYS)) }));
const SPAN = kind(span, spanSettings);
const RATE = kind(deltaToRate, (random) => ({ metrics: some(random, 1, 2, () => random.pick(METRIC_NAMES)) }));
const METRICS = kind(metricsTransform, (random) => ({ transforms: some(random, 1, 2, metricTransform) }));

/** A kind that stands here more than once is drawn more often. */
const KINDS: Readonly<Record<Tested, readonly Kind[]>> = {
  traces: [TRANSFORM, TRANSFORM, TRANSFORM, FILTER, FILTER, ATTRIBUTES, ATTRIBUTES, RESOURCE, SPAN, REDACTION, SAMPLER, GROUP],
  metrics: [TRANSFORM, TRANSFORM, TRANSFORM, TRANSFORM, FILTER, FILTER, FILTER, ATTRIBUTES, ATTRIBUTES, RESOURCE, REDACTION, GROUP, METRICS, RATE],
  logs: [TRANSFORM, TRANSFORM, TRANSFORM, FILTER, FILTER, ATTRIBUTES, ATTRIBUTES, RESOURCE, REDACTION, SAMPLER, GROUP],
};

/** Ids of all that may be drawn for the signal. */
export function kindsOf(signal: Tested): string[] {
  return [...new Set(KINDS[signal].map(([{ id }]) => id))];
}

/** 2 to 6 processors. */
export function makePipeline(random: Random, signal: Tested): Planned[] {
  return Array.from({ length: 2 + random.below(5) }, (_, index) => {
    const [definition, draw] = random.pick(KINDS[signal]);
    return { id: `${definition.id}/${index}`, definition, settings: draw(random, signal) };
  });
}

const CONDITION_KEYS = { traces: "trace_conditions", metrics: "metric_conditions", logs: "log_conditions" } as const;
const STATEMENT_KEYS = { traces: "trace_statements", metrics: "metric_statements", logs: "log_statements" } as const;

function some<T>(random: Random, least: number, most: number, make: (random: Random) => T): T[] {
  return Array.from({ length: least + random.below(most - least + 1) }, () => make(random));
}

function errorMode(random: Random): string {
  return random.chance(10) ? "propagate" : random.pick(["ignore", "silent"]);
}

/** Statements of one context, some of them behind conditions. */
function group(random: Random, signal: Tested): object {
  const [context, statements, conditions] = random.pick(STATEMENTS[signal]);
  return {
    context,
    statements: some(random, 1, 3, () => random.pick(statements)).flat(),
    conditions: random.chance(25) ? [random.pick(conditions)] : [],
  };
}

function action(random: Random): object {
  const key = random.pick(KEYS);
  switch (random.below(8)) {
    case 0:
      return { key, action: "delete" };
    case 1:
      return { pattern: "^[ab]$", action: random.pick(["delete", "hash"]) };
    case 2:
      return { key, action: random.pick(["insert", "update", "upsert"]), from_attribute: random.pick(KEYS) };
    case 3:
      return { key, action: "convert", converted_type: random.pick(["int", "double", "string"]) };
    case 4:
      return { key, action: "extract", pattern: "^(?P<a>.)(?P<user>.*)$" };
    case 5:
      return { key, action: "hash" };
    default:
      return { key, action: random.pick(["insert", "update", "upsert"]), value: random.pick(["x", "", 1, true, 0.5, ["x", 1], { a: "x" }]) };
  }
}

function matching(random: Random, signal: Tested): object {
  if (random.chance(50)) return {};
  const side = random.pick(["include", "exclude"]);
  if (signal === "metrics") return { [side]: { match_type: "strict", metric_names: [random.pick(METRIC_NAMES)] } };
  const wanted = random.pick([
    { attributes: [{ key: random.pick(KEYS) }] },
    { attributes: [{ key: random.pick(KEYS), value: random.pick(["x", 1]) }] },
    { resources: [{ key: random.pick(KEYS), value: "x" }] },
    { libraries: [{ name: "lib" }] },
  ]);
  return { [side]: { match_type: "strict", ...wanted } };
}

function redactionSettings(random: Random): object {
  return {
    ...(random.chance(60) ? { allow_all_keys: true } : { allowed_keys: ["a", "b", "n", "user"] }),
    ...(random.chance(70) ? { blocked_values: [random.pick(["4[0-9]{15}", "x", "secret"])] } : {}),
    ...(random.chance(20) ? { blocked_key_patterns: ["^user$"] } : {}),
    ...(random.chance(20) ? { ignored_keys: ["card"] } : {}),
    ...(random.chance(20) ? { redact_all_types: true } : {}),
    hash_function: random.pick(["", "", "md5"]),
    summary: random.pick(["debug", "info", ""]),
  };
}

function spanSettings(random: Random): object {
  const status = random.chance(40) ? { status: random.pick([{ code: "Error", description: "bad" }, { code: "Ok" }, { code: "Unset" }]) } : {};
  const include = random.chance(30) ? { include: { match_type: "strict", span_names: [random.pick(NAMES)] } } : {};
  return random.chance(50)
    ? { ...include, name: { from_attributes: some(random, 1, 2, () => random.pick(KEYS)), separator: "-" }, ...status }
    : { ...include, name: { to_attributes: { rules: ["^GET /user/(?P<user>.*)$", "(?P<a>[xy])"], break_after_match: random.chance(50) } }, ...status };
}

function metricTransform(random: Random): object {
  const about = random.chance(50) ? { include: random.pick(["requests", "queue"]) } : { include: "^(?P<a>http).*", match_type: "regexp" };
  const operations = some(random, 0, 2, (from) =>
    from.pick([
      { action: "add_label", new_label: "a", new_value: "v" },
      { action: "update_label", label: "a", new_label: "c" },
      { action: "delete_label_value", label: "a", label_value: "x" },
      { action: "toggle_scalar_data_type" },
      { action: "aggregate_labels", label_set: ["a"], aggregation_type: "sum" },
    ]),
  );
  const what = random.pick([
    { action: "update", new_name: "renamed" },
    { action: "insert", new_name: "inserted" },
    { action: "combine", new_name: "all", aggregation_type: "max" },
    { action: "group", group_resource_labels: { n: "grouped" } },
  ]);
  return { ...about, ...what, operations };
}
