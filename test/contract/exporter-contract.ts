/**
 * The contract of an exporter, which each passes: it answers with an outcome and never throws, holds
 * the batch while it reads it and no longer, takes no items it does not have, and can be stopped twice.
 */
import { expect } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Host } from "../../src/base/host.ts";
import type { Signal } from "../../src/base/signal.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import { Batch } from "../../src/pipeline/batch.ts";
import type { Context, Exporter } from "../../src/pipeline/component.ts";
import { ALONE } from "../harness/context.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { hostEngine, hostOver } from "../harness/host.ts";
import { until } from "./sinks.ts";

export interface Bench extends Context {
  readonly log: string[];
  /** A batch of so many items, held by the caller. */
  batch(signal: Signal, items: number, seed?: number): Batch;
}

/** What a component needs, over a small poisoned pool. */
export function bench(id: string, replaced: Partial<Host> = {}, engine: Engine = hostEngine(64 << 20)): Bench {
  const log: string[] = [];
  const host = { ...hostOver(engine, (line) => log.push(line)), ...replaced };
  return {
    ...ALONE,
    id,
    host,
    engine,
    logger: host.logger,
    counters: new Counters(),
    log,
    batch(signal, items, seed = 1) {
      const { bytes } = payload(signal, { items, seed });
      const block = engine.pool.take(bytes.length);
      if (block === undefined) throw new Error("The test's pool is full");
      engine.bytes.set(bytes, block.start);
      const admission = engine.admit(signal, block.start, block.start + bytes.length, block);
      if (admission.kind !== "admitted") throw new Error(admission.message);
      return new Batch({
        signal,
        chunks: [admission.chunk],
        id: `t-${seed}`,
        items: admission.items,
        origin: { receiver: "otlp", peer: "p", tenant: "", arrivedMs: 0, headers: {} },
      });
    },
  };
}

/** Runs the contract for an exporter that can reach its destination (`expected` accepted) or cannot. */
export async function checkExporterContract(exporter: Exporter, on: Bench, signals: readonly Signal[]): Promise<void> {
  const { pool } = on.engine;
  for (const signal of signals) {
    const batches = [1, 10, 300].map((items, index) => on.batch(signal, items, index + 1));
    const outcomes = await Promise.all(
      batches.map(async (batch) => {
        const running = exporter.consume(batch);
        // The pipeline lets go as soon as it may: from here on the exporter's own hold must do.
        batch.release();
        const outcome = await running;
        return { outcome, items: batch.items };
      }),
    );
    for (const { outcome, items } of outcomes) {
      expect(["accepted", "partial", "retry", "refused"]).toContain(outcome.kind);
      if (outcome.kind === "partial") expect(outcome.rejected).toBeLessThanOrEqual(items);
      if (outcome.kind === "retry" || outcome.kind === "refused") expect(outcome.message).not.toBe("");
      expect(structuredClone(outcome)).toEqual(outcome);
    }
    await until(() => pool.blocks === 0, `${signal}: every block is given back`);
  }
  await exporter.stop(1000);
  await exporter.stop(1000);
}
