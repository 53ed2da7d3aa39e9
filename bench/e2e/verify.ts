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
}

/** What is proved: that this row's work is done behind this port, by the one who says so. */
export interface Claim {
  readonly port: number;
  readonly row: Row;
  /** What User-Agent must hold at the sink. */
  readonly agent: string | undefined;
}

/** Throws when an answer is not 200, items are missing, the work was not done, or another one did it. */
export async function verify(
  { port, row, agent }: Claim,
  sent: readonly Uint8Array[],
  load: WorkerProcess<LoadCommands>,
  sink: WorkerProcess<SinkCommands>,
): Promise<Verified> {
  const delivered: number[] = [];
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
    const arrived = await sink.ask("bodies", undefined);
    differs ||= compare(row, request, arrived);
  }
  await sink.ask("reset", { keepBodies: false });
  return { delivered, differs };
}

function checkCount({ work }: Row, index: number, sent: number, arrived: number): void {
  if (work.effect === "sample" ? arrived >= 0 && arrived <= sent : arrived === sent) return;
  throw new Error(`Cannot verify: request ${index} has ${sent} items, ${arrived} arrived`);
}

/** What differs; throws when the work itself was not done. */
function compare({ work, signal }: Row, request: Uint8Array, arrived: readonly Uint8Array[]): string {
  // Copied to plain arrays: what came through a channel may be a Buffer, and so would all ids be.
  const toObject = (bytes: Uint8Array) => judge(signal).toObject(Uint8Array.from(bytes));
  const objects = arrived.map(toObject);
  if (work.effect === "sample") return "";
  if (objects.length !== 1) return `${objects.length} requests arrived for one`;
  const [object = {}] = objects;
  const bare = work.effect === "stamp" ? withoutStamp(object) : object;
  return isDeepStrictEqual(bare, toObject(request)) ? "" : firstDifference(toObject(request), bare, "");
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

function firstDifference(a: unknown, b: unknown, path: string): string {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return `${path}: ${String(a)} became ${String(b)}`;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [left, right]: unknown[] = [plainOf(a)[key], plainOf(b)[key]];
    if (!isDeepStrictEqual(left, right)) return firstDifference(left, right, `${path}/${key}`);
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
