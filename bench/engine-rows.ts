/** The rows of the engine-alone bench: what ours does, what the rival does, and the proof that both give the same. */
import { isDeepStrictEqual } from "node:util";
import { type Signal, signalNumber } from "../src/base/signal.ts";
import type { Block } from "../src/base/pool.ts";
import type { Engine } from "../src/otlp/engine.ts";
import type { Batch } from "../src/pipeline/batch.ts";
import type { Run } from "../src/pipeline/run.ts";
import { probabilisticSampler } from "../src/processors/probabilistic-sampler.ts";
import { judge } from "../test/harness/judge.ts";
import { bytesOf, place, runOf, runOfSteps } from "./bench-engine.ts";
import { countItems } from "./e2e/count-items.ts";
import { attributesRun, REMOVED, ruleKeys, rulesRun, STAMP, stampRun, tenthStep } from "./engine-works.ts";
import * as rival from "./rival-protobufjs.ts";

/** Both do request `index` of the rotation and return a number that depends on the result. */
export interface Prepared {
  ours(index: number): number;
  theirs(index: number): number;
  /** Throws when the two do not give the same on request `index`. */
  compare(index: number): void;
  /** Plain copy of what ours reads. */
  copy(index: number): number;
  release(): void;
}

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly against: string;
  readonly signal: Signal;
  /** Ratio that the project asks for; undefined: for information. */
  readonly target: number | undefined;
  prepare(engine: Engine, rotation: readonly Uint8Array[]): Prepared;
}

export const ROWS: readonly Row[] = [
  {
    id: "sample",
    title: "ratio sample 10 %, the rule alone",
    against: "decode, filter, encode",
    signal: "traces",
    target: 150,
    prepare: (engine, rotation) => edited(engine, rotation, runOfSteps(engine, "traces", [tenthStep()]), (bytes) => rival.keepTenth(bytes, false)),
  },
  {
    id: "sampler",
    title: "probabilistic_sampler, equalizing 10 %, threshold written to the trace state",
    against: "decode, filter, set, encode",
    signal: "traces",
    target: undefined,
    prepare: (engine, rotation) =>
      edited(
        engine,
        rotation,
        runOf(engine, "traces", probabilisticSampler, {
          mode: "equalizing",
          sampling_percentage: 10,
        }),
        (bytes) => rival.keepTenth(bytes, true),
      ),
  },
  {
    id: "upsert",
    title: "resource attribute upsert, laid out as one body",
    against: "decode, set, encode",
    signal: "traces",
    target: 250,
    prepare: (engine, rotation) => edited(engine, rotation, stampRun(engine), stamped, true),
  },
  {
    id: "upsert-pieces",
    title: "resource attribute upsert, as pieces for a gathered write (no byte of a span is read)",
    against: "decode, set, encode",
    signal: "traces",
    target: undefined,
    prepare: (engine, rotation) => edited(engine, rotation, stampRun(engine), stamped),
  },
  {
    id: "attributes",
    title: "attributes: delete two, insert one, every span, laid out as one body",
    against: "decode, edit, encode",
    signal: "traces",
    target: 40,
    prepare: (engine, rotation) => edited(engine, rotation, attributesRun(engine), (bytes) => rival.editSpans(bytes, REMOVED, [STAMP.key], STAMP.value), true),
  },
  ...[1, 3, 5, 10].map(rulesRow),
  checkRow("traces", 30),
  checkRow("metrics", 20),
  checkRow("logs", 30),
  {
    id: "to-json",
    title: "protobuf to JSON",
    against: "decode, JSON.stringify",
    signal: "traces",
    target: 8,
    prepare: toJson,
  },
  {
    id: "from-json",
    title: "JSON to protobuf",
    against: "JSON.parse, encode",
    signal: "traces",
    target: 4,
    prepare: fromJson,
  },
];

/** So many rules on every span, fused: walk and apply alone. */
function rulesRow(rules: number): Row {
  return {
    id: `rules-${rules}`,
    title: `${rules} attribute ${rules === 1 ? "rule" : "rules"} on every span, walk and apply alone`,
    against: "decode, set, encode",
    signal: "traces",
    target: undefined,
    prepare: (engine, rotation) => edited(engine, rotation, rulesRun(engine, rules), (bytes) => rival.editSpans(bytes, [], ruleKeys(rules), STAMP.value)),
  };
}

function stamped(bytes: Uint8Array): Uint8Array {
  return rival.upsertResource(bytes, STAMP.key, STAMP.value);
}

