/** Rows of requests for the batch processor, and how to tell which items ended up in which batch. Items are numbered through a case. */
import type { Signal } from "../../src/base/signal.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";

export interface BatchRequest {
  readonly items: number;
  /** Resources that they are spread over, in turn by runs of equal length. Default 1. */
  readonly resources?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface BatchCase {
  readonly name: string;
  readonly signal: "traces" | "metrics" | "logs";
  /** As in the YAML. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly requests: readonly BatchRequest[];
}

/** What came of a case: whether each request was taken, and the numbers of the items in each batch, batches by their first. */
export interface BatchRecord {
  readonly taken: readonly boolean[];
  readonly batches: readonly (readonly number[])[];
}

const FOREVER = { timeout: "1h" };
const rows = (...items: readonly number[]): BatchRequest[] => items.map((count, index) => ({ items: count, resources: 1 + (index % 3) }));
const tenants = (...names: readonly (string | undefined)[]): BatchRequest[] =>
  names.map((name, index) => ({ items: index + 1, headers: name === undefined ? {} : { "X-Tenant": name, "X-Other": String(index) } }));
const keys = { ...FOREVER, metadata_keys: ["x-TENANT"] };

export const BATCH_CASES: readonly BatchCase[] = (["traces", "metrics", "logs"] as const).flatMap((signal) => [
  { name: "waits for the end", signal, config: FOREVER, requests: rows(3, 4, 5) },
  { name: "leaves at the size", signal, config: { ...FOREVER, send_batch_size: 10 }, requests: rows(4, 5, 7, 10, 2, 30, 1) },
  { name: "size and limit are one", signal, config: { ...FOREVER, send_batch_size: 10, send_batch_max_size: 10 }, requests: rows(25, 4, 1, 9, 40, 3) },
  { name: "limit above the size", signal, config: { ...FOREVER, send_batch_size: 10, send_batch_max_size: 15 }, requests: rows(32, 9, 17, 8, 15, 16, 45, 2) },
  { name: "batches of one", signal, config: { ...FOREVER, send_batch_size: 1, send_batch_max_size: 1 }, requests: rows(3, 1, 7) },
  { name: "timeout 0", signal, config: { timeout: 0 }, requests: rows(3, 12) },
  { name: "timeout 0 with a limit", signal, config: { timeout: 0, send_batch_size: 5, send_batch_max_size: 7 }, requests: rows(3, 12, 7, 22) },
  { name: "size 0", signal, config: { ...FOREVER, send_batch_size: 0 }, requests: rows(3, 12) },
  { name: "size 0 with a limit", signal, config: { ...FOREVER, send_batch_size: 0, send_batch_max_size: 4 }, requests: rows(3, 12, 9) },
  { name: "by header", signal, config: keys, requests: tenants("a", "b", "a", undefined, "", "b", undefined) },
  { name: "too many combinations", signal, config: { ...keys, metadata_cardinality_limit: 2 }, requests: tenants("a", "b", "c", "a", undefined, "b") },
  { name: "any number of combinations", signal, config: { ...keys, metadata_cardinality_limit: 0 }, requests: tenants("a", "b", "c", "d", "a") },
]);

/** The case's requests as protobuf. */
export function batchBodies({ signal, requests }: BatchCase): Uint8Array<ArrayBuffer>[] {
  let first = 0;
  return requests.map(({ items, resources = 1 }) => {
    const numbers = Array.from({ length: items }, (_, index) => first + index);
    first += items;
    const length = Math.ceil(items / resources);
    const groups = Array.from({ length: resources }, (_, index) => numbers.slice(index * length, (index + 1) * length)).filter((group) => group.length > 0);
    return judge(signal).encode(MESSAGES[signal](groups));
  });
}

/** The numbers of a batch's items, in order. An item with another resource than its own throws. */
export function itemNumbers(signal: Signal, bytes: Uint8Array): number[] {
  const object = judge(signal).toObject(bytes);
  const [groups, scopes] =
    signal === "traces" ? ["resourceSpans", "scopeSpans"] : signal === "metrics" ? ["resourceMetrics", "scopeMetrics"] : ["resourceLogs", "scopeLogs"];
  return list(object, groups).flatMap((group) => {
    const key = JSON.stringify(group["resource"]);
    return list(group, scopes)
      .flatMap(numbersOf)
      .map(({ number, home }) => {
        if (!key.includes(`"${home}"`)) throw new Error(`Item ${number} lies in another resource than its own`);
        return number;
      });
  });
}

const homeOf = (group: readonly number[]) => `home-${group[0]}`;
const resourceOf = (group: readonly number[]): Plain => ({ attributes: [{ key: "home", value: { stringValue: homeOf(group) } }] });

const MESSAGES: Readonly<Record<BatchCase["signal"], (groups: readonly (readonly number[])[]) => Plain>> = {
  traces: (groups) => ({
    resourceSpans: groups.map((group) => ({
      resource: resourceOf(group),
      scopeSpans: [
        { scope: { name: "s" }, spans: group.map((number) => ({ traceId: idOf(16, number), spanId: idOf(8, number), name: `${number} ${homeOf(group)}` })) },
      ],
    })),
  }),
  // Three points a metric, so that a limit falls into one.
  metrics: (groups) => ({
    resourceMetrics: groups.map((group) => ({
      resource: resourceOf(group),
      scopeMetrics: [
        {
          scope: { name: "s" },
          metrics: group.flatMap((_, at) =>
            at % 3 > 0 ? [] : [{ name: "m", gauge: { dataPoints: group.slice(at, at + 3).map((number) => pointOf(number, homeOf(group))) } }],
          ),
        },
      ],
    })),
  }),
  logs: (groups) => ({
    resourceLogs: groups.map((group) => ({
      resource: resourceOf(group),
      scopeLogs: [{ scope: { name: "s" }, logRecords: group.map((number) => ({ body: { stringValue: `${number} ${homeOf(group)}` } })) }],
    })),
  }),
};

function pointOf(number: number, home: string): Plain {
  return { asInt: "1", attributes: [{ key: "k", value: { stringValue: `${number} ${home}` } }] };
}

function idOf(length: number, number: number): Uint8Array {
  const id = new Uint8Array(length).fill(1);
  new DataView(id.buffer).setUint32(length - 4, number + 1);
  return id;
}

/** Every text `<number> <home>` of a scope, in order. */
function numbersOf(scope: Plain): { readonly number: number; readonly home: string }[] {
  return [...JSON.stringify({ ...scope, scope: 0 }).matchAll(/"(\d+) (home-\d+)"/g)].map(([, number, home]) => ({ number: Number(number), home: home ?? "" }));
}
