/**
 * Metrics that a step may replace whole, or add to: instead of edits inside the request, a metric that
 * was changed is written to scratch as one field, and what was added lies there too. Used by a run
 * whose last step says that it replaces; costs a copy of each metric that it changes.
 *
 * Added metrics are walked by that step again, behind those of their scope, in the order in which they
 * were made. Each knows what made it and what that was made from, so that there is always an end; how
 * many there may be is bounded besides.
 */
import { SluiceError } from "../base/errors.ts";
import { type Cursor, GAUGE, type MetricEditor, SUMMARY } from "../otlp/cursor.ts";
import type { Desk } from "../otlp/view.ts";
import { after, LEN, readVarint, skipValue, varintSize, writeVarint } from "../wire/varint.ts";

/** Field number of a metric in its scope group, and of a data point in its data. */
const METRIC_TAG = (2 << 3) | LEN;
const POINT = 1;
const POINT_TAG = (POINT << 3) | LEN;
/** Metrics that steps may add to one batch: far above what a rule means to, well below the memory. */
export const CREATED_MAX = 10_000;

interface Created {
  /** Its tag, in scratch. */
  readonly start: number;
  readonly makers: readonly object[];
}

export class MetricRewrite implements MetricEditor {
  /** Data points in metrics that were added, and what replacing changed in the number of points. */
  createdItems = 0;
  foldedItems = 0;
  readonly #desk: Desk;
  readonly #cursor: Cursor;
  #makers: readonly object[] = [];
  #queue: Created[] = [];
  #created = 0;
  /** The tag of the metric that took the place of the one in the request; 0 for none. */
  #replaced = 0;
  /** Whole point fields as they are now, two addresses each, and where those that were not walked yet begin and end. */
  #points: number[] = [];
  #pointsChanged = false;
  #walking = false;
  #rest = 0;
  #stop = 0;

  constructor(desk: Desk, cursor: Cursor) {
    this.#desk = desk;
    this.#cursor = cursor;
  }

  /** A new batch. */
  reset(): void {
    this.createdItems = 0;
    this.foldedItems = 0;
    this.#created = 0;
    this.#queue = [];
  }

  /** The item's view was moved to a metric. */
  begin(makers: readonly object[]): void {
    this.#makers = makers;
    this.#replaced = 0;
    this.#pointsChanged = false;
    this.#walking = false;
    this.#cursor.findData();
  }

