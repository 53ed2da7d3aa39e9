/**
 * Every metric of Sluice's own: what it is called, what it counts, in what unit, under which labels.
 * docs/observability.md is made from it, and `scripts/generate-metrics-page.ts --check` holds it against
 * the names in the code. Names that begin with `otelcol_` are the Collector's, and mean what they mean
 * there; `sluice_` is what it lacks.
 */
import { ITEM_NAMES, type Signal, SIGNALS } from "../../base/signal.ts";

/** `counter` only grows; `updown` is a sum that also shrinks; `gauge` is a value that is not summed; `histogram` is how values are spread. */
export type MetricKind = "counter" | "updown" | "gauge" | "histogram";

export interface Metric {
  readonly name: string;
  readonly kind: MetricKind;
  /** UCUM: `s`, `By`, or what is counted in braces. */
  readonly unit: string;
  /** One sentence without full stop. */
  readonly description: string;
  readonly labels: readonly string[];
  /** At `level: detailed` alone. */
  readonly detailed?: true;
}

/** What the Collector calls one item of a signal in its units. */
const UNITS: Readonly<Record<Signal, string>> = { traces: "{span}", metrics: "{datapoint}", logs: "{record}", profiles: "{sample}" };

const PROCESSOR = ["processor", "otel.signal"];
const CONNECTOR = ["connector", "otel.signal", "otel.signal.output"];
const QUEUE = ["exporter", "data_type"];
const ENDPOINT = ["exporter", "endpoint"];

