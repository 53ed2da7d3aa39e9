/**
 * Divides a batch among pipelines by a table of routes. One walk finds the way of every item, one
 * `partition` a chunk divides them. A condition about a resource, or a metric, is asked once for all
 * items below it, and only when an item gets as far as its route.
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
    this.#run.run(batch).release();
  }

  /** The way that all items of the walk take, or undefined. */
  #onlyWay(): number | undefined {
    const [first = 0] = this.#found;
    return this.#found.every((way) => way === first) ? first : undefined;
  }

  #steps(): Step[] {
    const leaf = lookStep(this.#leaf, (cursor) => this.#found.push(this.#wayOf(cursor)));
    const resource = lookStep("resource", () => this.#forget("resource"));
    return this.#leaf === "item" ? [resource, leaf] : [resource, lookStep("item", () => this.#forget("item")), leaf];
  }

  #forget(level: Level): void {
    for (const [index, { condition }] of this.#routes.entries()) {
      if ("level" in condition && condition.level === level) this.#answers[index] = UNKNOWN;
    }
  }

  #wayOf(cursor: Cursor): number {
    let way = 0;
    for (let index = 0; index < this.#routes.length; index++) {
      const route = this.#routes[index];
      if (route === undefined || !this.#holds(route, index, cursor)) continue;
      way = this.#ways.and(way, index);
      if (!route.copies) return way;
    }
    return this.#toFallback(way);
  }

  #holds({ condition }: Route, index: number, cursor: Cursor): boolean {
    if ("level" in condition) {
      if (condition.level === this.#leaf) return condition.test(cursor);
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
    let next = 0;
    const wayOf = () => this.#found[next++] ?? 0;
    for (const chunk of batch.chunks) {
      for (const { key, chunk: part, items } of partition(this.#engine, this.#signal, chunk, wayOf, this.#leaf === "point" ? "leaf" : "item")) {
        const load = loads.get(key) ?? { chunks: [], items: 0 };
        loads.set(key, load);
        load.chunks.push(part);
        load.items += items;
      }
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
      // Metrics without any data point.
      if (items === 0) return [];
      const chunks = own.flatMap((load) => load.chunks.map((chunk) => chunk.retain()));
      return { batch: new Batch({ signal: this.#signal, chunks, id: batch.id, items, origin: batch.origin }), pipelines };
    });
  }
}
