/** Large batches are walked in slices, between which others have their turn (law 4). */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/base/errors.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import type { Batch } from "../../src/pipeline/batch.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { FanOut } from "../../src/pipeline/fan-out.ts";
import { ACCEPTED } from "../../src/pipeline/outcome.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import { Run } from "../../src/pipeline/run.ts";
import type { Step } from "../../src/pipeline/step.ts";
import { field, join, number } from "../harness/bytes.ts";
import { admitted, batchBytes, batchOf, testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";

/** As in run.ts. */
const RECORDS = 16_384;
const BYTES = 4 << 20;
const SLICE = { records: 10, bytes: Infinity };

const SEVERITY = 2;

/** Log records of five bytes, whose severity is their place. */
function recordsOf(count: number, every = 1): Uint8Array {
  const records: Uint8Array[] = [];
  for (let index = every - 1; index < count; index += every) records.push(field(2, number(SEVERITY, 128 + (index % 10_000))));
  return field(1, field(2, join(...records)));
}

function oddOf(count: number): Uint8Array {
  return recordsOf(count, 2);
}

function batchWith(engine: Engine, count: number): Batch {
  return batchOf("logs", admitted(engine, "logs", recordsOf(count)));
}

function step(parts: Pick<Step, "run"> & Partial<Step>): Step {
  return { component: "odd", level: "item", reads: ["item"], writes: [], drops: true, dropReason: "even", ...parts };
}

/** Keeps the records whose severity is odd. */
function oddStep(): Step {
  return step({ run: ({ item }) => item.varint(SEVERITY) % 2 === 1 });
}

function runOf(engine: Engine, counters = new Counters(), steps = [oddStep()]): Run {
  return new Run(engine, "logs", steps, counters);
}

describe("a walk in slices", () => {
  it("is of batches over 16,384 items, or 4 MiB", () => {
    const engine = testEngine(32 << 20);
    const run = runOf(engine);
    for (const [items, bytes, large] of [
      [RECORDS, 100, false],
      [RECORDS + 1, 100, true],
      [1, BYTES, false],
      [1, BYTES + 1, true],
    ] as const) {
      // A record with a text as long as it takes.
      const shell = field(1, field(2, field(2, field(3, new Uint8Array(bytes).fill(0x61))))).length - bytes;
      const admission = admitted(engine, "logs", field(1, field(2, field(2, field(3, new Uint8Array(bytes - shell).fill(0x61))))));
      expect(admission.chunk.length).toBe(bytes);
      const batch = batchOf("logs", { ...admission, items });
      expect(run.takesTurns(batch), `${items} items, ${bytes} bytes`).toBe(large);
      batch.release();
    }
  });

  it("gives and counts what one in one go does, with a turn after each slice", async () => {
    const engine = testEngine();
    const [counters, others] = [new Counters(), new Counters()];
    const batch = batchWith(engine, 95);
    const whole = runOf(engine, others).run(batch);
    let turns = 0;
    const run = runOf(engine, counters);
    const sliced = await run.runInTurns(batch, async () => void turns++, SLICE);
    // The resource and the scope are records, too.
    expect(turns).toBe(9);
    expect(batchBytes(sliced)).toEqual(batchBytes(whole));
    expect([sliced.items, run.walked, counters.samples()]).toEqual([47, 1, others.samples()]);
    for (const one of [batch, whole, sliced]) one.release();
    expect(engine.pool.blocks).toBe(0);
  });

  it("is of one batch at a time; small ones are walked meanwhile", async () => {
    const engine = testEngine();
    const counters = new Counters();
    const run = runOf(engine, counters);
    const [first, second, small] = [batchWith(engine, 100), batchWith(engine, 60), batchWith(engine, 4)];
    const ends: string[] = [];
    const turn = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const edited = run.run(small);
      if (edited.items === 2) ends.push("small");
      edited.release();
    };
    const ended = async (name: string, batch: Batch) => {
      const edited = await run.runInTurns(batch, turn, SLICE);
      ends.push(`${name}: ${edited.items}`);
      expect(batchBytes(edited)).toEqual(oddOf(batch.items));
      edited.release();
    };
    await Promise.all([ended("first", first), ended("second", second)]);
    expect(ends).toEqual([...Array<string>(10).fill("small"), "first: 50", ...Array<string>(6).fill("small"), "second: 30"]);
    expect(counters.total("otelcol_processor_incoming_items")).toBe(100 + 60 + 16 * 4);
    for (const batch of [first, second, small]) batch.release();
    expect(engine.pool.blocks).toBe(0);
  });

  it("ends where a step fails: nothing is held or counted, and the next one is served", async () => {
    const engine = testEngine();
    const counters = new Counters();
    let calls = 0;
    const fails = step({
      writes: ["item"],
      run: ({ item }) => {
        // What is set lies in a block of the walk's own.
        item.setVarint(SEVERITY, 300);
        if (calls++ === 35) throw new SluiceError("internal", "It fails");
        return calls % 2 === 0;
      },
    });
    const run = runOf(engine, counters, [fails]);
    const batch = batchWith(engine, 100);
    await expect(run.runInTurns(batch, () => Promise.resolve(), SLICE)).rejects.toThrow("It fails");
    expect(counters.samples().filter(({ value }) => value > 0)).toEqual([]);
    expect(engine.pool.blocks).toBe(1);
    const next = await run.runInTurns(batch, () => Promise.resolve(), SLICE);
    expect(next.items).toBe(50);
    next.release();
    batch.release();
    expect(engine.pool.blocks).toBe(0);
  });
});

it("a pipeline lets others have their turn", async () => {
  const engine = testEngine(32 << 20);
  const counters = new Counters();
  const items: number[] = [];
  const exporter = { consume: async (batch: Batch) => (items.push(batch.items), ACCEPTED) };
  const fanOut = new FanOut({ signal: "logs", branches: [{ id: "out", exporter }], primary: undefined, counters, logger: bareHost.logger });
  let turns = 0;
  const host = { clock: bareHost.clock, turn: async () => void turns++ };
  const processors = [{ id: "odd", processor: { steps: [oddStep()] } }];
  const pipeline = new Pipeline({ id: "logs", signal: "logs", processors, fanOut, engine, counters, host });
  for (const count of [RECORDS, 2 * RECORDS]) {
    const batch = batchWith(engine, count);
    expect(await pipeline.consume(batch)).toEqual(ACCEPTED);
    batch.release();
  }
  expect(items).toEqual([RECORDS / 2, RECORDS]);
  expect(turns).toBe(2);
  expect(engine.pool.blocks).toBe(0);
});
