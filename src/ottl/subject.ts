/** What a statement runs on: the walk's cursor, moved to the item, and what statements share about it. */
import type { Cursor } from "../otlp/cursor.ts";
import type { View } from "../otlp/view.ts";
import type { Value } from "./value.ts";

export class Subject {
  readonly cursor: Cursor;
  /** The span event or exemplar at hand; otherwise the item's own view. */
  inner: View;
  /** Its place among its parent's, from 0. */
  index = 0;
  /** The path `cache`: emptied for each item. */
  cache: ReadonlyMap<string, Value> = NO_CACHE;
  /** Values of the lambdas that are being called, by slot. */
  readonly locals: Value[] = [];

  constructor(cursor: Cursor) {
    this.cursor = cursor;
    this.inner = cursor.item;
  }
}

export const NO_CACHE: ReadonlyMap<string, Value> = new Map();
