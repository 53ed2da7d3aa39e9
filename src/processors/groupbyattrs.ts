/**
 * The `groupbyattrs` processor: moves attributes from items to their resources, and lays items of equal
 * resources, scopes and metrics together. Without keys it does the latter alone.
 *
 * Law: the multiset of (resource, scope, item) does not change, but for the attributes that move.
 */
import * as z from "zod";
import type { Signal } from "../base/signal.ts";
import { leafLevel } from "../otlp/tape.ts";
import { Batch } from "../pipeline/batch.ts";
import { type Context, defineProcessor, type Regroup } from "../pipeline/component.ts";
import { Chunk } from "../wire/chunk.ts";
import { fieldsBut } from "./groupbyattrs/bytes.ts";
import { Sets } from "./groupbyattrs/sets.ts";
import { treeOf } from "./groupbyattrs/tree.ts";
import { writeTree } from "./groupbyattrs/write.ts";

const schema = z.strictObject({
  keys: z
    .array(z.string())
    .default([])
    .describe("Keys of attributes that move from spans, log records and data points to their resources. None: equal resources are joined, and nothing moves."),
});

type Config = z.output<typeof schema>;

/** What the Collector calls the items in this processor's counters. */
const COUNTED: Readonly<Partial<Record<Signal, string>>> = { traces: "spans", logs: "logs", metrics: "metrics" };
/** Field number of the groups in every request. */
const GROUPS = 1;

/** The `groupbyattrs` processor. */
export const groupByAttrs = defineProcessor<Config>({
  id: "groupbyattrs",
  signals: ["traces", "metrics", "logs"],
  summary: "Moves attributes from items to their resources, and joins equal resources, scopes and metrics.",
  schema,
  create: (config, context, signal) => ({ regroup: regroupOf(config, context, signal) }),
});

function regroupOf({ keys }: Config, { id, engine, counters, logger }: Context, signal: Signal): Regroup {
  const distinct = [...new Set(keys.filter((key) => key !== ""))];
  if (distinct.length < keys.filter((key) => key !== "").length) logger.log("warn", "A key is named twice: it counts once", { processor: id });
  const sets = new Sets(engine, signal, distinct);
  const labels = { processor: id, "otel.signal": signal };
  const incoming = counters.counter("otelcol_processor_incoming_items", labels);
  const outgoing = counters.counter("otelcol_processor_outgoing_items", labels);
  const grouped = counters.counter(`otelcol_processor_groupbyattrs_num_grouped_${COUNTED[signal]}`, { processor: id });
  const others = counters.counter(`otelcol_processor_groupbyattrs_num_non_grouped_${COUNTED[signal]}`, { processor: id });

  const regroup = (batch: Batch): Batch => {
    const chunk = wholeOf(batch);
    try {
      const range = chunk.contiguous(engine.pool);
      const records = engine.index(signal, chunk, leafLevel(signal));
      const { groups, same } = treeOf(engine.bytes, records, signal === "metrics", sets);
      if (same && batch.chunks.length === 1) return batch.retain();
      const rest = fieldsBut(GROUPS, engine.bytes, range.start, range.end);
      const made = writeTree(engine, records, rest, groups.values());
      return new Batch({ signal, chunks: [made], id: batch.id, items: batch.items, origin: batch.origin });
    } finally {
      chunk.release();
    }
  };

  /** Everything that the batch holds as one chunk, held by the caller. */
  function wholeOf({ chunks }: Batch): Chunk {
    const [only] = chunks;
    if (only !== undefined && chunks.length === 1) return only.retain();
    const ranges = chunks.map((chunk) => chunk.contiguous(engine.pool));
    const pieces = Int32Array.from(ranges.flatMap(({ start, end }) => [start, end]));
    const blocks = chunks.flatMap((chunk) => chunk.blocks.map((block) => block.retain()));
    return new Chunk(engine.kernel, pieces, blocks);
  }

  return {
    run(batch) {
      const taken = sets.take(batch);
      try {
        const made = regroup(taken);
        incoming.add(batch.items);
        outgoing.add(made.items);
        grouped.add(sets.grouped);
        others.add(batch.items - sets.grouped);
        return made;
      } finally {
        taken.release();
      }
    },
  };
}
