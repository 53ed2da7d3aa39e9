/** What is compared: the same receiver and exporter, and between them the Collector's queue on disk, ours in each mode, or none. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../e2e/gateway.ts";

export interface Contender {
  readonly id: string;
  readonly name: string;
  readonly whose: "collector" | "sluice";
  /** Undefined: no queue. */
  readonly queue?: Queue;
}

export interface Queue {
  readonly durability?: "write_first" | "send_first";
  readonly fsync: boolean;
}

export const CONTENDERS: readonly Contender[] = [
  { id: "collector-fsync", name: "Collector, file_storage, fsync", whose: "collector", queue: { fsync: true } },
  { id: "collector", name: "Collector, file_storage, no fsync", whose: "collector", queue: { fsync: false } },
  { id: "write-first", name: "Sluice, write_first, fsync", whose: "sluice", queue: { durability: "write_first", fsync: true } },
  { id: "write-first-off", name: "Sluice, write_first, no fsync", whose: "sluice", queue: { durability: "write_first", fsync: false } },
  { id: "send-first", name: "Sluice, send_first, fsync", whose: "sluice", queue: { durability: "send_first", fsync: true } },
  { id: "none", name: "Sluice, no queue", whose: "sluice" },
];

export interface Places {
  readonly folder: string;
  readonly port: number;
  /** One exporter each. */
  readonly sinks: readonly string[];
}

/** The configuration in the Collector's words; JSON is YAML. */
export function configOf({ queue, whose }: Contender, { folder, port, sinks }: Places): string {
  const directory = join(folder, "storage");
  mkdirSync(directory, { recursive: true });
  const sending =
    queue === undefined
      ? { enabled: false }
      : { storage: "file_storage", queue_size: 1_000_000, ...(queue.durability === undefined ? {} : { durability: queue.durability }) };
  const exporters = sinks.map((endpoint, index) => [
    `otlp_http/${index}`,
    {
      endpoint,
      compression: "none",
      sending_queue: sending,
      retry_on_failure: queue === undefined ? { enabled: false } : { initial_interval: "100ms", max_interval: "1s", max_elapsed_time: "0s" },
    },
  ]);
  const config = {
    extensions: { file_storage: { directory, fsync: queue?.fsync === true } },
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: Object.fromEntries(exporters),
    service: {
      extensions: whose === "collector" || queue !== undefined ? ["file_storage"] : [],
      telemetry: { metrics: { level: "none" }, logs: { level: "error" } },
      pipelines: { traces: { receivers: ["otlp"], exporters: exporters.map(([id]) => id) } },
    },
  };
  return `${JSON.stringify(config, undefined, 1)}\n`;
}

/** Starts a contender's configuration; `sluice` and `collector` are what starts each. */
export function commandOf(contender: Contender, places: Places, programs: Readonly<Record<Contender["whose"], Command>>): Command {
  const file = join(places.folder, "config.yaml");
  writeFileSync(file, configOf(contender, places));
  const { args, file: program } = programs[contender.whose];
  return { file: program, args: [...args, "--config", file] };
}
