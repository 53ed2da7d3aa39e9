/** Walks spans with something to do to each, as a step does, and gives the request that comes out. */
import type { Cursor } from "../../../src/otlp/cursor.ts";
import { Counters } from "../../../src/pipeline/counters.ts";
import { Run } from "../../../src/pipeline/run.ts";
import { admitted, batchBytes, batchOf } from "../../harness/engine.ts";
import { judge, type Plain } from "../../harness/judge.ts";
import { list } from "../../harness/multiset.ts";
import { engine } from "./harness.ts";

const IDS = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(1) };

/** Spans as the judge writes them; ids are put in. */
export function walk(items: readonly Plain[], each: (cursor: Cursor) => unknown): Plain {
  const bytes = judge("traces").encode({ resourceSpans: [{ scopeSpans: [{ spans: items.map((item) => ({ ...IDS, ...item })) }] }] });
  const step = {
    component: "test",
    level: "item" as const,
    reads: ["item" as const],
    writes: ["item" as const],
    drops: false,
    dropReason: "",
    run: (cursor: Cursor) => {
      each(cursor);
      return true;
    },
  };
  const batch = batchOf("traces", admitted(engine, "traces", bytes));
  const after = new Run(engine, "traces", [step], new Counters()).run(batch);
  const request = judge("traces").toObject(batchBytes(after));
  after.release();
  batch.release();
  return request;
}

export function spans(request: Plain): Plain[] {
  return list(request, "resourceSpans")
    .flatMap((group) => list(group, "scopeSpans"))
    .flatMap((scope) => list(scope, "spans"));
}
