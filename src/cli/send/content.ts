/**
 * What is sent: the options that shape the telemetry, and the way from them to bytes. A generator
 * writes valid requests by construction: ids are never zero, ends are never before starts, text is
 * UTF-8, attribute keys occur once.
 */
import type { Attribute } from "./attributes.ts";
import type { Random } from "./random.ts";

/** The signals that can be made up. */
export const SENT_SIGNALS = ["traces", "metrics", "logs"] as const;

export type SentSignal = (typeof SENT_SIGNALS)[number];

export const SHAPES = ["gauge", "sum", "histogram", "exponential_histogram", "summary"] as const;

export type Shape = (typeof SHAPES)[number];

/** Numbers of `Status.code` (OTLP, trace.proto). */
export const STATUS_CODES = { unset: 0, ok: 1, error: 2 } as const;

/** Numbers of `AggregationTemporality`. */
export const TEMPORALITIES = { delta: 1, cumulative: 2 } as const;

export interface Content {
  readonly signal: SentSignal;
  readonly seed: number;
  readonly service: string;
  /** Stand in place of generated ones with the same key. */
  readonly resourceAttributes: readonly Attribute[];
  readonly attributes: readonly Attribute[];
  readonly childSpans: number;
  /** Undefined: varied. */
  readonly spanDurationMs: number | undefined;
  /** Undefined: varied. */
  readonly statusCode: number | undefined;
  readonly shapes: readonly Shape[];
  readonly metricName: string | undefined;
  readonly temporality: number;
  readonly body: string | undefined;
  readonly severityNumber: number | undefined;
  readonly severityText: string | undefined;
  readonly traceId: Uint8Array | undefined;
  readonly spanId: Uint8Array | undefined;
}

/** Makes requests, one after the other; what a request leaves open (a trace) the next one ends. */
export interface Generator {
  /** One export request with exactly `items` spans, data points or log records. */
  request(items: number): Uint8Array<ArrayBuffer>;
}

const NANOS_A_MS = 1_000_000;

/** The time now in nanoseconds, with chance below the millisecond that clocks tell. */
export function nanosOf(nowMs: number, random: Random): bigint {
  return BigInt(Math.floor(nowMs)) * BigInt(NANOS_A_MS) + BigInt(random.below(NANOS_A_MS));
}
