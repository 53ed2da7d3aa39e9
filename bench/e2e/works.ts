/**
 * What the gateways are asked to do. A row is a work for a signal, a size of requests and an order of
 * fields; what each row must reach stands in rows.ts.
 */
import type { Signal } from "../../src/base/signal.ts";
import type { Plain } from "../../test/harness/judge.ts";
import type { FieldOrder } from "../rearrange.ts";

export type Coding = "none" | "gzip" | "zstd";

/** `rules`: whatever the first gateway that was asked, the Collector, made of it. */
export type Effect = "none" | "stamp" | "sample" | "rules";

export interface Work {
  readonly id: string;
  readonly summary: string;
  readonly codingIn: Coding;
  readonly codingOut: Coding;
  /** Processors as the Collector's YAML has them, each a key and its settings. */
  readonly processors: Readonly<Record<string, Plain>>;
  /** Signals that the processors take. */
  readonly signals: readonly Signal[];
  /** What must have happened to what arrives. */
  readonly effect: Effect;
  /** Whether a gateway that only copies can stand beside it as a floor. */
  readonly copyFloor: boolean;
}

/** One row of the table: everything that decides what a gateway has to do. */
export interface Row {
  readonly work: Work;
  readonly signal: Signal;
  /** Items a request. */
  readonly items: number;
  readonly order: FieldOrder;
}

/** The attribute that the works write. */
export const STAMP = { key: "sluice.bench", value: "end to end" } as const;

const UPSERT = { resource: { attributes: [{ ...STAMP, action: "upsert" }] } };
const KEEP_TENTH = { probabilistic_sampler: { sampling_percentage: 10 } };

// What people write, over attributes that all spans have.
const ATTRIBUTES = {
  attributes: {
    actions: [
      { key: "user_agent.original", action: "delete" },
      { key: "thread.name", action: "delete" },
      { ...STAMP, action: "insert" },
    ],
  },
};
const TRANSFORM = { transform: { trace_statements: [`set(span.attributes["${STAMP.key}"], "shop") where IsMatch(span.name, "^(GET|POST) /api/")`] } };
const FILTER = { filter: { trace_conditions: [`span.attributes["url.scheme"] == "http"`] } };
const KEEP_HALF = { probabilistic_sampler: { sampling_percentage: 50 } };
const FIVE = { ...ATTRIBUTES, ...TRANSFORM, ...FILTER, ...UPSERT, ...KEEP_HALF };
const MEASURED = ["traces", "logs", "metrics"] as const;
const SAMPLED = ["traces", "logs"] as const;

/** All works, by id. */
export const WORKS: readonly Work[] = [
  work("plain-upsert", "plain in, resource upsert, plain out", "none", UPSERT, "stamp"),
  work("plain-pass", "plain in, nothing done, plain out", "none", {}, "none"),
  work("gzip-pass", "gzip in, nothing done, gzip out", "gzip", {}, "none"),
  work("gzip-upsert", "gzip in, resource upsert, gzip out", "gzip", UPSERT, "stamp"),
  rules("attributes", "attributes: delete 2, insert 1, every span", ATTRIBUTES),
  rules("transform", "transform: set an attribute where IsMatch(span.name, ...)", TRANSFORM),
  rules("filter", "filter: half of the spans dropped by an attribute", FILTER),
  rules("five", "attributes, transform, filter, resource, probabilistic_sampler", FIVE),
  work("gzip-keep10", "gzip in, keep 10 %, gzip out", "gzip", KEEP_TENTH, "sample"),
];

function rules(id: string, summary: string, processors: Work["processors"]): Work {
  return { ...work(`rules-${id}`, summary, "none", processors, "rules"), signals: ["traces"], copyFloor: false };
}

function work(id: string, summary: string, coding: Coding, processors: Work["processors"], effect: Work["effect"]): Work {
  const signals = effect === "sample" ? SAMPLED : MEASURED;
  return { id, summary, codingIn: coding, codingOut: coding, processors, signals, effect, copyFloor: coding === "none" };
}

/** The work of that id. Throws with the list of those there are. */
export function workOf(id: string): Work {
  const found = WORKS.find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`Cannot do the work "${id}": there are ${WORKS.map((one) => one.id).join(", ")}`);
  return found;
}

/** `traces-plain-upsert-1000`, and `-descending` where the fields are. */
export function idOf({ work: { id }, signal, items, order }: Row): string {
  return `${signal}-${id}-${items}${order === "ascending" ? "" : `-${order}`}`;
}

/** The row in words. */
export function titleOf({ work: { summary }, signal, items, order }: Row): string {
  const [of, fields] = [signal === "traces" ? "" : `, ${signal}`, order === "ascending" ? "" : `, fields ${order}`];
  return `${summary}${of}${fields}, ${items} a request`;
}

/**
 * The Collector's configuration of a row, which Sluice runs as it is. JSON is YAML. Queue and retry
 * are off, so that an answer means delivered; own telemetry is off where the gateway takes that.
 */
export function collectorConfig({ work: { processors, codingOut }, signal }: Row, port: number, sinkPort: number): string {
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    processors,
    exporters: {
      otlp_http: {
        endpoint: `http://127.0.0.1:${sinkPort}`,
        compression: codingOut,
        sending_queue: { enabled: false },
        retry_on_failure: { enabled: false },
      },
    },
    service: {
      telemetry: { metrics: { level: "none" }, logs: { level: "error" } },
      pipelines: { [signal]: { receivers: ["otlp"], processors: Object.keys(processors), exporters: ["otlp_http"] } },
    },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
