/**
 * Prints batches one after the other, the Collector's text. Whatever happens the batch counts as
 * accepted: printing is for people, and nobody sends again because a line is missing.
 *
 * Limit: no stretch over 20 ms without letting others run. The batch is held until its last line is
 * written.
 */
import { messageOf } from "../../base/errors.ts";
import type { Signal } from "../../base/signal.ts";
import { type Message, messages, readRequest } from "../../otlp/read.ts";
import { GROUP_LEVEL, ITEM_LEVEL, LEVEL_WORD, RECORD_WORDS, type Tape } from "../../otlp/tape.ts";
import type { Batch } from "../../pipeline/batch.ts";
import type { Context, Exporter } from "../../pipeline/component.ts";
import { ACCEPTED, type Outcome } from "../../pipeline/outcome.ts";
import { detailedLogs } from "./detailed-logs.ts";
import { detailedMetrics } from "./detailed-metrics.ts";
import { detailedProfiles } from "./detailed-profiles.ts";
import { detailedTraces } from "./detailed-traces.ts";
import { normalLogs, normalMetrics, normalProfiles, normalTraces } from "./normal.ts";
import { harmless } from "./values.ts";

export type Verbosity = "basic" | "normal" | "detailed";

export interface DebugOptions {
  readonly verbosity: Verbosity;
  /** Batches of a signal that are printed in each second before sampling begins. */
  readonly initial: number;
  /** Of those after them every nth is printed; 0: none. */
  readonly thereafter: number;
  /** Time and component in front of the counts, as in the Collector's own log. */
  readonly prefix: boolean;
}

type Lines = (request: Message) => Generator<string>;

const LINES: Readonly<Record<Exclude<Verbosity, "basic">, Readonly<Record<Signal, Lines>>>> = {
  normal: { traces: normalTraces, metrics: normalMetrics, logs: normalLogs, profiles: normalProfiles },
  detailed: { traces: detailedTraces, metrics: detailedMetrics, logs: detailedLogs, profiles: detailedProfiles },
};

const TITLES: Readonly<Record<Signal, string>> = { traces: "Traces", metrics: "Metrics", logs: "Logs", profiles: "Profiles" };
const WINDOW_MS = 1000;
const STRETCH_MS = 20;
const PIECE_CHARACTERS = 16_384;

interface Window {
  readonly sinceMs: number;
  seen: number;
}

export class DebugExporter implements Exporter {
  readonly #options: DebugOptions;
  readonly #context: Context;
  readonly #windows = new Map<Signal, Window>();
  #last: Promise<void> = Promise.resolve();

  constructor(options: DebugOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  async consume(batch: Batch): Promise<Outcome> {
    if (!this.#admit(batch.signal)) return ACCEPTED;
    batch.retain();
    const before = this.#last;
    this.#last = this.#printAfter(before, batch);
    await this.#last;
    return ACCEPTED;
  }

  async stop(deadlineMs: number): Promise<void> {
    await Promise.race([this.#last, this.#context.host.sleep(deadlineMs)]);
  }

  async #printAfter(before: Promise<void>, batch: Batch): Promise<void> {
    await before;
    try {
      await this.#print(batch);
    } catch (error) {
      this.#context.logger.log("warn", "Cannot print a batch", { exporter: this.#context.id, message: messageOf(error) });
    } finally {
      batch.release();
    }
  }

  async #print(batch: Batch): Promise<void> {
    const { terminal, clock } = this.#context.host;
    const { verbosity } = this.#options;
    terminal.write(`${this.#summary(batch)}\n`);
    if (verbosity === "basic") return;
    let piece = "";
    let sinceMs = clock.monotonicMs();
    for (const chunk of batch.chunks) {
      const { start, end } = chunk.contiguous(this.#context.engine.pool);
      const request = readRequest(batch.signal, this.#context.engine.bytes, start, end);
      for (const line of LINES[verbosity][batch.signal](request)) {
        piece += `${harmless(line)}\n`;
        if (piece.length < PIECE_CHARACTERS) continue;
        terminal.write(piece);
        piece = "";
        if (clock.monotonicMs() - sinceMs < STRETCH_MS) continue;
        await this.#context.host.sleep(0);
        sinceMs = clock.monotonicMs();
      }
    }
    terminal.write(`${piece}\n`);
  }

  /** Title and counts, tab-separated: `Traces\t{"resource spans": 1, "spans": 2}`. */
  #summary(batch: Batch): string {
    const counts = countsOf(batch, this.#context);
    const { id, host } = this.#context;
    if (!this.#options.prefix) return `${TITLES[batch.signal]}\t${fields(counts)}`;
    const all = { "otelcol.component.id": id, "otelcol.component.kind": "exporter", "otelcol.signal": batch.signal, ...counts };
    return `${new Date(host.clock.nowMs()).toISOString()}\tinfo\t${TITLES[batch.signal]}\t${fields(all)}`;
  }

  /** Whether this second has room for a batch of this signal. */
  #admit(signal: Signal): boolean {
    const { initial, thereafter } = this.#options;
    const nowMs = this.#context.host.clock.monotonicMs();
    let window = this.#windows.get(signal);
    if (window === undefined || nowMs - window.sinceMs >= WINDOW_MS) {
      window = { sinceMs: nowMs, seen: 0 };
      this.#windows.set(signal, window);
    }
    window.seen++;
    if (window.seen <= initial) return true;
    return thereafter > 0 && (window.seen - initial) % thereafter === 0;
  }
}

type Counts = Readonly<Record<string, number>>;

function countsOf(batch: Batch, { engine }: Context): Counts {
  if (batch.signal === "profiles") return profileCounts(batch, engine.bytes, (chunk) => chunk.contiguous(engine.pool));
  let groups = 0;
  let items = 0;
  for (const chunk of batch.chunks) {
    const tape = engine.index(batch.signal, chunk, ITEM_LEVEL);
    groups += countLevel(tape, GROUP_LEVEL);
    items += countLevel(tape, ITEM_LEVEL);
  }
  if (batch.signal === "metrics") return { "resource metrics": groups, metrics: items, "data points": batch.items };
  return batch.signal === "traces" ? { "resource spans": groups, spans: items } : { "resource logs": groups, "log records": items };
}

function countLevel({ words, base, count }: Tape, level: number): number {
  let found = 0;
  for (let record = 0; record < count; record++) {
    if (((words[base + record * RECORD_WORDS + LEVEL_WORD] ?? 0) & 0xff) === level) found++;
  }
  return found;
}

function profileCounts(batch: Batch, bytes: Uint8Array, whole: (chunk: Batch["chunks"][number]) => { readonly start: number; readonly end: number }): Counts {
  let groups = 0;
  let samples = 0;
  for (const chunk of batch.chunks) {
    const { start, end } = whole(chunk);
    for (const group of messages(readRequest("profiles", bytes, start, end), "resourceProfiles")) {
      groups++;
      for (const scope of messages(group, "scopeProfiles")) {
        for (const profile of messages(scope, "profiles")) samples += messages(profile, "samples").length;
      }
    }
  }
  return { "resource profiles": groups, "sample records": samples };
}

/** As the Collector writes them: JSON with a blank behind colons and commas. */
function fields(values: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(values).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{${parts.join(", ")}}`;
}
