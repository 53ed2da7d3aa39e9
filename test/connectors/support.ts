/** Builds a connector from its settings, as the gateway does, and runs requests through it. */
import { expect } from "vitest";
import type * as z from "zod";
import type { Signal } from "../../src/base/signal.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import type { Origin } from "../../src/pipeline/batch.ts";
import { Batch } from "../../src/pipeline/batch.ts";
import type { ConnectorDefinition } from "../../src/pipeline/component.ts";
import type { Connector, Directed, Wiring } from "../../src/pipeline/connector.ts";
import { ALONE } from "../harness/context.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { admitted, batchBytes, testEngine } from "../harness/engine.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { bareHost } from "../processors/support.ts";

export interface Came {
  readonly pipelines: readonly string[];
  readonly items: number;
  readonly bytes: Uint8Array;
  readonly object: Plain;
  /** It is the very batch that was given. */
  readonly same: boolean;
}

export interface Built {
  readonly connector: Connector;
  readonly engine: Engine;
  readonly counters: Counters;
  readonly log: string[];
  /** What `divide` makes of a request, and checks law 2. */
  divide(this: void, request: Uint8Array | Plain, origin?: Partial<Origin>): Came[];
  total(this: void, name: string, labels?: Readonly<Record<string, string>>): number;
}

export function build<Config>(definition: ConnectorDefinition<Config>, settings: unknown, wiring: Wiring, engine: Engine = testEngine()): Built {
  const counters = new Counters();
  const log: string[] = [];
  const logger = { log: (level: string, message: string, fields: object = {}) => void log.push(`${level} ${message} ${JSON.stringify(fields)}`) };
  const connector = definition.create(definition.schema.parse(settings), { ...ALONE, id: definition.id, engine, counters, host: bareHost, logger }, wiring);
  const total = (name: string, labels: Readonly<Record<string, string>> = {}) => counters.total(name, { connector: definition.id, ...labels });
  const books = { consumed: 0, produced: 0 };
  return {
    connector,
    engine,
    counters,
    log,
    total,
    divide: (request, origin = {}) => {
      if (!("divide" in connector)) throw new Error("Not a divider");
      const batch = batchFor(engine, wiring.from, request, origin);
      try {
        const directed = connector.divide(batch);
        books.consumed += batch.items;
        books.produced += directed.reduce((sum, one) => sum + one.batch.items, 0);
        return directed.map((one) => cameOf(one, batch, engine, wiring.to));
      } finally {
        batch.release();
        expect(engine.pool.blocks).toBe(0);
        expect(books.consumed + total("sluice_connector_created_items")).toBe(
          books.produced + total("sluice_connector_folded_items") + total("sluice_connector_dropped_items"),
        );
      }
    },
  };
}

function cameOf({ batch, pipelines }: Directed, given: Batch, engine: Engine, signal: Signal): Came {
  const bytes = batchBytes(batch);
  const { items } = batch;
  const same = batch === given;
  batch.release();
  const checked = admitted(engine, signal, bytes);
  expect(checked).toMatchObject({ items, unchanged: true });
  checked.chunk.release();
  return { pipelines, items, bytes, same, object: judge(signal).toObject(bytes) };
}

function batchFor(engine: Engine, signal: Signal, request: Uint8Array | Plain, origin: Partial<Origin>): Batch {
  const { chunk, items } = admitted(engine, signal, request instanceof Uint8Array ? request : judge(signal).encode(request));
  return new Batch({ signal, chunks: [chunk], id: "test", items, origin: { receiver: "otlp", peer: "p", tenant: "", arrivedMs: 0, headers: {}, ...origin } });
}

export function attribute(key: string, value: string): Plain {
  return { key, value: { stringValue: value } };
}

/** A span with ids, a name and attributes. */
export function span(name: string, ...attributes: readonly Plain[]): Plain {
  return { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(2), name, ...(attributes.length > 0 && { attributes }) };
}

/** Spans in one scope of one resource. */
export function spansOf(service: string, ...spans: readonly Plain[]): Plain {
  return { resource: { attributes: [attribute("service.name", service)] }, scopeSpans: [{ scope: { name: "test" }, spans }] };
}

/** What a schema says of the settings: `path: message` lines. */
export function faultsOf(schema: z.ZodType, settings: unknown): string[] {
  const parsed = schema.safeParse(settings);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}
