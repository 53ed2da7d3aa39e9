/**
 * The dead letters of a configuration, and what can be done with them. A letter is removed whole,
 * after its destination has accepted it, so that one that is cut short loses nothing. Each
 * needs memory for itself alone.
 */
import type { Host } from "../../base/host.ts";
import { ITEM_NAMES } from "../../base/signal.ts";
import type { Plan } from "../../config/plan.ts";
import type { KeptLetters } from "../../delivery/dead-letters/letter-store.ts";
import type { Letter } from "../../delivery/durable/keys.ts";
import type { Engine } from "../../otlp/engine.ts";
import { batchFrom } from "../../pipeline/envelope.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import { type Stored, storedFrom } from "../../pipeline/stored.ts";
import { EXIT } from "../configuration.ts";
import { harmless, type Paint, table } from "../terminal.ts";
import { type Filter, letterId } from "./filter.ts";
import { Replayer } from "./replayer.ts";
import { openPlaces } from "./places.ts";

/** For one letter at a time, as it is, as JSON, and compressed. */
const MEMORY_BYTES = 512 << 20;
const CLEAR_LINE = "\r\u001b[K";
const NUMBER = new Intl.NumberFormat("en");

/** What of a stream is needed. */
export interface Stream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

export interface Output {
  readonly out: Stream;
  readonly err: Stream;
  readonly paint: Paint;
  readonly nowMs: () => number;
}

export interface DeskParts {
  readonly plan: Pick<Plan, "exporters">;
  readonly places: readonly KeptLetters[];
  readonly engine: Engine;
  readonly host: Host;
  readonly close: () => Promise<void>;
}

interface Found {
  readonly letter: Letter;
  readonly place: KeptLetters;
}

/** Opens every extension that an exporter's `dead_letters` names. Throws what it says, for example that a running gateway has the file. */
export async function openDesk(plan: Plan): Promise<Desk> {
  const { nodeEngine, nodeHost } = await import("../../runtimes/node.ts");
  const engine = nodeEngine(MEMORY_BYTES);
  const host = nodeHost(engine, { log: "text", level: "warn" });
  return new Desk({ plan, engine, host, ...(await openPlaces(plan, engine, host)) });
}

export class Desk {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  /** One line each, or one JSON document of all. */
  async list(filter: Filter, json: boolean, { nowMs, out, paint }: Output): Promise<number> {
    const found = await this.#find(filter, nowMs());
    if (json) {
      out.write(
        `${JSON.stringify(
          found.map(({ letter }) => factsOf(letter)),
          undefined,
          2,
        )}\n`,
      );
      return EXIT.ok;
    }
    const rows = found.map(({ letter }) => {
      const { atMs, bytes, exporter, items, reason, signal } = letter;
      return [letterId(letter), new Date(atMs).toISOString(), harmless(exporter), signal, String(items), String(bytes), harmless(reason)];
    });
    out.write(table([["id", "time", "exporter", "signal", "items", "bytes", "reason"], ...rows], paint));
    out.write(`\n${paint("bold", countText(found))}\n`);
    return EXIT.ok;
  }