function edited(engine: Engine, rotation: readonly Uint8Array[], run: Run, theirs: (bytes: Uint8Array) => Uint8Array, layOut = false): Prepared {
  const batches = rotation.map((bytes) => place(engine, "traces", bytes));
  const oursOf = (index: number): Batch => {
    const made = run.run(at(batches, index));
    if (layOut) for (const chunk of made.chunks) chunk.contiguous(engine.pool);
    return made;
  };
  return {
    ours: (index) => {
      const made = oursOf(index);
      const { items } = made;
      made.release();
      return items;
    },
    theirs: (index) => theirs(at(rotation, index)).length,
    compare: (index) => {
      const made = oursOf(index);
      compareMessages("traces", bytesOf(made), theirs(at(rotation, index)));
      made.release();
    },
    copy: copier(engine, rotation),
    release: () => {
      for (const batch of batches) batch.release();
    },
  };
}

function checkRow(signal: Signal, target: number): Row {
  return {
    id: `check-${signal}`,
    title: `whole validation with its tape, ${signal}`,
    against: "decode",
    signal,
    target,
    prepare: (engine, rotation) => {
      const placed = rotation.map((bytes) => put(engine, bytes));
      const check = (index: number): number => {
        const { block, end } = at(placed, index);
        const admission = engine.admit(signal, block.start, end, block.retain());
        if (admission.kind !== "admitted" || !admission.unchanged) throw new TypeError(`Cannot bench: request ${index} is not clean`);
        admission.chunk.release();
        return admission.items;
      };
      return {
        ours: check,
        theirs: (index) => Number(rival.decode(signal, at(rotation, index)) !== undefined),
        compare: (index) => {
          const expected = countItems(signal, at(rotation, index));
          if (check(index) !== expected) throw new TypeError(`Cannot bench: ${check(index)} items found, there are ${expected}`);
        },
        copy: copier(engine, rotation),
        release: () => {
          for (const { block } of placed) block.release();
        },
      };
    },
  };
}

function toJson(engine: Engine, rotation: readonly Uint8Array[]): Prepared {
  const batches = rotation.map((bytes) => place(engine, "traces", bytes));
  return {
    ours: (index) => {
      const { block, start, end } = engine.toJson("traces", at(batches, index).chunks);
      block.release();
      return end - start;
    },
    theirs: (index) => rival.toJson(at(rotation, index)).length,
    compare: (index) => {
      const { block, start, end } = engine.toJson("traces", at(batches, index).chunks);
      const ours = parse(engine.bytes.slice(start, end));
      block.release();
      mustEqual(ours, parse(rival.toJson(at(rotation, index))));
    },
    copy: copier(engine, rotation),
    release: () => {
      for (const batch of batches) batch.release();
    },
  };
}

function fromJson(engine: Engine, rotation: readonly Uint8Array[]): Prepared {
  const texts = rotation.map((bytes) => rival.toJson(bytes));
  const placed = texts.map((text) => put(engine, text));
  const target = take(engine, Math.max(...texts.map(({ length }) => length)));
  const convert = (index: number): number => {
    const { block, end } = at(placed, index);
    const written = engine.kernel.readJson(signalNumber("traces"), block.start, end, target.start, target.end);
    if (written < 0) throw new TypeError(`Cannot bench: the kernel's JSON reader answered ${written}`);
    return written;
  };
  return {
    ours: convert,
    theirs: (index) => rival.fromJson(at(texts, index)).length,
    compare: (index) => {
      const written = convert(index);
      compareMessages("traces", engine.bytes.slice(target.start, target.start + written), rival.fromJson(at(texts, index)));
    },
    copy: copier(engine, texts),
    release: () => {
      target.release();
      for (const { block } of placed) block.release();
    },
  };
}

/** The floor: the requests, from places of their own, into one buffer. */
function copier(engine: Engine, rotation: readonly Uint8Array[]): (index: number) => number {
  const target = new Uint8Array(Math.max(...rotation.map(({ length }) => length)));
  return (index) => {
    target.set(at(rotation, index));
    return target[engine.kernel.heapBase % target.length] ?? 0;
  };
}

function put(engine: Engine, bytes: Uint8Array): { readonly block: Block; readonly end: number } {
  const block = take(engine, bytes.length);
  engine.bytes.set(bytes, block.start);
  return { block, end: block.start + bytes.length };
}

function take(engine: Engine, size: number): Block {
  const block = engine.pool.take(size);
  if (block === undefined) throw new RangeError("Cannot bench: the memory is full");
  return block;
}

function compareMessages(signal: Signal, ours: Uint8Array, theirs: Uint8Array): void {
  const { toObject } = judge(signal);
  // As the same kind of array: protobufjs gives parts of what it read.
  mustEqual(toObject(Uint8Array.from(ours)), toObject(Uint8Array.from(theirs)));
}

function mustEqual(ours: unknown, theirs: unknown): void {
  if (!isDeepStrictEqual(ours, theirs)) throw new TypeError("Cannot bench: the results differ");
}

function parse(text: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(text));
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new RangeError(`Cannot bench: there is no request ${index}`);
  return found;
}
