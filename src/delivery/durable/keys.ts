/**
 * Keys of what delivery stores (docs/delivery.md). Everything that a start has to know of a queue is in
 * its keys, so that it reads no body: they are in order of arrival, and say how many items and bytes.
 *
 *     delivery/session                          how often this storage was opened, and the layout's version
 *     delivery/body/SEQ/ROW                     a batch, in rows of at most 1.8 MB
 *     delivery/queue/EXPORTER/SIGNAL/ENTRY      a destination that still waits for that batch
 *     delivery/progress/EXPORTER/SIGNAL/SEQ     which items of such an entry are over, while others are not
 *     delivery/repeats/EXPORTER/SIGNAL/SEQ      a sender's key that was taken
 *     delivery/dead/EXPORTER/LETTER             a dead letter's first row
 *     delivery/dead-rows/SEQ/ROW                its others
 *
 * SEQ is of 14 hexadecimal digits: the session, then a number of eight digits in it. Limit: 256
 * characters (pipeline/storage.ts), so that a very long exporter's id is cut and has its hash behind it.
 * Among objects a letter is one object under the same key, whose SEQ has 24 digits: time and chance.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { type Signal, SIGNALS } from "../../base/signal.ts";

export const SESSION_KEY = "delivery/session";
export const BODY_PREFIX = "delivery/body/";
export const QUEUE_PREFIX = "delivery/queue/";
export const PROGRESS_PREFIX = "delivery/progress/";
export const DEAD_PREFIX = "delivery/dead/";

const SEQ_DIGITS = 14;
/** SEQ.SIGNAL.REASON.ITEMS.BYTES.ROWS.TIME */
const LETTER = /^([0-9a-f]{14,24})\.([a-z]+)\.(\w+)\.([0-9a-z]+)\.([0-9a-z]+)\.([0-9a-z]+)\.([0-9a-z]+)$/;
/** Numbers of one session. */
export const SESSION_NUMBERS = 2 ** 32;
const EXPORTER_CHARACTERS_MAX = 120;
const HASH_CHARACTERS = 16;
const ROW_DIGITS = 4;
const RADIX = 36;

/** What a queue keeps of a batch, as its key says. */
export interface Kept {
  readonly seq: number;
  readonly items: number;
  /** Of its requests. */
  readonly bytes: number;
  /** Rows of its body. */
  readonly rows: number;
  /** Wall clock, ms since 1970. */
  readonly arrivedMs: number;
}

/** A dead letter, as its key says. */
export interface Letter {
  readonly key: string;
  readonly exporter: string;
  /** SEQ, as the key has it: no two letters of one place have the same, and later ones have a larger one. */
  readonly seq: string;
  readonly signal: Signal;
  readonly reason: string;
  readonly items: number;
  readonly bytes: number;
  readonly rows: number;
  /** When it became one, ms since 1970. */
  readonly atMs: number;
}

/** What is known of a letter before it has a place. */
export type LetterFacts = Omit<Letter, "key" | "seq" | "rows">;

/** An exporter's id in keys. */
export function exporterKey(id: string): string {
  const key = encodeURIComponent(id);
  if (key.length <= EXPORTER_CHARACTERS_MAX) return key;
  return `${key.slice(0, EXPORTER_CHARACTERS_MAX)}~${bytesToHex(sha256(new TextEncoder().encode(id))).slice(0, HASH_CHARACTERS)}`;
}

/** The id in a key of `exporterKey`; of one that was cut, what there is of it. */
function exporterIn(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    // Cut within a character.
    return key;
  }
}

/** Where a destination's entries are. */
export function placeOf(exporter: string, signal: Signal): string {
  return `${QUEUE_PREFIX}${exporterKey(exporter)}/${signal}/`;
}

/** Whose place it is. */
export function ownerOf(place: string): { readonly exporter: string; readonly signal: string } {
  const [exporter = "", signal = ""] = place.slice(QUEUE_PREFIX.length).split("/");
  return { exporter: exporterIn(exporter), signal };
}

/** Where the senders' keys are that a destination has taken. */
export function repeatsPlaceOf(exporter: string, signal: Signal): string {
  return `delivery/repeats/${exporterKey(exporter)}/${signal}/`;
}

export function seqKey(seq: number): string {
  return seq.toString(16).padStart(SEQ_DIGITS, "0");
}

export function bodyKey(seq: number, row: number): string {
  return `${BODY_PREFIX}${seqKey(seq)}/${rowKey(row)}`;
}

/** The number of the body that a row belongs to. */
export function seqOfBody(key: string): number {
  return Number.parseInt(key.slice(BODY_PREFIX.length, BODY_PREFIX.length + SEQ_DIGITS), 16);
}

export function entryKey(place: string, { arrivedMs, bytes, items, rows, seq }: Kept): string {
  return `${place}${seqKey(seq)}.${numbers(items, bytes, rows, arrivedMs)}`;
}

/** Where it is noted what of an entry is over. */
export function progressKey(place: string, seq: number): string {
  return `${PROGRESS_PREFIX}${place.slice(QUEUE_PREFIX.length)}${seqKey(seq)}`;
}

/** The entry and its place; undefined for a key that is none. */
export function readEntryKey(key: string): { readonly place: string; readonly kept: Kept } | undefined {
  const cut = key.lastIndexOf("/") + 1;
  const [seq, ...rest] = key.slice(cut).split(".");
  const [items, bytes, rows, arrivedMs] = rest.map((text) => Number.parseInt(text, RADIX));
  const kept = { seq: Number.parseInt(seq ?? "", 16), items: items ?? NaN, bytes: bytes ?? NaN, rows: rows ?? NaN, arrivedMs: arrivedMs ?? NaN };
  return Object.values(kept).every(Number.isSafeInteger) ? { place: key.slice(0, cut), kept } : undefined;
}

export function letterKey({ atMs, bytes, exporter, items, reason, rows, seq, signal }: Omit<Letter, "key">): string {
  return `${DEAD_PREFIX}${exporterKey(exporter)}/${seq}.${signal}.${reason}.${numbers(items, bytes, rows, atMs)}`;
}

/** `exporter` is as the key has it; undefined for a key that is none. */
export function readLetterKey(key: string): Letter | undefined {
  const [exporter = "", name = "", ...more] = key.slice(DEAD_PREFIX.length).split("/");
  const [, seq = "", signalText, reason = "", ...rest] = LETTER.exec(name) ?? [];
  const [items = NaN, bytes = NaN, rows = NaN, atMs = NaN] = rest.map((text) => Number.parseInt(text, RADIX));
  const signal = SIGNALS.find((one) => one === signalText);
  if (exporter === "" || signal === undefined || more.length > 0 || ![items, bytes, rows, atMs].every(Number.isSafeInteger)) return undefined;
  return { key, exporter: exporterIn(exporter), seq, signal, reason, items, bytes, rows, atMs };
}

/** All keys of a letter. */
export function letterKeys({ key, rows, seq }: Letter): string[] {
  return [key, ...Array.from({ length: rows - 1 }, (_, index) => deadRowKey(seq, index + 1))];
}

export function deadRowKey(seq: string, row: number): string {
  return `delivery/dead-rows/${seq}/${rowKey(row)}`;
}

function rowKey(row: number): string {
  return String(row).padStart(ROW_DIGITS, "0");
}

function numbers(...values: readonly number[]): string {
  return values.map((value) => value.toString(RADIX)).join(".");
}
