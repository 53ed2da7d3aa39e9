/**
 * Before anything is timed, every gateway shows that it does the work: each recorded request once, by
 * itself, and what then lies at the sink is decoded independently. The item counts found here are
 * what the timed rounds must deliver.
 */
import { isDeepStrictEqual } from "node:util";
import { judge, type Plain } from "../../test/harness/judge.ts";
import { countItems } from "./count-items.ts";
import type { LoadCommands } from "./load.ts";
import type { SinkCommands } from "./sink.ts";
import type { WorkerProcess } from "./worker.ts";
import { type Row, STAMP } from "./works.ts";

/** Requests whose content is compared in full; all of them are counted. */
const COMPARED = 4;

export interface Verified {
  /** Items delivered for each request of the rotation. */
  readonly delivered: readonly number[];
  /** What differs from the request beyond the work itself: empty, or one line. */
  readonly differs: string;
  /** What arrived of the requests that are compared, decoded. */
  readonly made: readonly (readonly Plain[])[];
}

/** What is proved: that this row's work is done behind this port, by the one who says so. */
export interface Claim {
  readonly port: number;
  readonly row: Row;
  /** What User-Agent must hold at the sink. */
  readonly agent: string | undefined;
  /** What another gateway made of the same requests: what rules do is judged by it. */
  readonly expected?: Verified | undefined;
}

/** Throws when an answer is not 200, items are missing, the work was not done, or another one did it. */
export async function verify(
  { port, row, agent, expected }: Claim,
  sent: readonly Uint8Array[],
  load: WorkerProcess<LoadCommands>,
  sink: WorkerProcess<SinkCommands>,
): Promise<Verified> {
  const delivered: number[] = [];
  const made: (readonly Plain[])[] = [];
  let differs = "";
  for (const [index, request] of sent.entries()) {
    await sink.ask("reset", { keepBodies: index < COMPARED });
    const answer = await load.ask("single", { port, index });
    if (!answer.startsWith("HTTP/1.1 200")) throw new Error(`Cannot verify: request ${index} was answered "${answer}"`);
    const { items, agent: said } = await sink.ask("count", undefined);
    if (agent !== undefined && items > 0 && !said.includes(agent)) throw new Error(`Cannot verify: "${said}" sent it on, not ${agent}`);
    checkCount(row, index, countItems(row.signal, request), items);
    delivered.push(items);
    if (index >= COMPARED) continue;
    // Copied to plain arrays: what came through a channel may be a Buffer, and so would all ids be.
    const objects = (await sink.ask("bodies", undefined)).map((bytes) => judge(row.signal).toObject(Uint8Array.from(bytes)));
    made.push(objects);
    differs ||= row.work.effect === "rules" ? firstDifference(settled(expected?.made[index] ?? objects), settled(objects), "") : compare(row, request, objects);
  }
  await sink.ask("reset", { keepBodies: false });
  const other = expected === undefined ? undefined : delivered.findIndex((items, index) => items !== expected.delivered[index]);
  if (other !== undefined && other >= 0)
    throw new Error(`Cannot verify: of request ${other} ${delivered[other]} items arrived, not ${expected?.delivered[other]}`);
  return { delivered, differs, made };
}

function checkCount({ work }: Row, index: number, sent: number, arrived: number): void {
  if (work.effect === "sample" || work.effect === "rules" ? arrived >= 0 && arrived <= sent : arrived === sent) return;
  throw new Error(`Cannot verify: request ${index} has ${sent} items, ${arrived} arrived`);
}

/** What differs; throws when the work itself was not done. */
function compare({ work, signal }: Row, request: Uint8Array, objects: readonly Plain[]): string {
  if (work.effect === "sample") return "";
  if (objects.length !== 1) return `${objects.length} requests arrived for one`;
  const [object = {}] = objects;
  const bare = work.effect === "stamp" ? withoutStamp(object) : object;
  return firstDifference(judge(signal).toObject(Uint8Array.from(request)), bare, "");
}

/** Every resource without the attribute that the work put there. */
function withoutStamp(object: Plain): Plain {
  return Object.fromEntries(Object.entries(object).map(([key, groups]) => [key, listOf(groups).map(withoutStampInGroup)]));
}

function withoutStampInGroup(group: Plain): Plain {
  const resource = plainOf(group["resource"]);
  const attributes = listOf(resource["attributes"]);
  const left = attributes.filter(({ key, value }) => key !== STAMP.key || plainOf(value)["stringValue"] !== STAMP.value);
  if (left.length !== attributes.length - 1) throw new Error(`Cannot verify: a resource has ${attributes.length - left.length} stamps`);
  return { ...group, resource: { ...resource, attributes: left } };
}

/** Without fields that are empty, which the Collector writes where they were absent, and with attributes by key: removing one moves its last. */
function settled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(settled).toSorted((a, b) => compareKeys(plainOf(a)["key"], plainOf(b)["key"]));
  if (!isPlain(value) || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, settled(inner)] as const);
  return Object.fromEntries(entries.filter(([, inner]) => !isEmpty(inner)));
}

/** What has no key stays where it is. */
function compareKeys(a: unknown, b: unknown): number {
  return typeof a === "string" && typeof b === "string" && a !== b ? (a < b ? -1 : 1) : 0;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  return value === "" || (isPlain(value) && Object.keys(value).length === 0);
}

/** Empty when there is none. */
function firstDifference(a: unknown, b: unknown, path: string): string {
  if (isDeepStrictEqual(a, b)) return "";
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return `${path}: ${String(a)} became ${String(b)}`;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = firstDifference(plainOf(a)[key], plainOf(b)[key], `${path}/${key}`);
    if (found !== "") return found;
  }
  return `${path}: not the same kind of value`;
}

function plainOf(value: unknown): Plain {
  return isPlain(value) ? value : {};
}

/** The judge's objects are plain throughout. */
function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null;
}

function listOf(value: unknown): readonly Plain[] {
  return Array.isArray(value) ? value.map(plainOf) : [];
}
