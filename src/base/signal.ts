/** The four signals of OpenTelemetry, in the order in which the kernel numbers them. */
export const SIGNALS = ["traces", "metrics", "logs", "profiles"] as const;

export type Signal = (typeof SIGNALS)[number];

/** What a signal's items are called in counters and messages: `otelcol_exporter_sent_spans` and so on. */
export const ITEM_NAMES: Readonly<Record<Signal, string>> = {
  traces: "spans",
  metrics: "metric_points",
  logs: "log_records",
  profiles: "profile_samples",
};

/** The kernel's number of a signal. */
export function signalNumber(signal: Signal): number {
  return SIGNALS.indexOf(signal);
}
