/**
 * The views that a walk over one signal moves along: resource, scope, item, and for metrics the data
 * point, with the messages around them. A step is shown the cursor; it keeps nothing of it.
 */
import type { Signal } from "../base/signal.ts";
import * as tables from "./tables.ts";
import { type Desk, type Shape, View } from "./view.ts";

interface Shapes {
  readonly group: Shape;
  readonly scopeGroup: Shape;
  readonly item: Shape;
}

const SHAPES: Readonly<Record<Signal, Shapes>> = {
  traces: { group: tables.ResourceSpans, scopeGroup: tables.ScopeSpans, item: tables.Span },
  metrics: { group: tables.ResourceMetrics, scopeGroup: tables.ScopeMetrics, item: tables.Metric },
  logs: { group: tables.ResourceLogs, scopeGroup: tables.ScopeLogs, item: tables.LogRecord },
  profiles: { group: tables.ResourceProfiles, scopeGroup: tables.ScopeProfiles, item: tables.Profile },
};

/** Field numbers that the four signals share: the children of a group and of a scope group. */
export const RESOURCE = 1;
export const SCOPE = 1;
const CHILDREN = 2;

/** Field numbers of Metric's five data shapes. */
export const GAUGE = 5;
export const SUM = 7;
export const HISTOGRAM = 9;
export const EXPONENTIAL_HISTOGRAM = 10;
export const SUMMARY = 11;

/** Field number of the events in a span. */
export const EVENTS = 11;
const TRACE_ID_BYTES = 16;

/** Field numbers of the exemplars in the three shapes of data point that have any. */
export const EXEMPLARS: Readonly<Record<string, number>> = { NumberDataPoint: 5, HistogramDataPoint: 8, ExponentialHistogramDataPoint: 11 };

interface DataViews {
  readonly data: View;
  readonly point: View;
  /** Views of what is in the point; undefined where it has none, or no step asks. */
  exemplar: View | undefined;
}

/**
 * For steps that put another metric in a metric's place, or add some: given by the run, where its last
 * step says that it does.
 */
export interface MetricEditor {
  /** The body of the Metric message at hand (of a data point: the one that it is in), as all edits so far leave it: a copy outside of the memory. */
  read(): Uint8Array;
  /** Puts this body in the metric's place; who reads next sees it. Not while its data points are walked. */
  replace(metric: Uint8Array): void;
  /** Adds a metric behind those of its scope; the step runs on it too. `maker` is what made it. */
  create(metric: Uint8Array, maker: object): void;
  /** Whether the metric at hand, or one that it was made from, was made by this maker, which then must make no more of it. */
  madeBy(maker: object): boolean;
}

/** Where the batch that is walked came from. */
export interface CursorOrigin {
  /** The other side's address and port, for example `127.0.0.1:51000`; empty where that is not known, or not one. */
  readonly peer: string;
  /** Headers that the receiver kept, by lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

const NOWHERE: CursorOrigin = { peer: "", headers: {} };

export class Cursor {
  readonly signal: Signal;
  readonly bytes: Uint8Array;
  readonly #desk: Desk;
  /** ResourceSpans, ResourceMetrics, ResourceLogs or ResourceProfiles. */
  readonly group: View;
  readonly resource: View;
  /** ScopeSpans and its kin. */
  readonly scopeGroup: View;
  readonly scope: View;
  /** Span, Metric, LogRecord or Profile. */
  readonly item: View;
  readonly #data = new Map<number, DataViews>();
  /** Gauge, Sum, ...: the message that the data points stand in. */
  data: View;
  /** The data point. Its shape follows `dataNumber`. */
  point: View;
  /** Which of the five data shapes: GAUGE, SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM, SUMMARY; 0 outside metrics and for a metric without data. */
  dataNumber = 0;
  /** The span event or exemplar at hand, for steps of these levels; the item otherwise. */
  inner: View;
  /** Its place among its parent's, from 0. */
  index = 0;
  /** Of spans, once `openInner` was called. */
  event: View | undefined = undefined;
  /** Of the exemplars in the data point at hand, where it may have any and `openInner` was called. */
  exemplar: View | undefined = undefined;
  editor: MetricEditor | undefined = undefined;
  /** Of the batch at hand: another object where it is another batch. */
  origin: CursorOrigin = NOWHERE;
  /** Address of the item's trace id, 0 when it has none. Spans and log records. */
  traceId = 0;
  /** The first 16 of the 56 random bits of the item's trace id, 0 when it has none: what decides most sampling. */
  traceTop = 0;

