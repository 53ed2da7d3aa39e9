/** What exporters that print are tested with: a terminal that remembers, a clock that stands. */
import type { Host, Terminal } from "../../src/base/host.ts";
import type { Context } from "../../src/pipeline/component.ts";
import { ALONE } from "../harness/context.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { testEngine } from "../harness/engine.ts";
import type { Plain } from "../harness/judge.ts";

export interface Printer extends Context {
  /** Everything that was printed. */
  written(): string;
  readonly log: string[];
  /** Moves the clock on. */
  pass(ms: number): void;
}

/** One for all: a printing exporter leaves nothing behind in it. */
const engine = testEngine();
const START_MS = Date.UTC(2026, 10, 21);

export function printer(id: string, terminal: Partial<Pick<Terminal, "colours" | "columns">> = {}): Printer {
  const log: string[] = [];
  let text = "";
  let nowMs = START_MS;
  const logger = { log: (level: string, message: string) => void log.push(`${level} ${message}`) };
  const absent = (): never => {
    throw new Error("Exporters that print need no such thing");
  };
  const host: Host = {
    runtime: "test",
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    random: absent,
    sleep: () => Promise.resolve(),
    logger,
    terminal: { colours: false, columns: 100, ...terminal, write: (written) => void (text += written) },
    codecs: { inflate: absent, compress: absent },
    server: { listen: absent },
    client: absent,
  };
  return { ...ALONE, id, host, engine, logger, counters: new Counters(), written: () => text, log, pass: (ms) => void (nowMs += ms) };
}

const IDS = new Set(["traceId", "spanId", "parentSpanId", "profileId"]);

/** OTLP/JSON as the judge takes it: ids are bytes there. */
export function fromOtlpJson(value: unknown): Plain {
  return convert(value, "") as Plain; // a message stays an object
}

function convert(value: unknown, key: string): unknown {
  if (typeof value === "string" && IDS.has(key)) return Uint8Array.from(value.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  if (Array.isArray(value)) return value.map((item) => convert(item, ""));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, convert(inner, name)]));
}