/** Every metric, in the order in which people read them. */
export const METRICS: readonly Metric[] = [
  ...items("otelcol_receiver_accepted", "that the pipelines took", ["receiver", "transport"]),
  ...items("otelcol_receiver_refused", "that the pipelines did not take: the sender was told", ["receiver", "transport"]),
  ...items("otelcol_receiver_failed", "that were cut at the door: their own content was not valid", ["receiver", "transport"]),
  counter("otelcol_receiver_requests", "{request}", "Requests by outcome: success, refused by the pipelines, failure before them", [
    "receiver",
    "transport",
    "otel.signal",
    "outcome",
  ]),

  counter("otelcol_processor_incoming_items", "{item}", "Items that a processor was given", PROCESSOR),
  counter("otelcol_processor_outgoing_items", "{item}", "Items that a processor passed on", PROCESSOR),
  histogram(
    "otelcol_processor_internal_duration",
    "s",
    "Time that a processor took for a batch; several that share a walk are one, with commas between their ids",
    PROCESSOR,
  ),
  counter("sluice_processor_created_items", "{item}", "Items that a processor made", PROCESSOR),
  counter("sluice_processor_folded_items", "{item}", "Items that a processor put into others", PROCESSOR),
  counter("sluice_processor_dropped_items", "{item}", "Items that a processor dropped, by reason", [...PROCESSOR, "reason"]),
  updown("sluice_processor_held_items", "{item}", "Items that a processor holds", PROCESSOR),
  updown("sluice_processor_held_bytes", "By", "Bytes of what a processor holds", PROCESSOR),
  counter("sluice_processor_refused_items", "{item}", "Items that a processor did not take, by reason: the sender was told", [...PROCESSOR, "reason"]),
  counter("sluice_processor_refused_requests", "{request}", "Requests that a processor did not take, by reason: the sender was told", [...PROCESSOR, "reason"]),
  updown("sluice_processor_state_entries", "{entry}", "Entries in a processor's memory", PROCESSOR),
  updown("sluice_processor_state_bytes", "By", "Bytes of a processor's memory", PROCESSOR),
  counter("otelcol_processor_batch_batch_size_trigger_send", "{time}", "Batches sent because they had the wanted size", PROCESSOR),
  counter("otelcol_processor_batch_timeout_trigger_send", "{time}", "Batches sent because their time was over", PROCESSOR),
  counter("sluice_processor_batch_bytes_trigger_send", "{time}", "Batches sent because of their bytes", PROCESSOR),
  histogram("otelcol_processor_batch_batch_send_size", "{unit}", "Items of the batches that were sent", PROCESSOR),
  detailed(histogram("otelcol_processor_batch_batch_send_size_bytes", "By", "Bytes of the batches that were sent", PROCESSOR)),
  updown("otelcol_processor_batch_metadata_cardinality", "{combination}", "Combinations of metadata values that were seen", PROCESSOR),
  ...(["traces", "logs"] as const).map((signal) =>
    counter(
      `otelcol_processor_probabilistic_sampler_count_${signal}_sampled`,
      UNITS[signal],
      `${titled(signal)} by policy and by whether the sampler kept them`,
      ["processor", "policy", "sampled"],
    ),
  ),
  counter("sluice_processor_faulty_items", "{item}", "Items that a sampler could not judge, by reason", [...PROCESSOR, "reason"]),
  counter("otelcol_cumulativetodelta_datapoints", "{datapoint}", "Data points that were converted", [...PROCESSOR, "metric_type"]),
  counter("otelcol_cumulativetodelta_datapoints_dropped", "{datapoint}", "Data points that were dropped, by reason", [...PROCESSOR, "metric_type", "reason"]),
  updown("otelcol_cumulativetodelta_streams_tracked", "{dps}", "Streams that are followed", PROCESSOR),
  ...(["spans", "logs", "metrics"] as const).flatMap((counted) => [
    counter(`otelcol_processor_groupbyattrs_num_grouped_${counted}`, "1", `${titled(counted)} whose attributes moved to their resource`, ["processor"]),
    counter(`otelcol_processor_groupbyattrs_num_non_grouped_${counted}`, "1", `${titled(counted)} that had none of the attributes`, ["processor"]),
  ]),

  counter("otelcol_connector_consumed_items", "{item}", "Items that a connector was given", CONNECTOR),
  counter("otelcol_connector_produced_items", "{item}", "Items that a connector passed on", CONNECTOR),
  counter("sluice_connector_created_items", "{item}", "Items that a connector made", CONNECTOR),
  counter("sluice_connector_folded_items", "{item}", "Items that a connector put into others", CONNECTOR),
  counter("sluice_connector_dropped_items", "{item}", "Items that a connector dropped, by reason", [...CONNECTOR, "reason"]),
  counter("sluice_connector_undelivered_items", "{item}", "Items that nothing behind a connector took, and of which no sender heard", [
    "connector",
    "otel.signal",
    "reason",
  ]),
  counter("sluice_pipeline_dropped_items", "{item}", "Items that a pipeline's destinations refused while another pipeline took them", ["pipeline", "reason"]),

  ...items("otelcol_exporter_sent", "that the destination accepted", ["exporter"]),
  ...items("otelcol_exporter_send_failed", "that could not be sent", ["exporter"]),
  ...items("otelcol_exporter_enqueue_failed", "that found no room in the queue", ["exporter"]),
  ...items("sluice_exporter_offered", "that were offered to the destination's queue", ["exporter"]),
  ...items("sluice_exporter_returned", "of which the sender was told that they failed", ["exporter"], "updown"),
  ...items("sluice_exporter_queued", "that wait or are under way", ["exporter"], "updown"),
  ...items("sluice_exporter_dropped", "that the destination will not have, by reason", ["exporter", "reason"]),
  ...items("sluice_exporter_restored", "that were found in the storage at the start, or that a broker handed out", ["exporter"]),
  ...items("sluice_exporter_published", "that a broker keeps, for whichever gateway takes them up", ["exporter"]),
  ...items("sluice_exporter_dead", "that were parked as dead letters", ["exporter"]),
  ...items("sluice_exporter_repeated", "that came again with an Idempotency-Key and were not sent again", ["exporter"]),
  ...items("sluice_duplicate", "that a destination had accepted when the sender was told to send them again", ["exporter", "connector"]),
  { ...updown("otelcol_exporter_queue_size", "{batch}", "What the queue holds, in units of its sizer", QUEUE), kind: "gauge" },
  { ...updown("otelcol_exporter_queue_capacity", "{batch}", "What the queue can hold, in units of its sizer", QUEUE), kind: "gauge" },
  detailed(histogram("otelcol_exporter_enqueue_size", "{unit}", "Items of the requests that were offered to the queue", QUEUE)),
  detailed(histogram("otelcol_exporter_enqueue_size_bytes", "By", "Bytes of the requests that were offered to the queue", QUEUE)),
  detailed(histogram("otelcol_exporter_queue_batch_send_size", "{unit}", "Items of the batches that left the queue, where it makes batches", QUEUE)),
  detailed(histogram("otelcol_exporter_queue_batch_send_size_bytes", "By", "Bytes of the batches that left the queue, where it makes batches", QUEUE)),
  updown("sluice_exporter_queue_bytes", "By", "Bytes that the queue holds in memory", QUEUE),
  updown("otelcol_exporter_in_flight_requests", "{request}", "Batches under way, waits between attempts included", QUEUE),
  updown("sluice_exporter_stored_bytes", "By", "Bytes that wait in the storage", QUEUE),
  {
    ...updown("sluice_exporter_oldest_arrival_seconds", "s", "When the oldest of what waits in the storage arrived, since 1970; 0: nothing waits", QUEUE),
    kind: "gauge",
  },
  { ...updown("sluice_exporter_late", "1", "1 while the destination is late: what comes is written at once", QUEUE), kind: "gauge" },
  updown("sluice_exporter_unclaimed_entries", "{batch}", "What the storage has for an exporter that is not configured any more", QUEUE),
  updown("sluice_exporter_unclaimed_bytes", "By", "Bytes of what the storage has for an exporter that is not configured any more", QUEUE),
  counter("sluice_exporter_store_failures", "{commit}", "Commits to the storage that failed", QUEUE),
  updown("sluice_dead_letters", "{letter}", "Dead letters that are kept", ["exporter"]),
  updown("sluice_dead_letters_bytes", "By", "Bytes of the dead letters that are kept", ["exporter"]),
  counter("sluice_dead_letters_failures", "{letter}", "Dead letters that could not be kept", ["exporter"]),
  counter("sluice_dead_letters_dropped_items", "{item}", "Items of dead letters that were dropped, by reason", ["exporter", "reason"]),
  counter("sluice_storage_sweep_failures", "{time}", "Times that what is not needed any more, a body or a dead letter, could not be removed", []),
  counter("sluice_exporter_retries", "{attempt}", "Attempts that were made again, by reason", [...QUEUE, "reason"]),
  counter("sluice_exporter_divided_batches", "{batch}", "Batches that were divided because the destination found them too large", QUEUE),
  { ...updown("sluice_exporter_breaker_state", "1", "The circuit breaker: 0 closed, 1 half-open, 2 open", ["exporter"]), kind: "gauge" },
  counter("sluice_exporter_breaker_opened", "{time}", "Times that the circuit breaker opened", ["exporter"]),
  counter("sluice_exporter_breaker_rejected", "{request}", "Attempts that the circuit breaker did not let through", ["exporter"]),
  counter("sluice_exporter_rate_limited", "{request}", "Attempts that had to wait for the rate limit, or were told to come later", ["exporter"]),
  { ...updown("sluice_exporter_concurrency_limit", "{request}", "Attempts that may be under way at a time", ["exporter"]), kind: "gauge" },
  updown("sluice_exporter_concurrency_in_flight", "{request}", "Attempts that are under way", ["exporter"]),
  counter("sluice_exporter_endpoint_requests", "{request}", "Attempts at an endpoint, by outcome", [...ENDPOINT, "outcome"]),
  updown("sluice_exporter_endpoint_in_flight", "{request}", "Attempts under way at an endpoint", ENDPOINT),
  { ...updown("sluice_exporter_endpoint_in_service", "1", "1 while an endpoint is in service, 0 while it is ejected", ENDPOINT), kind: "gauge" },
  counter("sluice_exporter_endpoint_ejections", "{time}", "Times that an endpoint was ejected", ENDPOINT),
  {
    ...updown("sluice_connector_failover_level_state", "1", "1 for the level that is used, 0 for the others", ["connector", "otel.signal", "level"]),
    kind: "gauge",
  },

  gauge("sluice_component_healthy", "1", "1 while a component does its work, 0 while it does not", ["component"]),
  gauge("sluice_ready", "1", "1 while the gateway is ready, as /readyz says", []),
  gauge("sluice_memory_capacity_bytes", "By", "Memory for requests in flight", []),
  gauge("sluice_memory_used_bytes", "By", "Memory that requests in flight hold", []),
  gauge("sluice_memory_peak_bytes", "By", "The most that requests in flight ever held", []),
  gauge("sluice_memory_blocks", "{block}", "Blocks of memory that are held", []),
  counter("sluice_telemetry_pushes", "{request}", "Requests with these metrics that were pushed, by outcome", ["reader", "outcome"]),
  counter("otelcol_process_uptime", "s", "Time since the process started", []),
  counter("otelcol_process_cpu_seconds", "s", "Time on the processor, in user and in system mode", []),
  gauge("sluice_process_timers", "{timer}", "Timers that keep the process alive; not on Bun, which does not tell", []),
  gauge("sluice_process_handles", "{handle}", "Sockets, files and requests that keep the process alive; not on Bun, which does not tell", []),
  gauge("otelcol_process_memory_rss", "By", "Physical memory of the process", []),
  gauge("otelcol_process_runtime_heap_alloc_bytes", "By", "Memory of the JavaScript heap that is in use", []),
  gauge("otelcol_process_runtime_total_sys_memory_bytes", "By", "Memory that the runtime has for its heap and for what lies beside it", []),
];

