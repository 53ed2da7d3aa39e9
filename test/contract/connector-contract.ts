/**
 * What every connector must do, called directly and with its boundary crossed by `structuredClone` to an
 * engine of its own, as in another isolate: what it takes and gives is bytes and the ids of pipelines.
 */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Signal } from "../../src/base/signal.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import type { Connector, ConnectorStage, Wiring } from "../../src/pipeline/connector.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { batchFrom, envelopeOf } from "../../src/pipeline/envelope.ts";
import { FanOut } from "../../src/pipeline/fan-out.ts";
import { Junction } from "../../src/pipeline/junction.ts";
import { combineOutcomes, type Outcome } from "../../src/pipeline/outcome.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import { admitted, batchBytes, batchOf, testEngine } from "../harness/engine.ts";
import { leaves } from "../harness/multiset.ts";
import { bareHost } from "../processors/support.ts";

export type Make = (engine: Engine, wiring: Wiring, counters: Counters) => Connector;

export interface Traits {
  readonly pairs: readonly (readonly [from: Signal, to: Signal])[];
  /** Whether every item goes on, once. */
  readonly keeps: boolean;
}

/** The connector in an isolate: everything that crosses is cloned. */
function isolated(make: Make, wiring: Wiring, counters: Counters): { readonly connector: Connector; readonly engine: Engine } {
  const engine = testEngine(8 << 20);
  const inner = make(engine, wiring, counters);
  const stage: ConnectorStage = {
    state: "none",
    async consume(given, emit) {
      const across: typeof emit = async (envelope, pipelines) => structuredClone(await emit(structuredClone(envelope), structuredClone(pipelines)));
      const envelope = structuredClone(given);
      if ("stage" in inner) return structuredClone(await inner.stage.consume(envelope, across));
      const batch = batchFrom(engine, envelope);
      const directed = inner.divide(batch);
      batch.release();
      const sent = directed.map(({ batch: part, pipelines }) => {
        const out = envelopeOf(part);
        part.release();
        return across(out, pipelines);
      });
      return combineOutcomes(await Promise.all(sent));
    },
    drain: async (emit, deadlineMs) => {
      if ("stage" in inner) await inner.stage.drain(emit, deadlineMs);
    },
  };
  return { connector: { stage }, engine };
}

interface Arrived {
  readonly pipeline: string;
  readonly signal: Signal;
  readonly items: number;
  readonly bytes: Uint8Array;
}

/** A junction between nothing and pipelines whose exporters are the test. */
function rig(make: Make, wiring: Wiring, place: "directly" | "isolated", answers: Readonly<Record<string, Outcome>> = {}) {
  const engine = testEngine(8 << 20);
  const counters = new Counters();
  const own = place === "directly" ? { connector: make(engine, wiring, counters), engine } : isolated(make, wiring, counters);
  const junction = new Junction({ id: "c", wiring, connector: own.connector, engine, counters });
  const arrived: Arrived[] = [];
  const pipelines = wiring.pipelines.map((id) => {
    const consume = async (batch: Parameters<Pipeline["consume"]>[0]): Promise<Outcome> => {
      // Exporters answer later: what they were given must still be there.
      await Promise.resolve();
      arrived.push({ pipeline: id, signal: batch.signal, items: batch.items, bytes: batchBytes(batch) });
      return answers[id] ?? { kind: "accepted" };
    };
    const fanOut = new FanOut({
      signal: wiring.to,
      branches: [{ id: `x-${id}`, exporter: { consume } }],
      primary: undefined,
      counters,
      logger: bareHost.logger,
    });
    return new Pipeline({ id, signal: wiring.to, processors: [], fanOut, engine, counters, host: bareHost });
  });
  junction.join(new Map(pipelines.map((pipeline) => [pipeline.id, pipeline])));
  const send = async (items = 24, seed = 1) => {
    const source = payload(wiring.from, { items, seed });
    const batch = batchOf(wiring.from, admitted(engine, wiring.from, source.bytes));
    const outcome = await junction.consume(batch);
    batch.release();
    expect(engine.pool.blocks).toBe(0);
    expect(own.engine.pool.blocks).toBe(0);
    return { outcome, source };
  };
  const total = (name: string) => counters.total(name, { connector: "c", "otel.signal": wiring.from, "otel.signal.output": wiring.to });
  return { send, arrived, junction, counters, total };
}

