/** The gateway of a soak: much of what there is, with times short enough that all of it happens. */
import { NAMES, REPEATED_BODY } from "./items.ts";

/** Each is `otlp_http/<name>`. `memory` gives up what is too old, the others keep it as a dead letter. */
export const DESTINATIONS = ["memory", "write_first", "send_first"] as const;
export type DestinationName = (typeof DESTINATIONS)[number];

/** A body's limit. */
export const BODY_BYTES_MAX = 1 << 20;
/** For a whole request, and for its head, ms. */
export const READ_TIMEOUT_MS = 3000;
export const HEAD_TIMEOUT_MS = 2000;

/** For an attempt, ms. */
export const TIMEOUT_MS = 5000;

export interface Configuration {
  /** Of the storage. */
  readonly directory: string;
  readonly urls: Readonly<Record<DestinationName, string>>;
}

/** What follows what in a pipeline of a signal; the processors that hold are stages of their own. */
export const PROCESSORS = {
  traces: ["filter", "attributes", "transform", "probabilistic_sampler"],
  metrics: ["filter", "attributes", "transform", "cumulative_to_delta", "interval", "batch/metrics"],
  logs: ["filter", "attributes", "transform", "log_dedup", "batch/logs"],
  profiles: [],
} as const;

/** Connections that are not used end soon, so that none is left when the run looks for them. */
const IDLE = "2s";

export function configuration({ directory, urls }: Configuration): string {
  const common = `timeout: ${TIMEOUT_MS}ms, idle_conn_timeout: ${IDLE}, circuit_breaker: {open_time: 200ms, max_open_time: 1s}`;
  const letters = "dead_letters: {storage: file_storage}";
  const pipelines = Object.entries(PROCESSORS).map(
    ([signal, processors]) => `    ${signal}: {receivers: [otlp], processors: [${processors.join(", ")}], exporters: [${DESTINATIONS.map(idOf).join(", ")}]}`,
  );
  return `
extensions:
  file_storage: {directory: ${JSON.stringify(directory)}, fsync: true}
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:0
        max_request_body_size: ${BODY_BYTES_MAX}
        read_timeout: ${READ_TIMEOUT_MS}ms
        read_header_timeout: ${HEAD_TIMEOUT_MS}ms
        idle_timeout: ${IDLE}
processors:
  filter:
    trace_conditions: ['span.name == "${NAMES.dropped}"']
    metric_conditions: ['metric.name == "${NAMES.dropped}"']
    log_conditions: ['log.severity_text == "${NAMES.dropped}"']
  attributes: {actions: [{key: soak, value: true, action: upsert}, {key: user, action: hash}]}
  transform:
    trace_statements: ['set(span.attributes["method"], "GET") where IsMatch(span.name, "^GET ")']
    metric_statements: ['set(metric.description, "soak") where metric.name == "${NAMES.gauge}"']
    log_statements: ['set(log.severity_text, "INFO") where log.severity_number == SEVERITY_NUMBER_INFO']
  probabilistic_sampler: {mode: proportional, sampling_percentage: 50}
  cumulative_to_delta: {include: {metrics: [${NAMES.differences}], match_type: strict}, initial_value: keep, max_staleness: 5m}
  interval: {interval: 1s, pass_through: {gauge: true}}
  log_dedup: {interval: 1s, conditions: ['log.body == "${REPEATED_BODY}"']}
  batch/metrics: {timeout: 300ms, send_batch_size: 100, send_batch_max_size: 150}
  batch/logs: {timeout: 300ms, send_batch_size: 100, send_batch_max_size: 150}
exporters:
  otlp_http/memory:
    {${common}, compression: gzip, load_balancing: {endpoints: ["${urls.memory}/a", "${urls.memory}/b"]}, retry_on_failure: {initial_interval: 100ms, max_interval: 1s, max_elapsed_time: 8s}, sending_queue: {queue_size: 12}}
  otlp_http/write_first:
    {${common}, endpoint: "${urls.write_first}", encoding: json, compression: zstd, concurrency: {max: 20}, ${letters}, retry_on_failure: {initial_interval: 100ms, max_interval: 1s, max_elapsed_time: 0}, sending_queue: {storage: file_storage, durability: write_first, queue_size: 100000, batch: {min_size: 100, max_size: 400, flush_timeout: 100ms}}}
  otlp_http/send_first:
    {${common}, endpoint: "${urls.send_first}", compression: none, rate_limit: {requests_per_second: 500}, ${letters}, retry_on_failure: {initial_interval: 100ms, max_interval: 1s, max_elapsed_time: 15s}, sending_queue: {storage: file_storage, durability: send_first, send_window: 500ms, queue_size: 100000}}
service:
  extensions: [file_storage]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}}
  pipelines:
${pipelines.join("\n")}
`;
}

/** The exporter's id. */
export function idOf(name: DestinationName): string {
  return `otlp_http/${name}`;
}
