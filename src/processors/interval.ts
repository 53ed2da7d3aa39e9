/**
 * The `interval` processor, under the Collector's keys: of each stream the newest point of an interval
 * is passed on, the others are folded into it. Cumulative monotonic sums and cumulative histograms are
 * held, gauges and summaries unless they are to pass; everything else passes at once. It answers before
 * a destination has the data: a queue in memory (law 1), bounded, passed on when the gateway stops.
 */
import * as z from "zod";
import { defineProcessor } from "../pipeline/component.ts";
import { duration } from "../pipeline/settings.ts";
import { Origins } from "../pipeline/batching/origins.ts";
import { Books } from "./envelopes/books.ts";
import { HoldingStage } from "./envelopes/holding-stage.ts";
import { splitter } from "./interval/split.ts";

const MAX_STREAMS = 100_000;
const HELD_BYTES_MAX = 64 << 20;

const schema = z.strictObject({
  interval: duration()
    .prefault("60s")
    .refine((ms) => ms > 0, "interval must be more than 0")
    .describe("How often the newest points are passed on."),
  pass_through: z
    .strictObject({
      gauge: z.boolean().default(false).describe("Gauges pass at once."),
      summary: z.boolean().default(false).describe("Summaries pass at once."),
    })
    .prefault({})
    .describe("Metrics that are not held."),
  max_streams: z
    .number()
    .int()
    .min(1)
    .default(MAX_STREAMS)
    .describe("Streams, in each pipeline, that are held; a request with one more is answered 503. Sluice's own key."),
  held_bytes_max: z
    .number()
    .int()
    .min(1 << 16)
    .default(HELD_BYTES_MAX)
    .describe("Bytes, in each pipeline, that are held or under way; a request that finds no room is answered 503. Sluice's own key."),
});

type Config = z.output<typeof schema>;

/** The `interval` processor. */
export const interval = defineProcessor<Config>({
  id: "interval",
  signals: ["metrics"],
  summary: "Passes on the newest point of each stream, once an interval.",
  schema,
  state: "process",
  heldInMemory: (config) => ({
    bound: `${config.held_bytes_max} bytes, ${config.max_streams} streams; sent every ${config.interval} ms`,
    cure: "take it out of the pipelines: the sender then hears how it went",
  }),
  create: (config, { id, counters, host, logger }, signal) => ({
    stage: new HoldingStage({
      id,
      signal: "metrics",
      intervalMs: config.interval,
      entriesMax: config.max_streams,
      bytesMax: config.held_bytes_max,
      // Streams of different tenants never meet.
      origins: new Origins([], 0),
      books: new Books(counters, id, signal),
      host,
      logger,
      split: splitter({ gauges: !config.pass_through.gauge, summaries: !config.pass_through.summary }),
    }),
  }),
});
