/**
 * Divides a batch among pipelines by a table of routes. One walk finds the way of every item, one
 * `partition` a chunk divides them. A condition about a resource, or a metric, is asked once for all
 * items below it, and only when an item gets as far as its route. Where metrics are divided by data
 * point, those without any take a walk and a `partition` of their own: no route that asks about data
 * points takes them, and they are no less passed on.
 *
 * Ownership: what `divide` returns is held by the caller; on an error nothing is held.
 */
import type { Signal } from "../../base/signal.ts";
import type { Cursor } from "../../otlp/cursor.ts";
import type { Engine } from "../../otlp/engine.ts";
import { partition } from "../../otlp/partition.ts";
import { Batch, type Origin } from "../../pipeline/batch.ts";
import type { Directed } from "../../pipeline/connector.ts";
import { Counters } from "../../pipeline/counters.ts";
import { Run } from "../../pipeline/run.ts";
import type { Level, Step } from "../../pipeline/step.ts";
import type { Chunk } from "../../wire/chunk.ts";
import type { Books } from "../books.ts";
import type { Test } from "../conditions.ts";
import { lookStep } from "../look.ts";
import { Ways } from "./ways.ts";

export interface Route {
  readonly pipelines: readonly string[];
  /** Later routes see what took this one, too. */
  readonly copies: boolean;
  /** About the request as a whole, or about a message of a level. */
  readonly condition: { readonly request: (origin: Origin) => boolean } | { readonly level: Level; readonly test: Test };
}

export interface RouterParts {
  readonly engine: Engine;
  readonly signal: Signal;
  readonly routes: readonly Route[];
  /** What gets the items that no route moved; none: they are dropped. */
  readonly fallback: readonly string[];
  readonly books: Books;
}

const UNKNOWN = -1;
const NO = 0;
const YES = 1;
/** The way of a metric whose data points have ways of their own. */
const BY_POINT = -1;
/** The field in which each of the five data shapes has its points. */
const DATA_POINTS = 1;

/** The items of one way. */
interface Load {
  readonly chunks: Chunk[];
  items: number;
}

export class Router {
  readonly #engine: Engine;
  readonly #signal: Signal;
  readonly #routes: readonly Route[];
  readonly #books: Books;
  /** Of every route, and behind them of the fallback. */
  readonly #pipelines: readonly (readonly string[])[];
  readonly #ways: Ways;
  /** What was found for the messages around the item at hand, by route. */
  readonly #answers: Int8Array;
  /** The way of each divided item, in the order of the tape; of the batch at hand. */
  readonly #found: number[] = [];
  /** Metrics are divided by data point when a route asks for those, and whole otherwise. */
  readonly #leaf: "item" | "point";
  readonly #run: Run;
  /** Metrics of the batch at hand without data points, where those are divided. */
  #bare = 0;
  /** A data point of the metric at hand was seen. */
  #pointed = true;
  /** The way of each metric, in the order of the tape, or BY_POINT. Only where some have no data points. */
  readonly #metrics: number[] = [];
  readonly #bareRun: Run;
  /** Items of the batch at hand that go nowhere. */
  #dropped = 0;

  constructor({ engine, signal, routes, fallback, books }: RouterParts) {
    this.#engine = engine;
    this.#signal = signal;
    this.#routes = routes;
    this.#books = books;
    this.#pipelines = [...routes.map(({ pipelines }) => pipelines), fallback];
    this.#ways = new Ways(this.#pipelines.length);
    this.#answers = new Int8Array(routes.length);
    this.#leaf = routes.some(({ condition }) => "level" in condition && condition.level === "point") ? "point" : "item";
    // Its own counters: this walk only looks.
    this.#run = new Run(engine, signal, this.#steps(), new Counters());
    this.#bareRun = new Run(engine, signal, this.#bareSteps(), new Counters());
  }

  divide(batch: Batch): readonly Directed[] {
    this.#dropped = 0;
    const whole = this.#ofRequest(batch.origin);
    if (whole === undefined) this.#walk(batch);
    const way = whole ?? this.#onlyWay();
    const directed = way === undefined ? this.#divided(batch) : this.#undivided(batch, way);
    const produced = directed.reduce((sum, one) => sum + one.batch.items, 0);
    this.#books.dropped(this.#dropped, "no_route");
    this.#books.created(produced + this.#dropped - batch.items);
    return directed;
  }

