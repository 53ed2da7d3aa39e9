/**
 * The `cumulative_to_delta` processor, under the Collector's keys: monotonic sums, histograms and
 * exponential histograms that count from a start become differences from one point to the next. It
 * remembers the last point of every stream in this process; replicas must not share streams.
 */
import * as z from "zod";
import { METRIC_EXPONENTIAL_HISTOGRAM, METRIC_HISTOGRAM, METRIC_SUM } from "../otlp/tables.ts";
import { defineProcessor } from "../pipeline/component.ts";
import { duration } from "../pipeline/settings.ts";
import { Converter, type Selects } from "./cumulative-to-delta/convert.ts";
import { Tracker } from "./cumulative-to-delta/tracker.ts";
import { Books } from "./envelopes/books.ts";
import { editStage } from "./envelopes/edit-stage.ts";
import { type MatchMetrics, matchMetrics, nameMatcher } from "./envelopes/match.ts";

const TYPES: Readonly<Record<string, number>> = { exponentialhistogram: METRIC_EXPONENTIAL_HISTOGRAM, histogram: METRIC_HISTOGRAM, sum: METRIC_SUM };
const MAX_STREAMS = 100_000;
const STATE_BYTES_MAX = 64 << 20;

const selection = () => matchMetrics(Object.keys(TYPES)).optional();

const schema = z.strictObject({
  max_staleness: duration().prefault("1h").describe("How long a stream is remembered after its last point. 0: for ever."),
  initial_value: z
    .enum(["auto", "keep", "drop"])
    .default("auto")
    .describe("A stream's first point. `auto`: sent when it counts from a start after that of the gateway; `keep`: always; `drop`: never."),
  include: selection().describe("Metrics that are converted. Without it: all."),
  exclude: selection().describe("Metrics that are not converted, of those that are included."),
  max_streams: z.number().int().min(1).default(MAX_STREAMS).describe("Streams that are remembered; points of further ones are dropped. Sluice's own key."),
  state_bytes_max: z
    .number()
    .int()
    .min(1 << 16)
    .default(STATE_BYTES_MAX)
    .describe("Bytes that they may take; points of further ones are dropped. Sluice's own key."),
});

type Config = z.output<typeof schema>;

/** The `cumulative_to_delta` processor. */
export const cumulativeToDelta = defineProcessor<Config>({
  id: "cumulative_to_delta",
  aliases: ["cumulativetodelta"],
  signals: ["metrics"],
  summary: "Makes differences of sums and histograms that count from a start.",
  schema,
  state: "process",
  create: (config, { id, counters, host }, signal) => {
    const books = new Books(counters, id, signal);
    const options = {
      maxStalenessMs: config.max_staleness,
      initialValue: config.initial_value,
      entriesMax: config.max_streams,
      bytesMax: config.state_bytes_max,
    };
    const converter = new Converter(selectionOf(config), new Tracker(options, host.clock, books), books);
    return { stage: editStage({ state: "process", signal: "metrics", books, clock: host.clock, edit: (envelope) => converter.edit(envelope) }) };
  },
});

function selectionOf({ include, exclude }: Config): Selects {
  const included = include === undefined ? () => true : includes(include);
  const excluded = exclude === undefined ? () => false : excludes(exclude);
  return (name, dataNumber) => included(name, dataNumber) && !excluded(name, dataNumber);
}

/** Both names and types must fit, where they are given. */
function includes(config: MatchMetrics): Selects {
  const names = nameMatcher(config) ?? (() => true);
  const types = typesOf(config);
  return (name, dataNumber) => names(name) && (types.size === 0 || types.has(dataNumber));
}

/** Either a name or a type is enough to be left out. */
function excludes(config: MatchMetrics): Selects {
  const names = nameMatcher(config) ?? (() => false);
  const types = typesOf(config);
  return (name, dataNumber) => names(name) || types.has(dataNumber);
}

function typesOf({ metric_types: types }: MatchMetrics): ReadonlySet<number> {
  return new Set(types.map((type) => TYPES[type.toLowerCase()] ?? 0));
}