export function checkConnector(name: string, make: Make, { pairs, keeps }: Traits): void {
  describe.each(["directly", "isolated"] as const)(`${name}, called %s, keeps the connector contract`, (place) => {
    describe.each(pairs)("%s to %s", (from, to) => {
      const wiring: Wiring = { from, to, pipelines: [`${to}/a`, `${to}/b`] };

      it("passes on whole requests of the signal that it gives, to pipelines that it feeds, and lets go of everything", async () => {
        const { send, arrived } = rig(make, wiring, place);
        const { outcome, source } = await send();
        expect(outcome).toEqual({ kind: "accepted" });
        const engine = testEngine(8 << 20);
        for (const one of arrived) {
          expect(one.signal).toBe(to);
          expect(wiring.pipelines).toContain(one.pipeline);
          expect(admitted(engine, to, one.bytes)).toMatchObject({ items: one.items, unchanged: true });
        }
        if (!keeps) return;
        for (const pipeline of new Set(arrived.map((one) => one.pipeline))) {
          const got = arrived.filter((one) => one.pipeline === pipeline).flatMap(({ bytes }) => leaves(to, bytes));
          expect(leaves(from, source.bytes)).toEqual(expect.arrayContaining(got));
        }
        const everything = new Set(arrived.flatMap(({ bytes }) => leaves(to, bytes)));
        expect([...everything].toSorted()).toEqual([...new Set(leaves(from, source.bytes))].toSorted());
      });

      it("balances its books", async () => {
        const { send, total } = rig(make, wiring, place);
        await send(24, 1);
        await send(7, 2);
        expect(total("otelcol_connector_consumed_items")).toBe(31);
        expect(total("otelcol_connector_consumed_items") + total("sluice_connector_created_items")).toBe(
          total("otelcol_connector_produced_items") + total("sluice_connector_folded_items") + total("sluice_connector_dropped_items"),
        );
      });

      it("tells the sender to try again when any pipeline that it fed could not take its own, and never that all is well", async () => {
        const later: Outcome = { kind: "retry", message: "later", afterMs: 5 };
        const { send, arrived } = rig(make, wiring, place, { [`${to}/a`]: later, [`${to}/b`]: later });
        const { outcome } = await send();
        expect(arrived.length).toBeGreaterThan(0);
        expect(outcome).toEqual(later);
      });

      it("lets one pipeline that refuses hurt no other, and counts what it lost", async () => {
        const { send, arrived, counters } = rig(make, wiring, place, { [`${to}/a`]: { kind: "refused", message: "never" } });
        const { outcome } = await send();
        const taken = (id: string) => arrived.filter(({ pipeline }) => pipeline === id).reduce((sum, { items }) => sum + items, 0);
        const others = taken(`${to}/b`);
        expect(outcome.kind).toBe(others > 0 ? "accepted" : "refused");
        if (place === "isolated") return; // There the parts are delivered one by one.
        expect(counters.total("sluice_pipeline_dropped_items", { pipeline: `${to}/a` })).toBe(others > 0 ? taken(`${to}/a`) : 0);
        expect(counters.total("otelcol_exporter_sent_" + ITEMS[to], { exporter: `x-${to}/b` })).toBe(others);
      });

      it("has nothing left after draining", async () => {
        const { junction, arrived } = rig(make, wiring, place);
        await junction.drain(() => 1000);
        expect(arrived).toEqual([]);
      });
    });
  });
}

const ITEMS = { traces: "spans", metrics: "metric_points", logs: "log_records", profiles: "profile_samples" } as const;