  /** Asks the routes that are about requests; the way of all items where that settles it. */
  #ofRequest(origin: Origin): number | undefined {
    let way = 0;
    let settled = true;
    for (const [index, { condition, copies }] of this.#routes.entries()) {
      if (!("request" in condition)) {
        settled = false;
        continue;
      }
      const holds = condition.request(origin);
      this.#answers[index] = holds ? YES : NO;
      if (!holds) continue;
      way = this.#ways.and(way, index);
      if (!copies && settled) return way;
    }
    return settled ? this.#toFallback(way) : undefined;
  }

  #toFallback(way: number): number {
    const fallback = this.#routes.length;
    return this.#pipelines[fallback]?.length === 0 ? way : this.#ways.and(way, fallback);
  }

  #walk(batch: Batch): void {
    this.#found.length = 0;
    this.#metrics.length = 0;
    this.#bare = 0;
    this.#pointed = true;
    this.#run.run(batch).release();
    this.#metricEnds();
    if (this.#bare > 0) this.#bareRun.run(batch).release();
  }

  #metricEnds(): void {
    if (!this.#pointed) this.#bare++;
  }

  /** The way that all items of the walk take, or undefined. */
  #onlyWay(): number | undefined {
    const bare = this.#metrics.filter((way) => way !== BY_POINT);
    const first = this.#found[0] ?? bare[0] ?? 0;
    return this.#found.every((way) => way === first) && bare.every((way) => way === first) ? first : undefined;
  }

  #steps(): Step[] {
    const resource = lookStep("resource", () => this.#forget("resource"));
    if (this.#leaf === "item") return [resource, lookStep("item", (cursor) => this.#found.push(this.#wayOf(cursor, "item")))];
    const metric = lookStep("item", () => {
      this.#forget("item");
      this.#metricEnds();
      this.#pointed = false;
    });
    const point = lookStep("point", (cursor) => {
      this.#pointed = true;
      this.#found.push(this.#wayOf(cursor, "point"));
    });
    return [resource, metric, point];
  }

  #bareSteps(): Step[] {
    const metric = lookStep("item", (cursor) => {
      cursor.findData();
      const isBare = cursor.dataNumber === 0 || !cursor.data.has(DATA_POINTS);
      this.#forget("item");
      this.#metrics.push(isBare ? this.#wayOf(cursor, "item") : BY_POINT);
    });
    return [lookStep("resource", () => this.#forget("resource")), metric];
  }

  #forget(level: Level): void {
    for (const [index, { condition }] of this.#routes.entries()) {
      if ("level" in condition && condition.level === level) this.#answers[index] = UNKNOWN;
    }
  }

  /** The way of the item, or data point, that the cursor is at. */
  #wayOf(cursor: Cursor, at: "item" | "point"): number {
    let way = 0;
    for (let index = 0; index < this.#routes.length; index++) {
      const route = this.#routes[index];
      if (route === undefined || !this.#holds(route, index, cursor, at)) continue;
      way = this.#ways.and(way, index);
      if (!route.copies) return way;
    }
    return this.#toFallback(way);
  }

  #holds({ condition }: Route, index: number, cursor: Cursor, at: "item" | "point"): boolean {
    if ("level" in condition) {
      // There is no data point to ask about.
      if (condition.level === "point" && at === "item") return false;
      if (condition.level === at) return condition.test(cursor);
      if (this.#answers[index] === UNKNOWN) this.#answers[index] = condition.test(cursor) ? YES : NO;
    }
    return this.#answers[index] === YES;
  }

  #undivided(batch: Batch, way: number): readonly Directed[] {
    const pipelines = this.#ways.routesOf(way).flatMap((route) => this.#pipelines[route] ?? []);
    if (pipelines.length > 0) return [{ batch: batch.retain(), pipelines }];
    this.#dropped = batch.items;
    return [];
  }

  #divided(batch: Batch): readonly Directed[] {
    const loads = new Map<number, Load>();
    try {
      this.#fill(loads, batch);
      return this.#direct(loads, batch);
    } finally {
      for (const { chunks } of loads.values()) for (const chunk of chunks) chunk.release();
    }
  }

  #fill(loads: Map<number, Load>, batch: Batch): void {
    const next = { item: 0, metric: 0 };
    const wayOf = () => this.#found[next.item++] ?? 0;
    const wayOfMetric = () => this.#metrics[next.metric++] ?? BY_POINT;
    for (const chunk of batch.chunks) {
      this.#load(loads, chunk, wayOf, this.#leaf === "point" ? "leaf" : "item");
      if (this.#bare > 0) this.#load(loads, chunk, wayOfMetric, "item");
    }
  }

  #load(loads: Map<number, Load>, whole: Chunk, wayOf: () => number, level: "leaf" | "item"): void {
    for (const { key, chunk, items } of partition(this.#engine, this.#signal, whole, wayOf, level)) {
      if (key === BY_POINT) {
        chunk.release();
        continue;
      }
      const load = loads.get(key) ?? { chunks: [], items: 0 };
      loads.set(key, load);
      load.chunks.push(chunk);
      load.items += items;
    }
  }

  /** One batch for all pipelines that get the same loads. */
  #direct(loads: ReadonlyMap<number, Load>, batch: Batch): Directed[] {
    const waysTo = new Map<string, number[]>();
    for (const [way, { items }] of loads) {
      const pipelines = this.#ways.routesOf(way).flatMap((route) => this.#pipelines[route] ?? []);
      if (pipelines.length === 0) this.#dropped += items;
      for (const pipeline of pipelines) waysTo.set(pipeline, [...(waysTo.get(pipeline) ?? []), way]);
    }
    const together = Map.groupBy(waysTo.keys(), (pipeline) => String(waysTo.get(pipeline)));
    return [...together.values()].flatMap((pipelines) => {
      const own = (waysTo.get(pipelines[0] ?? "") ?? []).flatMap((way) => loads.get(way) ?? []);
      const items = own.reduce((sum, load) => sum + load.items, 0);
      const chunks = own.flatMap((load) => load.chunks.map((chunk) => chunk.retain()));
      return { batch: new Batch({ signal: this.#signal, chunks, id: batch.id, items, origin: batch.origin }), pipelines };
    });
  }
}
