/**
 * The `count` connector: counts spans, span events, metrics, data points, log records and profiles, and
 * hands on metrics that say how many there were, below the resources that they came from.
 */
import type { Signal } from "../base/signal.ts";
import type { Cursor } from "../otlp/cursor.ts";
import { toolsOf } from "../ottl/settings.ts";
import * as tables from "../otlp/tables.ts";
import { type Context, defineConnector } from "../pipeline/component.ts";
import type { Wiring } from "../pipeline/connector.ts";
import { batchFrom } from "../pipeline/envelope.ts";
import { Books } from "./books.ts";
import { sequenceOf, testOf } from "./conditions.ts";
import { Counter, type Counts } from "./count/counter.ts";
import { compiledConditions, type Config, type Counted, schema } from "./count/settings.ts";
import type { Counting } from "./count/tally.ts";

/** Where each kind of thing is met on a walk. */
interface Kind extends Omit<Counts, "countings"> {
  readonly counted: Counted;
}

const item = (cursor: Cursor) => cursor.item;

const KINDS: Readonly<Record<Signal, readonly Kind[]>> = {
  traces: [
    {
      counted: "spans",
      level: "item",
      view: item,
      times: [tables.SPAN_START_TIME_UNIX_NANO, tables.SPAN_END_TIME_UNIX_NANO],
      attributed: true,
    },
    { counted: "spanevents", level: "event", view: ({ inner }) => inner, times: [tables.SPAN_EVENT_TIME_UNIX_NANO], attributed: true },
  ],
  metrics: [
    { counted: "metrics", level: "item", view: item, times: [], attributed: false },
    {
      counted: "datapoints",
      level: "point",
      view: ({ point }) => point,
      // The same number in each of the five shapes.
      times: [tables.NUMBER_DATA_POINT_TIME_UNIX_NANO],
      attributed: true,
    },
  ],
  logs: [{ counted: "logs", level: "item", view: item, times: [tables.LOG_RECORD_TIME_UNIX_NANO], attributed: true }],
  profiles: [{ counted: "profiles", level: "item", view: item, times: [tables.PROFILE_TIME_UNIX_NANO], attributed: false }],
};

/** The `count` connector. */
export const count = defineConnector<Config>({
  id: "count",
  joins: { traces: ["metrics"], metrics: ["metrics"], logs: ["metrics"], profiles: ["metrics"] },
  summary: "Counts spans, span events, metrics, data points, log records and profiles, and hands the counts on as metrics.",
  schema,
  create: connectorOf,
});

function connectorOf(config: Config, context: Context, wiring: Wiring) {
  const { engine, counters, id } = context;
  const counts = KINDS[wiring.from].map((kind) => ({ ...kind, countings: countingsOf(config, kind, context) }));
  const counter = new Counter(engine, wiring.from, counts, () => toolsOf(context).now());
  const books = new Books(counters, id, wiring);
  return {
    divide: (batch: Parameters<Counter["count"]>[0]) => {
      const { requests, items } = counter.count(batch);
      const made =
        items === 0
          ? []
          : [{ batch: batchFrom(engine, { signal: "metrics", requests, items, id: batch.id, origin: batch.origin }), pipelines: wiring.pipelines }];
      books.folded(batch.items);
      books.created(items);
      return made;
    },
  };
}

function countingsOf(config: Config, { counted }: Kind, context: Context): readonly Counting[] {
  return Object.entries(config[counted]).map(([name, { description, conditions, attributes }]) => ({
    name,
    description,
    test: conditions.length === 0 ? undefined : conditionsOf(counted, name, conditions, context),
    attributes: attributes.map(({ key, default_value }) => ({ key: context.engine.text(key), fallback: fallbackOf(default_value) })),
  }));
}

function conditionsOf(counted: Counted, name: string, conditions: readonly string[], context: Context) {
  return testOf(sequenceOf(compiledConditions(counted, conditions, toolsOf(context)), `connectors.${context.id}.${counted}.${name}.conditions`));
}

/** Empty text and zero are no value, as in the Collector; whole numbers are integers. */
function fallbackOf(value: string | number | bigint | undefined): string | number | bigint | undefined {
  if (value === undefined || value === "" || value === 0 || value === 0n) return undefined;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}
