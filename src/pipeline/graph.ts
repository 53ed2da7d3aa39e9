/** How connectors join pipelines: which instances there are, in which order pipelines lie, and what runs in a circle. */
import { type Signal, SIGNALS } from "../base/signal.ts";
import type { Joins, Wiring } from "./connector.ts";

/** As much of a pipeline as its joints are found by. */
export interface Ends {
  readonly id: string;
  readonly signal: Signal;
  readonly receivers: readonly string[];
  readonly exporters: readonly string[];
}

/** One instance of a connector: a pair of signals that is in use. */
export interface Join {
  /** The connector's id. */
  readonly id: string;
  readonly wiring: Wiring;
  /** Indices of the pipelines that export to it, and of those that receive from it. */
  readonly feeds: readonly number[];
  readonly fed: readonly number[];
}

interface Joining {
  readonly id: string;
  readonly definition: { readonly joins: Joins };
}

/** Every pair of signals for which a connector has pipelines on both sides. */
export function joinsOf(connectors: readonly Joining[], pipelines: readonly Ends[]): Join[] {
  return connectors.flatMap(({ id, definition }) =>
    SIGNALS.flatMap((from) =>
      (definition.joins[from] ?? []).flatMap((to) => {
        const feeds = indicesOf(pipelines, ({ signal, exporters }) => signal === from && exporters.includes(id));
        const fed = indicesOf(pipelines, ({ signal, receivers }) => signal === to && receivers.includes(id));
        if (feeds.length === 0 || fed.length === 0) return [];
        return [{ id, wiring: { from, to, pipelines: fed.map((index) => pipelines[index]?.id ?? "") }, feeds, fed }];
      }),
    ),
  );
}

/** For each pipeline the most connectors that lie before it. There must be no circle. */
export function ranksOf(pipelines: readonly Ends[], joins: readonly Join[]): number[] {
  const ranks = pipelines.map(() => 0);
  // A way without circles has fewer connectors than there are pipelines.
  for (let changed = true, turn = 0; changed && turn < pipelines.length; turn++) {
    changed = false;
    for (const { feeds, fed } of joins) {
      const rank = 1 + Math.max(...feeds.map((index) => ranks[index] ?? 0));
      for (const index of fed) {
        if ((ranks[index] ?? 0) >= rank) continue;
        ranks[index] = rank;
        changed = true;
      }
    }
  }
  return ranks;
}

/** One step of a way: the pipeline at this index, then the connector that leads on from it. */
export interface Leg {
  readonly pipeline: number;
  readonly connector: string;
}

/** A way that ends where it began, or undefined when there is none. */
export function circleIn(pipelines: readonly Ends[], joins: readonly Join[]): Leg[] | undefined {
  /** Pipelines from which every way was followed to its end. */
  const done = new Set<number>();
  for (const start of pipelines.keys()) {
    const way: { readonly pipeline: number; readonly edges: { readonly connector: string; readonly to: number }[] }[] = [];
    const enter = (pipeline: number) => way.push({ pipeline, edges: edgesFrom(pipeline, joins) });
    if (!done.has(start)) enter(start);
    const taken: string[] = [];
    for (let last = way.at(-1); last !== undefined; last = way.at(-1)) {
      const edge = last.edges.pop();
      if (edge === undefined) {
        done.add(last.pipeline);
        way.pop();
        taken.pop();
        continue;
      }
      if (done.has(edge.to)) continue;
      const from = way.findIndex(({ pipeline }) => pipeline === edge.to);
      const connectors = [...taken, edge.connector];
      if (from >= 0) return way.slice(from).map(({ pipeline }, index) => ({ pipeline, connector: connectors[from + index] ?? "" }));
      taken.push(edge.connector);
      enter(edge.to);
    }
  }
  return undefined;
}

/** The last one is followed first. */
function edgesFrom(pipeline: number, joins: readonly Join[]) {
  return joins
    .filter(({ feeds }) => feeds.includes(pipeline))
    .flatMap(({ id, fed }) => fed.map((to) => ({ connector: id, to })))
    .toReversed();
}

function indicesOf(pipelines: readonly Ends[], test: (pipeline: Ends) => boolean): number[] {
  return pipelines.flatMap((pipeline, index) => (test(pipeline) ? [index] : []));
}