  constructor(desk: Desk, signal: Signal) {
    const shapes = SHAPES[signal];
    this.signal = signal;
    this.bytes = desk.bytes;
    this.#desk = desk;
    this.group = new View(desk, shapes.group, undefined, 1);
    this.resource = new View(desk, tables.Resource, this.group, RESOURCE);
    this.scopeGroup = new View(desk, shapes.scopeGroup, this.group, CHILDREN);
    this.scope = new View(desk, tables.InstrumentationScope, this.scopeGroup, SCOPE);
    this.item = new View(desk, shapes.item, this.scopeGroup, CHILDREN);
    if (signal === "metrics") {
      const add = (number: number, data: Shape, point: Shape) => {
        const view = new View(desk, data, this.item, number);
        this.#data.set(number, { data: view, point: new View(desk, point, view, 1), exemplar: undefined });
      };
      add(GAUGE, tables.Gauge, tables.NumberDataPoint);
      add(SUM, tables.Sum, tables.NumberDataPoint);
      add(HISTOGRAM, tables.Histogram, tables.HistogramDataPoint);
      add(EXPONENTIAL_HISTOGRAM, tables.ExponentialHistogram, tables.ExponentialHistogramDataPoint);
      add(SUMMARY, tables.Summary, tables.SummaryDataPoint);
    }
    this.data = this.#data.get(GAUGE)?.data ?? this.item;
    this.point = this.#data.get(GAUGE)?.point ?? this.item;
    this.inner = this.item;
  }

  /** Makes the views of span events and exemplars. */
  openInner(): void {
    if (this.signal === "traces") this.event = new View(this.#desk, tables.SpanEvent, this.item, EVENTS);
    for (const views of this.#data.values()) {
      const number = EXEMPLARS[views.point.shape.name];
      if (number !== undefined) views.exemplar = new View(this.#desk, tables.Exemplar, views.point, number);
    }
  }

  /** Puts bytes into scratch, where they stay for the rest of the walk; returns their address. */
  write(bytes: Uint8Array): number {
    const { scratch } = this.#desk;
    const at = scratch.reserve(bytes.length);
    this.bytes.set(bytes, at);
    scratch.take(at + bytes.length);
    return at;
  }

  /** Turns to a metric's data shape, 0 for none. */
  turnTo(number: number): void {
    this.dataNumber = number;
    const pair = this.#data.get(number);
    if (pair === undefined) return;
    this.data = pair.data;
    this.point = pair.point;
    this.exemplar = pair.exemplar;
  }

  /** The walk is over: what the views borrowed goes back to the pool. */
  close(): void {
    for (const view of [this.resource, this.scope, this.item, this.point]) view.close();
    this.event?.close();
    for (const { point, exemplar } of this.#data.values()) {
      point.close();
      exemplar?.close();
    }
  }

  /** To be called after a step set or cleared the item's trace id, field `number`: other steps look at it here. */
  traceIdSet(number: number): void {
    const at = this.item.field(number);
    const present = at > 0 && this.item.fieldEnd(number) - at === TRACE_ID_BYTES;
    this.traceId = present ? at : 0;
    this.traceTop = present ? ((this.bytes[at + 9] ?? 0) << 8) | (this.bytes[at + 10] ?? 0) : 0;
  }

  /** Moves a metric's views to its data, which the item's own view finds. */
  findData(): void {
    for (const number of [GAUGE, SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM, SUMMARY]) {
      if (!this.item.has(number)) continue;
      this.turnTo(number);
      this.data.at(this.item.fieldTag(number), this.item.field(number), this.item.fieldEnd(number));
      return;
    }
    this.turnTo(0);
  }
}
