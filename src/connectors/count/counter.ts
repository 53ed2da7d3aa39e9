/** Counts a batch in one walk, resource by resource, and makes the metrics of it. */
import type { Signal } from "../../base/signal.ts";
import type { Attributes } from "../../otlp/attributes.ts";
import type { Cursor } from "../../otlp/cursor.ts";
import type { Engine } from "../../otlp/engine.ts";
import * as tables from "../../otlp/tables.ts";
import type { View } from "../../otlp/view.ts";
import type { Batch } from "../../pipeline/batch.ts";
import { Counters } from "../../pipeline/counters.ts";
import { Run } from "../../pipeline/run.ts";
import type { Level } from "../../pipeline/step.ts";
import { concatenated } from "../../wire/message.ts";
import { after, LEN, readVarint, skipValue } from "../../wire/varint.ts";
import { lookStep } from "../look.ts";
import { Interval } from "./interval.ts";
import { type Counting, Tally } from "./tally.ts";
import { type Row, writeResourceMetrics } from "./write.ts";

/** What is counted at a level of the walk. */
export interface Counts {
  readonly level: Exclude<Level, "resource" | "scope">;
  readonly countings: readonly Counting[];
  /** Fields of an item that hold its times, all fixed64. */
  readonly times: readonly number[];
  /** The message at hand. */
  readonly view: (cursor: Cursor) => View;
  /** Whether that has attributes. */
  readonly attributed: boolean;
}

/** What is counted at a level, and its counts below the resource at hand. */
interface Sought extends Row, Counts {}

/** What came of a batch. */
export interface Counted {
  readonly requests: readonly Uint8Array[];
  /** Data points. */
  readonly items: number;
}

export class Counter {
  readonly #rows: readonly Sought[];
  readonly #run: Run;
  readonly #now: () => bigint;
  #resource: Uint8Array | undefined;
  #written: Uint8Array[] = [];
  #points = 0;

  constructor(engine: Engine, signal: Signal, counts: readonly Counts[], now: () => bigint) {
    this.#now = now;
    this.#rows = counts
      .filter(({ countings }) => countings.length > 0)
      .map((one) => ({ ...one, tallies: one.countings.map((counting) => new Tally(counting)), interval: new Interval() }));
    const steps = [lookStep("resource", (cursor) => this.#open(cursor)), ...this.#rows.map((row) => lookStep(row.level, (cursor) => look(row, cursor)))];
    // Its own counters: this walk only looks.
    this.#run = new Run(engine, signal, steps, new Counters());
  }

  /** Throws StatementError when a condition fails. */
  count(batch: Batch): Counted {
    this.#resource = undefined;
    this.#written = [];
    this.#points = 0;
    this.#clear();
    this.#run.run(batch).release();
    this.#close();
    const requests = this.#written.length === 0 ? [] : [concatenated(this.#written)];
    return { requests, items: this.#points };
  }

  #open(cursor: Cursor): void {
    this.#close();
    this.#resource = attributesOf(cursor.resource);
  }

  #close(): void {
    if (this.#resource === undefined) return;
    const written = writeResourceMetrics(this.#resource, this.#rows, this.#now);
    if (written !== undefined) {
      this.#written.push(written.bytes);
      this.#points += written.points;
    }
    this.#clear();
  }

  #clear(): void {
    for (const { tallies, interval } of this.#rows) {
      for (const tally of tallies) tally.clear();
      interval.clear();
    }
  }
}

function look({ view, times, tallies, interval, attributed }: Sought, cursor: Cursor): void {
  const at = view(cursor);
  for (const time of times) interval.add(at.fixedLow(time), at.fixedHigh(time));
  for (const tally of tallies) {
    const around: Attributes[] = [];
    if (tally.counting.attributes.length > 0) {
      if (attributed) around.push(at.attributes);
      around.push(cursor.scope.attributes, cursor.resource.attributes);
    }
    tally.add(cursor, around);
  }
}

/** The attributes of a resource, whole fields laid end to end: a copy. */
function attributesOf({ bytes, start, end }: View): Uint8Array {
  const tag = (tables.RESOURCE_ATTRIBUTES << 3) | LEN;
  const parts: Uint8Array[] = [];
  for (let at = start; at < end;) {
    const from = at;
    const key = readVarint(bytes, at);
    at = skipValue(bytes, after, key);
    if (key === tag) parts.push(bytes.slice(from, at));
  }
  return concatenated(parts);
}