const BY_NAME: ReadonlyMap<string, Metric> = new Map(METRICS.map((metric) => [metric.name, metric]));

/** What is known of a name. One that the table lacks, a defect that `--check` finds, is a gauge that nobody describes. */
export function metricOf(name: string): Metric {
  return BY_NAME.get(name) ?? { name, kind: "gauge", unit: "", description: "", labels: [] };
}

/** A metric for each signal: `<name>_spans` and so on. */
function items(name: string, what: string, labels: readonly string[], kind: MetricKind = "counter"): Metric[] {
  return SIGNALS.map((signal) => {
    const counted = ITEM_NAMES[signal];
    return { name: `${name}_${counted}`, kind, unit: UNITS[signal], description: `${titled(counted.replace("_", " "))} ${what}`, labels };
  });
}

function titled(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function counter(name: string, unit: string, description: string, labels: readonly string[]): Metric {
  return { name, kind: "counter", unit, description, labels };
}

function updown(name: string, unit: string, description: string, labels: readonly string[]): Metric {
  return { name, kind: "updown", unit, description, labels };
}

function histogram(name: string, unit: string, description: string, labels: readonly string[]): Metric {
  return { name, kind: "histogram", unit, description, labels };
}

function detailed(metric: Metric): Metric {
  return { ...metric, detailed: true };
}

function gauge(name: string, unit: string, description: string, labels: readonly string[]): Metric {
  return { name, kind: "gauge", unit, description, labels };
}
