/**
 * `sending_queue`, under the Collector's keys, defaults and start-up errors (exporterhelper 0.159,
 * queuebatch/config.go). The section's absence is no queue: the Collector's is on by default, and
 * answers the sender before anything is kept (law 1).
 */
import * as z from "zod";
import type { HeldInMemory } from "../../pipeline/component.ts";
import { duration } from "../../pipeline/settings.ts";

/** As much as the largest request that is taken by default. */
const HELD_BYTES_MAX = 64 << 20;
const HELD_BYTES_LEAST = 1 << 20;
const HELD_BYTES_MOST = 2 ** 31 - 1;
const SIZERS = ["requests", "items", "bytes"] as const;
const MIN_SIZE = 8192;

export type Sizer = (typeof SIZERS)[number];

const partition = z.strictObject({
  metadata_keys: z
    .array(z.string())
    .default([])
    .describe("Headers (kept by the receiver's `include_metadata`): requests whose values differ are in different batches. In any case."),
});

const batch = z.strictObject({
  enabled: z.boolean().default(true).describe("False: as if the section were not there."),
  flush_timeout: duration().prefault("200ms").describe("The longest that an item waits for others."),
  min_size: z.number().int().default(MIN_SIZE).describe("Size at which a batch is sent at once."),
  max_size: z.number().int().default(0).describe("Size of a batch at the most: what is larger is divided. 0: no limit. At least `min_size`."),
  sizer: z.enum(SIZERS).optional().describe("What sizes count: items or bytes. The queue's `sizer` where that is written, otherwise items."),
  partition: partition.nullish().describe("What never lies in one batch, besides what tenants send."),
});

/** The section `sending_queue`; `null` is all defaults. */
export const queueSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe("False: no queue, as without the section."),
    num_consumers: z.number().int().default(10).describe("Batches under way at a time, of each signal."),
    queue_size: z
      .number()
      .int()
      .default(1000)
      .describe("What the queue holds of each signal, under way included, in units of `sizer`; beyond it requests are answered 503."),
    sizer: z.enum(SIZERS).optional().describe("What `queue_size` counts: requests (where left out), items (spans, data points, log records) or bytes."),
    block_on_overflow: z.boolean().default(false).describe("A request that finds no room waits for it, at most a minute."),
    wait_for_result: z.boolean().default(false).describe("The sender is answered when the destination has answered: nothing is lost on a crash."),
    storage: z.string().optional().describe("Not available yet."),
    batch: batch.nullish().describe("Joins requests, and divides what is too large, behind the queue. Written with nothing behind it, it is on."),
    held_bytes_max: z
      .number()
      .int()
      .min(HELD_BYTES_LEAST)
      .max(HELD_BYTES_MOST)
      .default(HELD_BYTES_MAX)
      .describe("Bytes that the queue holds of each signal, under way included; beyond it requests are answered 503. Sluice's own key."),
  })
  .superRefine((section, context) => {
    if (!section.enabled) return;
    const wrong = (path: readonly string[], message: string) => context.addIssue({ code: "custom", path: [...path], message });
    if (section.num_consumers <= 0) wrong(["num_consumers"], "`num_consumers` must be positive");
    if (section.queue_size <= 0) wrong(["queue_size"], "`queue_size` must be positive");
    if (section.storage !== undefined && section.wait_for_result) {
      wrong(["wait_for_result"], "`wait_for_result` is not supported with a persistent queue configured with `storage`");
    }
    if (section.storage !== undefined) wrong(["storage"], "a queue on disk is not available yet: leave storage out, or set wait_for_result: true in its place");
    const joining = batchOf(section);
    if (joining !== undefined) checkBatch(joining, section, wrong);
  });

type Section = z.output<typeof queueSchema>;
type Wrong = (path: readonly string[], message: string) => void;

export interface BatchSettings {
  readonly flushMs: number;
  /** In units of `sizer`, as is `maxSize`. */
  readonly minSize: number;
  /** 0: no limit. */
  readonly maxSize: number;
  readonly sizer: Sizer;
  readonly metadataKeys: readonly string[];
}

export interface QueueSettings {
  readonly consumers: number;
  readonly size: number;
  readonly sizer: Sizer;
  readonly blocks: boolean;
  readonly waits: boolean;
  readonly heldBytesMax: number;
  readonly batch: BatchSettings | undefined;
}

/** What a parsed section asks for: `undefined` (absent, or not enabled) no queue, `null` (written with nothing behind it) all defaults. */
export function queueOf(given: Section | null | undefined): QueueSettings | undefined {
  const section = given === null ? queueSchema.parse({}) : given;
  if (section === undefined || !section.enabled) return undefined;
  return {
    consumers: section.num_consumers,
    size: section.queue_size,
    sizer: section.sizer ?? "requests",
    blocks: section.block_on_overflow,
    waits: section.wait_for_result,
    heldBytesMax: section.held_bytes_max,
    batch: batchOf(section),
  };
}

/** The memory queue that the settings make (law 1); undefined where the sender is told how it went. */
export function queueInMemory(settings: QueueSettings | undefined): HeldInMemory | undefined {
  if (settings === undefined || settings.waits) return undefined;
  return {
    bound: `${settings.size} ${settings.sizer}, ${settings.heldBytesMax} bytes, of each signal`,
    cure: "set its wait_for_result to true, or take it out: the sender then hears how it went",
  };
}

function batchOf(section: Pick<Section, "batch" | "sizer">): BatchSettings | undefined {
  const given = section.batch;
  if (given === undefined || given?.enabled === false) return undefined;
  const filled = given ?? batch.parse({});
  return {
    flushMs: filled.flush_timeout,
    minSize: filled.min_size,
    maxSize: filled.max_size,
    // The Collector's rule: a section with nothing behind it does not take the queue's sizer.
    sizer: filled.sizer ?? (given === null ? undefined : section.sizer) ?? "items",
    metadataKeys: filled.partition?.metadata_keys ?? [],
  };
}

function checkBatch({ flushMs, maxSize, metadataKeys, minSize, sizer }: BatchSettings, queue: Section, wrong: Wrong): void {
  if (sizer === "requests") wrong(["batch"], '`batch` supports only `items` or `bytes` sizer, found "requests"');
  if (flushMs <= 0) wrong(["batch", "flush_timeout"], `\`flush_timeout\` must be positive, found ${flushMs}`);
  if (minSize < 0) wrong(["batch", "min_size"], `\`min_size\` must be non-negative, found ${minSize}`);
  if (maxSize < 0) wrong(["batch", "max_size"], `\`max_size\` must be non-negative, found ${maxSize}`);
  if (maxSize > 0 && maxSize < minSize) wrong(["batch", "max_size"], `\`max_size\` (${maxSize}) must be greater or equal to \`min_size\` (${minSize})`);
  if (sizer === (queue.sizer ?? "requests") && minSize > queue.queue_size) {
    wrong(["batch", "min_size"], "`min_size` must be less than or equal to `queue_size`");
  }
  const names = metadataKeys.map((name) => name.toLowerCase());
  const index = names.findIndex((name, at) => names.indexOf(name) !== at);
  if (index >= 0) wrong(["batch", "partition", "metadata_keys"], `duplicate entry in metadata_keys: ${JSON.stringify(names[index])} (case-insensitive)`);
}
