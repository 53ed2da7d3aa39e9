/**
 * The thread of a storage: SQLite waits for the disk in it, and nobody else does. Whatever arrived while
 * one transaction was under way is the next one.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { OpenStorageOptions } from "../../../base/host.ts";
import { freeCopied } from "../copy.ts";
import { Database } from "./database.ts";
import { faultOf } from "./faults.ts";
import { OPENED, pathOf, reservePathOf, type Question, type Reply } from "./messages.ts";
import { openFile } from "./open.ts";
import { Reserve } from "./reserve.ts";

type Committing = Extract<Question, { kind: "commit" }>;

/** Bytes of one transaction: more would make those that wait for it wait for long. */
const GROUP_BYTES_MAX = 8 << 20;
/** After as long without work the file is put in order. */
const IDLE_MS = 100;

// storage.ts starts this file, and gives it these.
const options: OpenStorageOptions = workerData;
const path = pathOf(options);
let waiting: Committing[] = [];
let idle: ReturnType<typeof setTimeout> | undefined;

function open(): void {
  try {
    const database = new Database(openFile(options), path, new Reserve(reservePathOf(options)));
    parentPort?.on("message", (question: Question) => take(database, question));
    answer([{ id: OPENED }]);
    // Once whatever comes in between: the reserve must be there when it is needed.
    setTimeout(tidy, IDLE_MS, database);
  } catch (error) {
    answer([{ id: OPENED, fault: faultOf(error, "open", path) }]);
  }
}

function take(database: Database, question: Question): void {
  clearTimeout(idle);
  if (question.kind !== "close") idle = setTimeout(tidy, IDLE_MS, database);
  if (question.kind !== "commit") {
    // Whoever asks now sees what was committed before.
    commitAll(database);
    answer([replyTo(database, question)]);
  } else if (waiting.push(question) === 1) {
    // Those that have arrived, too, come first.
    setImmediate(commitAll, database);
  }
}

function commitAll(database: Database): void {
  const all = waiting;
  waiting = [];
  for (let start = 0; start < all.length;) {
    const group = all.slice(start, endOfGroup(all, start));
    start += group.length;
    const faults = database.commit(group);
    for (const { buffers } of group) for (const buffer of buffers) freeCopied(new Uint8Array(buffer));
    answer(group.map(({ id }, index) => ({ id, fault: faults[index] })));
  }
}

function endOfGroup(all: readonly Committing[], start: number): number {
  let end = start;
  let bytes = 0;
  do bytes += all[end++]?.bytes ?? 0;
  while (end < all.length && bytes + (all[end]?.bytes ?? 0) <= GROUP_BYTES_MAX);
  return end;
}

function replyTo(database: Database, question: Exclude<Question, Committing>): Reply {
  const { id } = question;
  try {
    if (question.kind === "get") return { id, value: database.get(question.key) };
    if (question.kind === "list") return { id, value: database.list(question.prefix, question.limit, question.after) };
    database.close();
    return { id };
  } catch (error) {
    return { id, fault: faultOf(error, question.kind === "close" ? "close" : "read", path) };
  }
}

/** What keeps the file in order. In steps, so that whoever comes in between waits for one of them at the most. */
function tidy(database: Database): void {
  try {
    if (database.tidy()) idle = setTimeout(tidy, 0, database);
  } catch {
    // The file stays as long as it is. If the disk is to blame, the next commit says so.
  }
}

function answer(replies: readonly Reply[]): void {
  const values = replies.flatMap(({ value }) =>
    value instanceof Uint8Array && value.buffer instanceof ArrayBuffer && value.length === value.buffer.byteLength ? [value.buffer] : [],
  );
  parentPort?.postMessage(replies, values);
}

open();
