/**
 * The `batch` processor, under the Collector's keys: joins requests until there are enough items or
 * enough time has passed, and divides what is too large. It answers before a destination has the data:
 * a queue in memory (law 1), bounded by `held_bytes_max`, passed on when the gateway stops. With a
 * timeout of 0 it holds nothing, and the sender hears how it went.
 */
import * as z from "zod";
import { defineProcessor } from "../pipeline/component.ts";
import { duration } from "../pipeline/settings.ts";
import { BatchStage } from "./batch/stage.ts";
import { Tally } from "./batch/tally.ts";

/** As much as the largest request that is taken by default: an empty queue has room for any. */
const HELD_BYTES_MAX = 64 << 20;
const HELD_BYTES_LEAST = 1 << 20;
const HELD_BYTES_MOST = 2 ** 31 - 1;
const COUNT_MAX = 2 ** 32 - 1;

const count = () => z.number().int().min(0).max(COUNT_MAX);

const schema = z
  .strictObject({
    timeout: duration().prefault("200ms").describe("The longest that an item waits for others. 0: nothing is held, requests are only divided."),
    send_batch_size: count().default(8192).describe("Items (spans, data points, log records) at which a batch is sent at once. 0: as a timeout of 0."),
    send_batch_max_size: count().default(0).describe("Items of a batch at the most: what is larger is divided. 0: no limit. At least `send_batch_size`."),
    metadata_keys: z
      .array(z.string())
      .default([])
      .describe("Headers (kept by the receiver's `include_metadata`): requests whose values differ are in different batches. In any case."),
    metadata_cardinality_limit: count()
      .default(1000)
      .describe("Combinations of those values that are taken while the gateway runs; a request with one more is refused. 0: no limit."),
    held_bytes_max: z
      .number()
      .int()
      .min(HELD_BYTES_LEAST)
      .max(HELD_BYTES_MOST)
      .default(HELD_BYTES_MAX)
      .describe("Bytes, in each pipeline, that wait or are under way; a request that finds no room is answered 503. Sluice's own key."),
  })
  .superRefine((config, context) => {
    if (config.send_batch_max_size > 0 && config.send_batch_max_size < config.send_batch_size) {
      context.addIssue({ code: "custom", path: ["send_batch_max_size"], message: "send_batch_max_size must be greater or equal to send_batch_size" });
    }
    const names = config.metadata_keys.map((name) => name.toLowerCase());
    const index = names.findIndex((name, at) => names.indexOf(name) !== at);
    if (index >= 0) {
      const message = `duplicate entry in metadata_keys: ${JSON.stringify(names[index])} (case-insensitive)`;
      context.addIssue({ code: "custom", path: ["metadata_keys", index], message });
    }
  });

type Config = z.output<typeof schema>;

/** The `batch` processor. */
export const batch = defineProcessor<Config>({
  id: "batch",
  signals: ["traces", "metrics", "logs"],
  summary: "Joins requests into batches by number of items, time and metadata, and divides what is too large.",
  schema,
  state: "process",
  heldInMemory: (config) =>
    holdsNothing(config)
      ? undefined
      : {
          bound: `${config.held_bytes_max} bytes; sent at ${config.send_batch_size} items or after ${config.timeout} ms`,
          cure: "take it out of the pipelines, or set its timeout to 0: the sender then hears how it went",
        },
  create: (config, { id, counters, engine, host, logger }, signal) => ({
    stage: new BatchStage({
      options: {
        timeoutMs: holdsNothing(config) ? 0 : config.timeout,
        sendItems: config.send_batch_size,
        maxItems: config.send_batch_max_size,
        metadataKeys: config.metadata_keys,
        combinationsMax: config.metadata_cardinality_limit,
        heldBytesMax: config.held_bytes_max,
      },
      signal,
      engine,
      host,
      tally: new Tally({ id, signal, counters, logger, monotonicMs: () => host.clock.monotonicMs() }),
    }),
  }),
});

/** As in the Collector, a size of 0 sends at once whatever the timeout. */
function holdsNothing({ timeout, send_batch_size: size }: Config): boolean {
  return timeout === 0 || size === 0;
}
