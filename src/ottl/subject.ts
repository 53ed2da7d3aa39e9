/** What a statement runs on: the walk's cursor, moved to the item, and what statements share about it. */
import type { Cursor, MetricEditor } from "../otlp/cursor.ts";
import type { View } from "../otlp/view.ts";
import type { Value } from "./value.ts";

export type { MetricEditor } from "../otlp/cursor.ts";

export class Subject {
  readonly cursor: Cursor;
  /** The path `cache`: emptied for each item. */
  cache: ReadonlyMap<string, Value> = NO_CACHE;
  /** Values of the lambdas that are being called, by slot. */
  readonly locals: Value[] = [];
  /** For functions that rewrite a metric or make new ones; undefined where they cannot be used. */
  metric: MetricEditor | undefined;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
    this.metric = cursor.editor;
  }

  /** The span event or exemplar at hand; otherwise the item's own view. */
  get inner(): View {
    return this.cursor.inner;
  }

  /** The span event's place among its span's, from 0. */
  get index(): number {
    return this.cursor.index;
  }
}

export const NO_CACHE: ReadonlyMap<string, Value> = new Map();
