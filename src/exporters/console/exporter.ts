/**
 * Prints each batch at once and counts it as accepted, whatever happens: printing is for people.
 * Of a batch no more is read than is printed, so nothing here takes long.
 */
import { messageOf } from "../../base/errors.ts";
import type { Signal } from "../../base/signal.ts";
import { type Message, readRequest } from "../../otlp/read.ts";
import type { Batch } from "../../pipeline/batch.ts";
import type { Context, Exporter } from "../../pipeline/component.ts";
import { ACCEPTED, type Outcome } from "../../pipeline/outcome.ts";
import { logLines } from "./logs.ts";
import { metricLines } from "./metrics.ts";
import { itemsOf, type Page } from "./page.ts";
import { type Line, piece, render } from "./paper.ts";
import { profileLines } from "./profiles.ts";
import { traceLines } from "./traces.ts";
import { counted, type Zone } from "./values.ts";

export interface ConsoleOptions {
  readonly itemsMax: number;
  readonly attributes: "none" | "key" | "all";
  readonly zone: Zone;
}

/** Narrower ones get what fits these. */
const COLUMNS_MIN = 40;
const COLUMNS_MAX = 400;

const NOUNS: Readonly<Record<Signal, string>> = { traces: "span", metrics: "point", logs: "log record", profiles: "profile" };

/** Fields of resources, scopes and items. */
const PLACES = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
  profiles: ["resourceProfiles", "scopeProfiles", "profiles"],
} as const;

export class ConsoleExporter implements Exporter {
  readonly #options: ConsoleOptions;
  readonly #context: Context;
  /** Lines of logs follow one another without a blank; what comes after them begins with one. */
  #afterLines = false;

  constructor(options: ConsoleOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  consume(batch: Batch): Promise<Outcome> {
    batch.retain();
    try {
      this.#print(batch);
    } catch (error) {
      this.#context.logger.log("warn", "Cannot print a batch", { exporter: this.#context.id, message: messageOf(error) });
    } finally {
      batch.release();
    }
    return Promise.resolve(ACCEPTED);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  #print(batch: Batch): void {
    const { engine, host } = this.#context;
    const { terminal, clock } = host;
    const { itemsMax, attributes, zone } = this.#options;
    const columns = Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, terminal.columns));
    const page: Page = { columns, attributes, zone, nowMs: clock.nowMs() };
    let left = itemsMax;
    let text = "";
    for (const chunk of batch.chunks) {
      if (left <= 0) break;
      const { start, end } = chunk.contiguous(engine.pool);
      const lines = linesOf(batch.signal, readRequest(batch.signal, engine.bytes, start, end), left, page);
      let next = lines.next();
      for (; next.done !== true; next = lines.next()) text += `${render(next.value, columns, terminal.colours)}\n`;
      left -= next.value;
    }
    const more = batch.items - (itemsMax - left);
    if (left <= 0 && more > 0) text += `${render([piece(`… and ${counted(more, `more ${NOUNS[batch.signal]}`)}`, "dim")], columns, terminal.colours)}\n`;
    if (text === "") return;
    const lines = batch.signal === "logs" || batch.signal === "profiles";
    terminal.write(this.#afterLines && !lines ? `\n${text}` : text);
    this.#afterLines = lines;
  }
}

/** The lines, and as the result how many items they show. */
function* linesOf(signal: Signal, request: Message, itemsMax: number, page: Page): Generator<Line, number> {
  if (signal === "metrics") return yield* metricLines(request, itemsMax, page);
  const items = itemsOf(request, PLACES[signal], itemsMax);
  if (signal === "traces") yield* traceLines(items, page);
  else if (signal === "logs") yield* logLines(items, page);
  else yield* profileLines(items, request, page);
  return items.length;
}
