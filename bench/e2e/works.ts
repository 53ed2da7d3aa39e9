/** What the gateways are asked to do. A new row here is measured with every gateway that can do it. */
import type { Signal } from "../../src/base/signal.ts";
import type { Plain } from "../../test/harness/judge.ts";

export type Coding = "none" | "gzip" | "zstd";

export interface Work {
  readonly id: string;
  readonly summary: string;
  readonly signal: Signal;
  readonly codingIn: Coding;
  readonly codingOut: Coding;
  /** Processors as the Collector's YAML has them, each a key and its settings. */
  readonly processors: Readonly<Record<string, Plain>>;
  /** What must have happened to what arrives. */
  readonly effect: "none" | "stamp" | "sample";
  /** Whether a proxy that only copies can stand beside it as a floor. */
  readonly copyFloor: boolean;
}

export const STAMP = { key: "sluice.bench", value: "end to end" } as const;

const UPSERT = { resource: { attributes: [{ ...STAMP, action: "upsert" }] } };
const KEEP_TENTH = { probabilistic_sampler: { sampling_percentage: 10 } };

export const WORKS: readonly Work[] = [
  {
    id: "plain-upsert",
    summary: "plain in, resource upsert, plain out",
    signal: "traces",
    codingIn: "none",
    codingOut: "none",
    processors: UPSERT,
    effect: "stamp",
    copyFloor: true,
  },
  {
    id: "plain-pass",
    summary: "plain in, nothing done, plain out",
    signal: "traces",
    codingIn: "none",
    codingOut: "none",
    processors: {},
    effect: "none",
    copyFloor: true,
  },
  {
    id: "gzip-pass",
    summary: "gzip in, nothing done, gzip out",
    signal: "traces",
    codingIn: "gzip",
    codingOut: "gzip",
    processors: {},
    effect: "none",
    copyFloor: true,
  },
  {
    id: "gzip-upsert",
    summary: "gzip in, resource upsert, gzip out",
    signal: "traces",
    codingIn: "gzip",
    codingOut: "gzip",
    processors: UPSERT,
    effect: "stamp",
    copyFloor: false,
  },
  {
    id: "gzip-keep10",
    summary: "gzip in, keep 10 %, gzip out",
    signal: "traces",
    codingIn: "gzip",
    codingOut: "gzip",
    processors: KEEP_TENTH,
    effect: "sample",
    copyFloor: false,
  },
];

/**
 * The Collector's configuration of a work, which Sluice runs as it is. JSON is YAML. Queue and retry
 * are off, so that an answer means delivered; own telemetry is off where the gateway takes that.
 */
export function collectorConfig(work: Work, port: number, sinkPort: number): string {
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    processors: work.processors,
    exporters: {
      otlp_http: {
        endpoint: `http://127.0.0.1:${sinkPort}`,
        compression: work.codingOut,
        sending_queue: { enabled: false },
        retry_on_failure: { enabled: false },
      },
    },
    service: {
      telemetry: { metrics: { level: "none" }, logs: { level: "error" } },
      pipelines: {
        [work.signal]: {
          receivers: ["otlp"],
          processors: Object.keys(work.processors),
          exporters: ["otlp_http"],
        },
      },
    },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