  /** Calls `apply` for each data point, which is kept if that returns true. False when there were some and none is left. */
  walkPoints(apply: () => boolean): boolean {
    const { bytes } = this.#desk;
    const { data, point, dataNumber } = this.#cursor;
    const from = dataNumber === 0 ? -1 : data.fieldTag(POINT);
    if (from < 0) return true;
    this.#points = [];
    this.#walking = true;
    this.#stop = data.fieldEnd(POINT);
    for (let at = from; at < this.#stop; at = this.#rest) {
      const tag = readVarint(bytes, at);
      const value = after;
      this.#rest = skipValue(bytes, value, tag);
      if (tag !== POINT_TAG) continue;
      readVarint(bytes, value);
      point.at(at, after, this.#rest);
      const end = this.#rest;
      if (!apply()) this.#pointsChanged = true;
      else if (point.fieldsChanged || point.attributesChanged) {
        this.#points.push(point.compose(), this.#desk.scratch.end);
        this.#pointsChanged = true;
      } else this.#points.push(at, end);
    }
    this.#walking = false;
    return this.#points.length > 0;
  }

  /** The metric as a whole field in scratch, up to `scratch.end`; 0 when nothing changed. */
  finish(): number {
    const { data, dataNumber, item } = this.#cursor;
    const { scratch } = this.#desk;
    if (this.#pointsChanged) this.#setPoints(this.#points);
    if (dataNumber !== 0 && data.fieldsChanged) item.setFields(dataNumber, data.compose(), scratch.end);
    if (item.fieldsChanged || item.attributesChanged || this.#replaced !== 0) return item.compose();
    return 0;
  }

  /** Calls `walk` with each metric that was added in this scope, those too that this adds. */
  eachCreated(walk: (start: number, makers: readonly object[]) => void): void {
    for (let index = 0; index < this.#queue.length; index++) {
      const created = this.#queue[index];
      if (created !== undefined) walk(created.start, created.makers);
    }
    this.#queue = [];
  }

  read(): Uint8Array {
    const { data, dataNumber, item, point } = this.#cursor;
    const { bytes, scratch } = this.#desk;
    if (this.#walking) {
      const pieces = [...this.#points, point.compose(), scratch.end];
      this.#addRest(pieces);
      this.#setPoints(pieces);
    }
    if (dataNumber !== 0 && data.fieldsChanged) item.setFields(dataNumber, data.compose(), scratch.end);
    const start = item.compose();
    readVarint(bytes, start);
    readVarint(bytes, after);
    return bytes.slice(after, scratch.end);
  }

  replace(metric: Uint8Array): void {
    if (this.#walking) throw new SluiceError("internal", "Cannot replace a metric: its data points are being walked");
    const before = this.#countPoints();
    this.#replaced = this.#write(metric);
    this.#cursor.item.atField(this.#replaced);
    this.#cursor.findData();
    const grown = this.#countPoints() - before;
    if (grown > 0) this.createdItems += grown;
    else this.foldedItems -= grown;
  }

  create(metric: Uint8Array, maker: object): void {
    if (++this.#created > CREATED_MAX) throw new SluiceError("too_large", `Cannot add a metric: statements added more than ${CREATED_MAX} to one batch`);
    this.#queue.push({ start: this.#write(metric), makers: [...this.#makers, maker] });
  }

  madeBy(maker: object): boolean {
    return this.#makers.includes(maker);
  }

  /** Data points of the metric at hand. */
  countPoints(): number {
    return this.#countPoints();
  }

  #write(metric: Uint8Array): number {
    const { bytes, scratch } = this.#desk;
    const start = scratch.reserve(varintSize(METRIC_TAG) + varintSize(metric.length) + metric.length);
    const body = writeVarint(bytes, writeVarint(bytes, start, METRIC_TAG), metric.length);
    bytes.set(metric, body);
    scratch.take(body + metric.length);
    return start;
  }

  #countPoints(): number {
    const { data, dataNumber } = this.#cursor;
    if (dataNumber < GAUGE || dataNumber > SUMMARY) return 0;
    const pieces: number[] = [];
    const from = data.fieldTag(POINT);
    if (from >= 0) this.#collect(pieces, from, data.fieldEnd(POINT));
    return pieces.length / 2;
  }

  #addRest(pieces: number[]): void {
    this.#collect(pieces, this.#rest, this.#stop);
  }

  #collect(pieces: number[], start: number, end: number): void {
    const { bytes } = this.#desk;
    for (let at = start; at < end;) {
      const tag = readVarint(bytes, at);
      const next = skipValue(bytes, after, tag);
      if (tag === POINT_TAG) pieces.push(at, next);
      at = next;
    }
  }

  /** Lays the points end to end in scratch and points the data's view at them. */
  #setPoints(pieces: readonly number[]): void {
    const { kernel, scratch } = this.#desk;
    let length = 0;
    for (let i = 0; i < pieces.length; i += 2) length += (pieces[i + 1] ?? 0) - (pieces[i] ?? 0);
    const start = scratch.reserve(length);
    let to = start;
    for (let i = 0; i < pieces.length; i += 2) {
      const from = pieces[i] ?? 0;
      const size = (pieces[i + 1] ?? 0) - from;
      kernel.copy(to, from, size);
      to += size;
    }
    scratch.take(to);
    this.#cursor.data.setFields(POINT, start, to);
  }
}
