/**
 * The `routing` connector: sends each item to the pipelines of the first route in a table that it fits,
 * by conditions in OTTL or on the request's headers. Written on `partition`: what goes one way only is
 * handed on as it came.
 */
import { SluiceError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import type { Signal } from "../base/signal.ts";
import type { Tools } from "../ottl/contract.ts";
import type { ErrorMode } from "../ottl/sequence.ts";
import { CHECKING, compileConditions, toolsOf } from "../ottl/settings.ts";
import { type Complaint, type Context, defineConnector } from "../pipeline/component.ts";
import type { Wiring } from "../pipeline/connector.ts";
import { Books } from "./books.ts";
import { DIALECTS, sequenceOf, testOf } from "./conditions.ts";
import { parseRequestCondition } from "./routing/request.ts";
import { type Route, Router } from "./routing/router.ts";
import { conditionOf, type Config, type RouteConfig, schema } from "./routing/settings.ts";

/** The `routing` connector. */
export const routing = defineConnector<Config>({
  id: "routing",
  joins: { traces: ["traces"], metrics: ["metrics"], logs: ["logs"] },
  summary: "Sends items to the pipelines of the first route that they fit, by conditions in OTTL or request headers.",
  schema,
  check,
  create(config, context, wiring) {
    const routes = distinct(config, context).map(({ route, at }) => routeOf(route, at, config, context, wiring.from));
    const books = new Books(context.counters, context.id, wiring);
    const router = new Router({ engine: context.engine, signal: wiring.from, routes, fallback: config.default_pipelines, books });
    return { divide: (batch) => router.divide(batch) };
  },
});

/** Pipelines that do not receive from here, and conditions that do not fit the signal. */
function check({ table, default_pipelines, error_mode }: Config, id: string, { from, pipelines }: Wiring): readonly Complaint[] {
  const named = [
    ...default_pipelines.map((pipeline, index) => ({ pipeline, path: ["default_pipelines", index] })),
    ...table.flatMap((route, at) => route.pipelines.map((pipeline, index) => ({ pipeline, path: ["table", at, "pipelines", index] }))),
  ];
  const unfed = named
    .filter(({ pipeline }) => !pipelines.includes(pipeline))
    .map(({ pipeline, path }) => ({ path, ...unfedPipeline(pipeline, id, from, pipelines) }));
  const wrong = table.flatMap((route, at) => {
    if (route.context === "request") return [];
    const { compiled, start } = compileRoute(route, error_mode, from, CHECKING);
    const key = route.condition === undefined || route.condition === "" ? "statement" : "condition";
    // An issue of no text is about the context.
    return (compiled.issues ?? []).map(({ message, cure, offset, index }) => ({
      path: ["table", at, index < 0 ? "context" : key],
      message,
      cure,
      index: index < 0 ? undefined : start + offset,
    }));
  });
  return [...unfed, ...wrong];
}

function unfedPipeline(pipeline: string, id: string, signal: Signal, pipelines: readonly string[]) {
  const near = nearest(pipeline, pipelines);
  return {
    message: `"${pipeline}" is no ${signal} pipeline that receives from ${id}`,
    cure: near === undefined ? `Name "${id}" under receivers of it; those that do: ${pipelines.join(", ")}` : `Did you mean "${near}"?`,
  };
}

/** Of routes with the same condition the first, as in the Collector. */
function distinct({ table }: Config, { id, logger }: Context): readonly { readonly route: RouteConfig; readonly at: number }[] {
  const seen = new Set<string>();
  return table.flatMap((route, at) => {
    const key = JSON.stringify([route.context ?? "", conditionOf(route)?.text]);
    if (seen.has(key)) {
      logger.log("warn", "A route is ignored: one before it has the same condition", { connector: id, route: at + 1 });
      return [];
    }
    seen.add(key);
    return [{ route, at }];
  });
}

function routeOf(route: RouteConfig, at: number, { error_mode }: Config, context: Context, signal: Signal): Route {
  const { pipelines, action } = route;
  const copies = action === "copy";
  const path = `connectors.${context.id}.table[${at}]`;
  if (route.context === "request") {
    const parsed = parseRequestCondition(route.condition ?? "");
    if (typeof parsed === "string") throw new SluiceError("config", `Cannot use ${path}: ${parsed}`, { path });
    return { pipelines, copies, condition: { request: parsed } };
  }
  const sequence = sequenceOf(compileRoute(route, error_mode, signal, toolsOf(context)).compiled, path);
  return { pipelines, copies, condition: { level: sequence.level, test: testOf(sequence) } };
}

/** In the context that the route names, or else in the one that its paths begin with, or else in resource. */
function compileRoute(route: RouteConfig, errorMode: ErrorMode, signal: Signal, tools: Tools) {
  const { text, start } = conditionOf(route) ?? { text: "", start: 0 };
  const compiled = compileConditions({ context: route.context, conditions: [text] }, errorMode, DIALECTS[signal], tools);
  if (route.context !== undefined || compiled.sequence !== undefined) return { compiled, start };
  const older = compileConditions({ context: "resource", conditions: [text] }, errorMode, DIALECTS[signal], tools);
  return { compiled: older.sequence === undefined ? compiled : older, start };
}
