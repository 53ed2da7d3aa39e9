/**
 * The views that a walk over one signal moves along: resource, scope, item, and for metrics the data
 * point, with the messages around them. A step is shown the cursor; it keeps nothing of it.
 */
import type { Signal } from "../base/signal.ts";
import * as tables from "./tables.ts";
import { type Text } from "./text.ts";
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

export class Cursor {
  readonly signal: Signal;
  readonly bytes: Uint8Array;
  /** ResourceSpans, ResourceMetrics, ResourceLogs or ResourceProfiles. */
  readonly group: View;
  readonly resource: View;
  /** ScopeSpans and its kin. */
  readonly scopeGroup: View;
  readonly scope: View;
  /** Span, Metric, LogRecord or Profile. */
  readonly item: View;
  readonly #data = new Map<number, { readonly data: View; readonly point: View }>();
  /** Gauge, Sum, ...: the message that the data points stand in. */
  data: View;
  /** The data point. Its shape follows `dataNumber`. */
  point: View;
  /** Which of the five data shapes: GAUGE, SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM, SUMMARY; 0 outside metrics. */
  dataNumber = 0;
  /** Address of the item's trace id, 0 when it has none. Spans and log records. */
  traceId = 0;
  /** The first 16 of the 56 random bits of the item's trace id, 0 when it has none: what decides most sampling. */
  traceTop = 0;
  /** Whether the span surely came without a trace_state. A step before may have set one. */
  noTraceState = false;
  #keysLow = 0;
  #keysHigh = 0;

  constructor(desk: Desk, signal: Signal) {
    const shapes = SHAPES[signal];
    this.signal = signal;
    this.bytes = desk.bytes;
    this.group = new View(desk, shapes.group, undefined, 1);
    this.resource = new View(desk, tables.Resource, this.group, RESOURCE);
    this.scopeGroup = new View(desk, shapes.scopeGroup, this.group, CHILDREN);
    this.scope = new View(desk, tables.InstrumentationScope, this.scopeGroup, SCOPE);
    this.item = new View(desk, shapes.item, this.scopeGroup, CHILDREN);
    if (signal === "metrics") {
      const add = (number: number, data: Shape, point: Shape) => {
        const view = new View(desk, data, this.item, number);
        this.#data.set(number, { data: view, point: new View(desk, point, view, 1) });
      };
      add(GAUGE, tables.Gauge, tables.NumberDataPoint);
      add(SUM, tables.Sum, tables.NumberDataPoint);
      add(HISTOGRAM, tables.Histogram, tables.HistogramDataPoint);
      add(EXPONENTIAL_HISTOGRAM, tables.ExponentialHistogram, tables.ExponentialHistogramDataPoint);
      add(SUMMARY, tables.Summary, tables.SummaryDataPoint);
    }
    this.data = this.#data.get(GAUGE)?.data ?? this.item;
    this.point = this.#data.get(GAUGE)?.point ?? this.item;
  }

  /** Turns to a metric's data shape. */
  turnTo(number: number): void {
    this.dataNumber = number;
    const pair = this.#data.get(number);
    if (pair === undefined) return;
    this.data = pair.data;
    this.point = pair.point;
  }

  /** The walk is over: what the views borrowed goes back to the pool. */
  close(): void {
    for (const view of [this.resource, this.scope, this.item, this.point]) view.close();
    for (const { point } of this.#data.values()) point.close();
  }

  /** The kernel's set of attribute keys of the item or point. */
  setKeys(low: number, high: number): void {
    this.#keysLow = low;
    this.#keysHigh = high;
  }

  /**
   * False when the item or point surely has no attribute with this key: the tape knows without a look,
   * unless a step before has changed the attributes.
   */
  mayHave(key: Text): boolean {
    return (this.#keysLow & key.keyLow) !== 0 || (this.#keysHigh & key.keyHigh) !== 0 || this.point.attributesChanged;
  }
}
