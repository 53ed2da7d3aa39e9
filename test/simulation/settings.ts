/** What a run's gateway is made of, drawn by its seed: the otlp receiver, two rules, two destinations with a queue on one disk. */
import type { Random } from "../../bench/random.ts";
import { otlpHttp } from "../../src/exporters/otlp-http.ts";
import { fileStorage } from "../../src/extensions/file-storage.ts";
import type { GatewayPlan } from "../../src/pipeline/gateway.ts";
import { filter } from "../../src/processors/filter.ts";
import { resource } from "../../src/processors/resource.ts";
import { otlp } from "../../src/receivers/otlp.ts";

export const DURABILITIES = ["send_first", "write_first"] as const;
export type Durability = (typeof DURABILITIES)[number];

export const EXPORTERS = ["otlp_http/first", "otlp_http/second"] as const;

export interface ExporterSections extends Readonly<Record<string, unknown>> {
  readonly sending_queue: Readonly<Record<string, unknown>>;
}

export interface Settings {
  readonly durability: Durability;
  readonly fsync: boolean;
  /** Sections of each exporter, as in the YAML. */
  readonly exporters: readonly ExporterSections[];
  /** Bytes that requests are padded with, at the most: large ones leave the queue's memory. */
  readonly paddingMax: number;
  readonly senders: number;
}

/** `durability` and `fsync`: given, or drawn. */
export function drawSettings(random: Random, given: { readonly durability?: Durability | undefined; readonly fsync?: boolean | undefined }): Settings {
  const durability = random.pick(DURABILITIES);
  const fsync = !random.chance(10);
  const settings = {
    durability: given.durability ?? durability,
    fsync: given.fsync ?? fsync,
    paddingMax: random.chance(15) ? 300_000 : random.chance(30) ? 2000 : 0,
    senders: 1 + random.below(4),
  };
  return { ...settings, exporters: EXPORTERS.map(() => exporterOf(random, settings.durability)) };
}

export function planOf({ exporters, fsync }: Settings): GatewayPlan {
  return {
    extensions: [{ id: "file_storage", definition: fileStorage, config: fileStorage.schema.parse({ directory: "/simulated", fsync }) }],
    receivers: [{ id: "otlp", definition: otlp, config: otlp.schema.parse({ protocols: { http: {} } }) }],
    processors: [
      { id: "filter", definition: filter, config: filter.schema.parse({ trace_conditions: ['span.name == "drop"'] }) },
      { id: "resource", definition: resource, config: resource.schema.parse({ attributes: [{ key: "simulated", value: true, action: "upsert" }] }) },
    ],
    exporters: EXPORTERS.map((id, index) => ({
      id,
      definition: otlpHttp,
      config: otlpHttp.schema.parse({ endpoint: `http://${index}`, ...exporters[index] }),
    })),
    pipelines: [{ id: "traces", signal: "traces", receivers: ["otlp"], processors: ["filter", "resource"], exporters: EXPORTERS }],
  };
}

function exporterOf(random: Random, durability: Durability): ExporterSections {
  const buries = random.chance(40);
  const initialMs = random.pick([100, 500, 2000]);
  return {
    compression: "none",
    timeout: `${random.pick([500, 1000, 3000])}ms`,
    retry_on_failure: { initial_interval: `${initialMs}ms`, max_interval: "4s", max_elapsed_time: buries && random.chance(50) ? "15s" : "0s" },
    sending_queue: {
      storage: "file_storage",
      durability,
      num_consumers: random.pick([1, 2, 4]),
      held_bytes_max: 1 << 20,
      ...random.pick([{ queue_size: 5 }, { queue_size: 1000 }, { queue_size: 1000 }, { sizer: "items", queue_size: 100 }]),
      ...(durability === "send_first" && random.chance(60) ? { send_window: `${random.pick([5, 100, 400])}ms` } : {}),
      ...random.pick([{}, {}, { block_on_overflow: true }, { on_full: "drop_oldest" }, { on_full: "drop_newest" }]),
      ...random.pick([
        {},
        {},
        { batch: { sizer: "items", min_size: 10, max_size: 15, flush_timeout: "200ms" } },
        { batch: { min_size: 0, flush_timeout: "1s" } },
      ]),
    },
    ...(buries ? { dead_letters: { storage: "file_storage" } } : {}),
  };
}
