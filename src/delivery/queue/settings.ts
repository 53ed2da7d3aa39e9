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
/** What a durable queue has in memory of what it keeps: enough for its consumers, and to have the next ones ready. */
const HELD_BYTES_MAX_DURABLE = 4 << 20;
/** The same with `batch`, whose batches are of a quarter of it at the most. */
const HELD_BYTES_MAX_DURABLE_BATCH = 16 << 20;
const HELD_BYTES_LEAST = 1 << 20;
const HELD_BYTES_MOST = 2 ** 31 - 1;
const SIZERS = ["requests", "items", "bytes"] as const;
const MIN_SIZE = 8192;
const MODES = ["send_first", "write_first"] as const;
const ON_FULL = ["refuse", "drop_oldest", "drop_newest"] as const;
/** What a vendor answers within, when all is well. */
const SEND_WINDOW_MS = 1000;
/** An hour of 300 KB a second. */
const STORED_BYTES_MAX = 1 << 30;
const STORED_BYTES_LEAST = 1 << 20;
/** Ours, and of no use without a storage. */
const DURABLE_KEYS = ["durability", "send_window", "on_full", "stored_bytes_max"] as const;

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
    storage: z.string().optional().describe("Id of the extension that keeps the queue, on disk or beyond the machine. Without it the queue is in memory."),
    durability: z
      .enum(MODES)
      .optional()
      .describe(
        "With `storage`. send_first (where left out): offered to the destination at once, and written only when that does not take it in time. write_first: written before the sender is answered. Sluice's own key.",
      ),
    send_window: duration()
      .optional()
      .describe("With `send_first`: how long the destination may take before what is under way to it is written. 1s where left out. Sluice's own key."),
    on_full: z
      .enum(ON_FULL)
      .optional()
      .describe("With `storage`: what a full queue does. refuse (where left out): 503. drop_oldest, drop_newest: counted. Sluice's own key."),
    stored_bytes_max: z
      .number()
      .int()
      .min(STORED_BYTES_LEAST)
      .optional()
      .describe("With `storage`: bytes that the queue keeps there of each signal. 1073741824 where left out. Sluice's own key."),
    batch: batch.nullish().describe("Joins requests, and divides what is too large, behind the queue. Written with nothing behind it, it is on."),
    held_bytes_max: z
      .number()
      .int()
      .min(HELD_BYTES_LEAST)
      .max(HELD_BYTES_MOST)
      .optional()
      .describe(
        "Bytes that the queue holds in memory of each signal, under way included; beyond it requests are answered 503, or wait in the storage. 67108864 where left out; with `storage` 4194304, or 16777216 where there is a `batch`. Sluice's own key.",
      ),
  })
  .superRefine((section, context) => {
    if (!section.enabled) return;
    const wrong = (path: readonly string[], message: string) => context.addIssue({ code: "custom", path: [...path], message });
    if (section.num_consumers <= 0) wrong(["num_consumers"], "`num_consumers` must be positive");
    if (section.queue_size <= 0) wrong(["queue_size"], "`queue_size` must be positive");
    if (section.storage !== undefined && section.wait_for_result) {
      wrong(["wait_for_result"], "`wait_for_result` is not supported with a persistent queue configured with `storage`");
    }
    for (const key of DURABLE_KEYS) {
      if (section.storage === undefined && section[key] !== undefined)
        wrong([key], `\`${key}\` is of a queue on disk: name its \`storage\`, or leave ${key} out`);
    }
    if (section.send_window !== undefined && section.send_window <= 0) wrong(["send_window"], "`send_window` must be positive");
    if (section.send_window !== undefined && section.durability === "write_first")
      wrong(["send_window"], "`send_window` is of `durability: send_first`: leave it out");
    if (section.block_on_overflow && section.on_full !== undefined && section.on_full !== "refuse") {
      wrong(["on_full"], `\`block_on_overflow\` waits for room, \`on_full: ${section.on_full}\` makes some: leave one of them out`);
    }
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

/** A queue on disk. */
export interface DurableSettings {
  /** Id of an extension. */
  readonly storage: string;
  readonly mode: (typeof MODES)[number];
  readonly windowMs: number;
  readonly onFull: (typeof ON_FULL)[number];
  readonly storedBytesMax: number;
}

export interface QueueSettings {
  readonly consumers: number;
  readonly size: number;
  readonly sizer: Sizer;
  readonly blocks: boolean;
  readonly waits: boolean;
  readonly heldBytesMax: number;
  readonly batch: BatchSettings | undefined;
  /** Undefined: it is in memory. */
  readonly durable: DurableSettings | undefined;
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
    heldBytesMax: section.held_bytes_max ?? heldBytesOf(section),
    batch: batchOf(section),
    durable: durableOf(section),
  };
}

function heldBytesOf(section: Section): number {
  if (section.storage === undefined) return HELD_BYTES_MAX;
  return batchOf(section) === undefined ? HELD_BYTES_MAX_DURABLE : HELD_BYTES_MAX_DURABLE_BATCH;
}

function durableOf(section: Section): DurableSettings | undefined {
  if (section.storage === undefined) return undefined;
  return {
    storage: section.storage,
    mode: section.durability ?? "send_first",
    windowMs: section.send_window ?? SEND_WINDOW_MS,
    onFull: section.on_full ?? "refuse",
    storedBytesMax: section.stored_bytes_max ?? STORED_BYTES_MAX,
  };
}

/** The memory queue that the settings make (law 1); undefined where the sender is told how it went. */
export function queueInMemory(settings: QueueSettings | undefined): HeldInMemory | undefined {
  if (settings === undefined || settings.waits || settings.durable !== undefined) return undefined;
  return {
    bound: `${settings.size} ${settings.sizer}, ${settings.heldBytesMax} bytes, of each signal`,
    cure: "name a storage, or set its wait_for_result to true, or take it out: the sender then hears how it went",
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