  /** The requests, a line each, on standard output; the facts on standard error, or with `json` around them. */
  async show(filter: Filter, json: boolean, { err, nowMs, out }: Output): Promise<number> {
    let damaged = 0;
    for (const { letter, place } of await this.#find(filter, nowMs())) {
      const stored = await readLetter(this.#parts.engine, place, letter);
      if (stored === undefined) {
        err.write(`${letterId(letter)}: damaged: what is kept of it cannot be read\n`);
        damaged++;
        continue;
      }
      const message = stored.message ?? "";
      const request = this.#jsonOf(stored);
      if (json) out.write(`{"letter":${JSON.stringify({ ...factsOf(letter), message, batchId: stored.envelope.id })},"request":${request}}\n`);
      else {
        err.write(
          `${letterId(letter)} ${new Date(letter.atMs).toISOString()} ${harmless(`${letter.exporter} ${letter.signal} ${letter.reason}: ${message}`)}\n`,
        );
        out.write(`${request}\n`);
      }
    }
    return damaged === 0 ? EXIT.ok : EXIT.failed;
  }

  /** One attempt each, in order; what was accepted, in part too, is removed. */
  async replay(filter: Filter, json: boolean, { err, nowMs, out }: Output): Promise<number> {
    const { engine, host, plan } = this.#parts;
    const found = await this.#find(filter, nowMs());
    const replayer = new Replayer({ plan, engine, host });
    const sum = { letters: 0, accepted: 0, rejected: 0, failed: 0, failures: new Map<string, number>() };
    for (const [index, one] of found.entries()) {
      if (err.isTTY === true) err.write(`${CLEAR_LINE}${index} of ${found.length} letters, ${sum.failed} failed`);
      const { letter, place } = one;
      const stored = await readLetter(this.#parts.engine, place, letter);
      const outcome: Outcome = stored === undefined ? DAMAGED : await replayer.send(letter.exporter, stored.envelope);
      if (outcome.kind === "accepted" || outcome.kind === "partial") {
        const rejected = outcome.kind === "partial" ? Math.min(outcome.rejected, letter.items) : 0;
        sum.letters++;
        sum.accepted += letter.items - rejected;
        sum.rejected += rejected;
        await remove(one);
      } else {
        sum.failed++;
        const why = `${letter.exporter}: ${outcome.message}`;
        sum.failures.set(why, (sum.failures.get(why) ?? 0) + 1);
      }
    }
    if (err.isTTY === true) err.write(CLEAR_LINE);
    await replayer.close();
    const { accepted, failed, failures, letters, rejected } = sum;
    if (json) out.write(`${JSON.stringify({ letters, accepted, rejected, failed, failures: Object.fromEntries(failures) }, undefined, 2)}\n`);
    else {
      out.write(
        `${plural(letters, "letter")} replayed: ${NUMBER.format(accepted)} items accepted, ${NUMBER.format(rejected)} rejected; ${NUMBER.format(failed)} failed and stay\n`,
      );
      for (const [why, count] of failures) err.write(`${harmless(why)} (${plural(count, "letter")})\n`);
    }
    return failed === 0 ? EXIT.ok : EXIT.failed;
  }

  /** With `yes` it deletes; without, it says how many that would be. */
  async drop(filter: Filter, yes: boolean, json: boolean, { err, nowMs, out }: Output): Promise<number> {
    const found = await this.#find(filter, nowMs());
    if (yes) for (const one of found) await remove(one);
    if (json) out.write(`${JSON.stringify({ letters: found.length, items: itemsOf(found), dropped: yes }, undefined, 2)}\n`);
    else if (yes) out.write(`dropped ${countText(found)}\n`);
    if (!yes) err.write(`Would drop ${countText(found)}: add --yes to do it\n`);
    return yes ? EXIT.ok : EXIT.usage;
  }

  async #find(filter: Filter, nowMs: number): Promise<Found[]> {
    const found: Found[] = [];
    for (const place of this.#parts.places) {
      for await (const letter of place.letters()) if (filter(letter, nowMs)) found.push({ letter, place });
    }
    return found.toSorted((one, other) => one.letter.atMs - other.letter.atMs || (one.letter.seq < other.letter.seq ? -1 : 1));
  }

  #jsonOf({ envelope }: Stored): string {
    const { engine } = this.#parts;
    const batch = batchFrom(engine, envelope);
    try {
      const { block, end, start } = engine.toJson(batch.signal, batch.chunks);
      const text = new TextDecoder().decode(engine.bytes.slice(start, end));
      block.release();
      return text;
    } finally {
      batch.release();
    }
  }
}

const DAMAGED: Outcome = { kind: "refused", message: "what is kept of it cannot be read" };

async function readLetter(engine: Engine, place: KeptLetters, letter: Letter): Promise<Stored | undefined> {
  return storedFrom(engine, await place.read(letter));
}

function remove({ letter, place }: Found): Promise<void> {
  return place.remove([letter]);
}

function factsOf(letter: Letter) {
  const { atMs, bytes, exporter, items, reason, signal } = letter;
  return { id: letterId(letter), time: new Date(atMs).toISOString(), exporter, signal, items, itemName: ITEM_NAMES[signal], bytes, reason };
}

function itemsOf(found: readonly Found[]): number {
  return found.reduce((sum, { letter }) => sum + letter.items, 0);
}

function countText(found: readonly Found[]): string {
  return `${plural(found.length, "letter")}, ${plural(itemsOf(found), "item")}`;
}

function plural(count: number, noun: string): string {
  return `${NUMBER.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}
