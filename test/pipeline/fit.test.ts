/**
 * Where batches measured in bytes end, against the Collector's rule written down a second time: over
 * objects, with the sizes that an independent encoder gives.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Signal } from "../../src/base/signal.ts";
import { countsByBytes } from "../../src/pipeline/batching/fit.ts";
import { admitted, testEngine } from "../harness/engine.ts";
import { judge } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { runsHere } from "../harness/runs.ts";

const KEYS = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
} as const;

/** A message as the rule sees it: what it has of its own, and its children, or none when it is an item. */
interface Node {
  readonly own: number;
  readonly children: Node[] | undefined;
  /** Of a metric: what the data has besides its points; undefined elsewhere. */
  readonly data?: number;
}

const varint = (value: number) => Math.max(1, Math.ceil(Math.log2(value + 1) / 7));
const field = (length: number) => 1 + varint(length) + length;

function lengthOf({ children, data, own }: Node): number {
  const inner = (children ?? []).reduce((sum, child) => sum + field(lengthOf(child)), 0);
  return data === undefined ? own + inner : own + field(data + inner);
}

/** The children that fit, taken out of the node; what they were, as a number of items. */
function extract(children: Node[], capacity: number): number {
  let left = capacity;
  let items = 0;
  for (let child = children[0]; child !== undefined && left > 0; child = children[0]) {
    const size = field(lengthOf(child));
    if (size <= left) {
      left -= size;
      items += itemsIn(child);
      children.shift();
      continue;
    }
    if (child.children === undefined) break;
    items += extract(child.children, left - (field(left) - left) - child.own - (child.data === undefined ? 0 : 2 + child.data));
    break;
  }
  return items;
}

function itemsIn({ children }: Node): number {
  return children === undefined ? 1 : children.reduce((sum, child) => sum + itemsIn(child), 0);
}

function dropFirst(children: Node[]): void {
  for (let first = children[0]; first !== undefined; first = children[0]) {
    if (first.children === undefined) return void children.shift();
    if (itemsIn(first) === 0) children.shift();
    else return dropFirst(first.children);
  }
}

function treeOf(signal: "traces" | "metrics" | "logs", bytes: Uint8Array): Node[] {
  const [groups, scopes, items] = KEYS[signal];
  const encode = (object: object) => judge(signal).encode(object as never).length; // one message of the judge's own
  const group = (inside: object) => encode({ [groups]: [inside] });
  const bare = (length: number) => lengthBehind(length);
  const object = judge(signal).toObject(bytes);
  return list(object, groups).map((resource) => ({
    own: bare(group({ ...resource, [scopes]: [] })),
    children: list(resource, scopes).map((scope) => ({
      own: bare(bare(group({ [scopes]: [{ ...scope, [items]: [] }] }))),
      children: list(scope, items).map((item) => {
        const alone = (one: object) => bare(bare(bare(group({ [scopes]: [{ [items]: [one] }] }))));
        if (signal !== "metrics") return { own: alone(item), children: undefined };
        const shape = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"].find((name) => item[name] !== undefined) ?? "gauge";
        const data = item[shape] as Readonly<Record<string, unknown>>; // the judge's object
        const inside = bare(alone({ [shape]: { ...data, dataPoints: [] } }));
        return {
          own: alone({ ...item, [shape]: { ...data, dataPoints: [] } }) - field(inside),
          data: inside,
          children: list(data, "dataPoints").map((point) => ({
            own: bare(bare(alone({ [shape]: { dataPoints: [point] } }))),
            children: undefined,
          })),
        };
      }),
    })),
  }));
}

/** The length of what a field holds, of the field's. */
function lengthBehind(length: number): number {
  for (let bytes = 1; bytes <= 5; bytes++) if (varint(length - 1 - bytes) === bytes) return length - 1 - bytes;
  return 0;
}

describe.each<Signal>(["traces", "metrics", "logs"])("%s", (signal) => {
  it("ends messages where the Collector's rule does", () => {
    const engine = testEngine(16 << 20);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.nat(1000),
        fc.integer({ min: 100, max: 12_000 }),
        fc.integer({ min: 0, max: 12_000 }),
        (items, seed, max, less) => {
          if (signal === "profiles") return;
          const { bytes } = payload(signal, { items, seed, resources: 1 + (seed % 4) });
          const { chunk } = admitted(engine, signal, bytes);
          const first = Math.max(0, max - less);
          const counts = countsByBytes(engine, signal, chunk, first, max);
          chunk.release();
          const tree = treeOf(signal, bytes);
          const expected: number[] = [];
          for (let capacity = first; tree.some((node) => itemsIn(node) > 0); capacity = max) {
            let count = extract(tree, capacity);
            if (count === 0 && (expected.length > 0 || first === max)) {
              dropFirst(tree);
              count = 1;
            }
            expected.push(count);
          }
          expect(counts).toEqual(expected);
        },
      ),
      { numRuns: runsHere(150), seed: 5 },
    );
    expect(engine.pool.blocks).toBe(0);
  });
});
