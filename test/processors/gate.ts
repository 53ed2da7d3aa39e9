/** A pipeline that lives through bad requests: what each sender is told, what arrives, what is logged, and that nothing is held. */
import { expect } from "vitest";
import type { Host } from "../../src/base/host.ts";
import type { Signal } from "../../src/base/signal.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import type { Batch } from "../../src/pipeline/batch.ts";
import type { ProcessorDefinition } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { deliver } from "../../src/pipeline/deliver.ts";
import { FanOut } from "../../src/pipeline/fan-out.ts";
import { ACCEPTED, type Outcome } from "../../src/pipeline/outcome.ts";
import { ALONE } from "../harness/context.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import { admitted, batchBytes, batchOf, lentEngine, testEngine } from "../harness/engine.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { bareHost } from "./support.ts";

export type Row = readonly (readonly [definition: ProcessorDefinition<never>, settings: object])[];

export interface Sent {
  readonly outcome: Outcome;
  /** What arrived at the destination; undefined: nothing. */
  readonly bytes: Uint8Array | undefined;
  /** How long everything took, all of it in one synchronous stretch. */
  readonly ms: number;
}

export interface Gate {
  readonly engine: Engine;
  readonly counters: Counters;
  readonly log: string[];
  /** `walked` and `applied` of each walk that there is. */
  walks(): readonly { readonly walked: number; readonly applied: number }[];
  /** Every block was given back when it resolves. */
  send(message: Plain | Uint8Array): Promise<Sent>;
}

/** A processor of a row: its settings are parsed by its own schema. */
export function step<Config>(definition: ProcessorDefinition<Config>, settings: object): Row[number] {
  return [definition as unknown as ProcessorDefinition<never>, settings];
}

export function gateOf(signal: Signal, row: Row, engine: Engine = testEngine(16 << 20), host: Host = bareHost): Gate {
  const counters = new Counters();
  const log: string[] = [];
  const logger = { log: (level: string, message: string) => void log.push(`${level}: ${message}`) };
  const processors = row.map(([definition, settings], index) =>
    definition.create(definition.schema.parse(settings), { ...ALONE, id: `${definition.id}/${index}`, host, engine, logger, counters }, signal),
  );
  const arrived: Uint8Array[] = [];
  const exporter = {
    consume: async (batch: Batch) => {
      arrived.push(batchBytes(batch));
      return ACCEPTED;
    },
  };
  const fanOut = new FanOut({ signal, branches: [{ id: "out", exporter }], primary: undefined, counters: new Counters(), logger });
  const placed = processors.map((processor, index) => ({ id: `${row[index]?.[0].id ?? ""}/${index}`, processor }));
  const pipeline = new Pipeline({ id: signal, signal, processors: placed, fanOut, engine, counters, host });
  return {
    engine,
    counters,
    log,
    walks: () => pipeline.parts.flatMap((part) => (part.kind === "walk" ? [{ walked: part.run.walked, applied: part.run.applied }] : [])),
    send: async (message) => {
      const batch = batchOf(signal, admitted(engine, signal, message instanceof Uint8Array ? message : judge(signal).encode(message)));
      const from = performance.now();
      const outcome = await deliver([{ pipeline, batch }]);
      const ms = performance.now() - from;
      batch.release();
      expect(engine.pool.blocks).toBe(0);
      return { outcome, bytes: arrived.splice(0)[0], ms };
    },
  };
}

/** The next good request comes out as it does from a pipeline that saw nothing before. */
export async function expectWell(gate: Gate, signal: Signal, row: Row, good: Plain): Promise<void> {
  const fresh = await gateOf(signal, row, lentEngine()).send(good);
  const after = await gate.send(good);
  expect(after.outcome).toEqual(ACCEPTED);
  expect(after.bytes).toBeDefined();
  expect(after.bytes).toEqual(fresh.bytes);
}

/** `SLUICE_SHOW_COSTS=1` shows what large requests took: never a reason to fail. */
export function showCost(what: string, ms: number): void {
  if (process.env["SLUICE_SHOW_COSTS"] !== undefined) console.log(`${what}: ${ms.toFixed(0)} ms`);
}
