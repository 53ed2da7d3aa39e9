/** The flags of `sluice send <signal>`, with telemetrygen's names as silent aliases where they mean the same. */
import { type Command, Option } from "commander";
import type { SentSignal } from "./content.ts";

/** What commander makes of the flags: text still, nothing checked. */
export interface Flags {
  readonly endpoint?: string;
  readonly insecure?: boolean;
  readonly insecureSkipVerify?: boolean;
  readonly caCert?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly header: readonly string[];
  readonly count?: string;
  readonly duration?: string;
  readonly rate?: string;
  readonly workers?: string;
  readonly batch?: string;
  readonly encoding?: string;
  readonly compression?: string;
  readonly timeout?: string;
  readonly retries?: string;
  readonly service?: string;
  readonly attribute: readonly string[];
  readonly resourceAttribute: readonly string[];
  readonly seed?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** Traces. */
  readonly traces?: string;
  readonly childSpans?: string;
  readonly spanDuration?: string;
  readonly statusCode?: string;
  /** Metrics. */
  readonly metrics?: string;
  readonly metricType?: string;
  readonly metricName?: string;
  readonly aggregationTemporality?: string;
  /** Logs. */
  readonly logs?: string;
  readonly body?: string;
  readonly severityNumber?: string;
  readonly severityText?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  /** telemetrygen's names. */
  readonly otlpEndpoint?: string;
  readonly otlpHttp?: boolean;
  readonly otlpInsecure?: boolean;
  readonly otlpInsecureSkipVerify?: boolean;
  readonly otlpHttpUrlPath?: string;
  readonly otlpHeader: readonly string[];
  readonly otlpAttributes: readonly string[];
  readonly telemetryAttributes: readonly string[];
  readonly batchSize?: string;
  readonly otlpMetricName?: string;
}

const ITEMS: Readonly<Record<SentSignal, string>> = { traces: "spans", metrics: "data points", logs: "log records" };

/** Adds the flags of a signal. */
export function withFlags(command: Command, signal: SentSignal): Command {
  const items = ITEMS[signal];
  command
    .option(
      "-e, --endpoint <url>",
      `where to send: a base URL gets /v1/${signal}, one with a path is used as it is (default: OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318)`,
    )
    .option("-n, --count <number>", `${items} to send in all (default: 100, or without end with --duration)`)
    .option("-d, --duration <time>", "send for so long, for example 30s or 1m30s, or inf; with --count, whichever ends first")
    .option("-r, --rate <number>", `${items} a second, over all workers (default: as fast as they are taken)`)
    .option("-w, --workers <number>", "requests under way at once (default: 1)")
    .option("-b, --batch <number>", `${items} in a request (default: 100, or the rate where that is lower)`);
  if (signal === "traces") traceFlags(command);
  else if (signal === "metrics") metricFlags(command);
  else logFlags(command);
  return commonFlags(command);
}

function commonFlags(command: Command): Command {
  command
    .addOption(many("-a, --attribute <key=value>", "an attribute of every item; true, 5 and 1.5 have their type, quotes make text; may be repeated"))
    .addOption(many("--resource-attribute <key=value>", "an attribute of the resource; may be repeated"))
    .option("--service <name>", "service.name (default: sluice-send)")
    .addOption(many("-H, --header <key=value>", "a header of every request; may be repeated", "those in OTEL_EXPORTER_OTLP_HEADERS"))
    .option("--encoding <proto|json>", "of the body (default: proto)")
    .option("--compression <none|gzip|deflate|zstd>", "of the body (default: none)")
    .option("--timeout <time>", "for one attempt (default: 10s)")
    .option("--retries <number>", "attempts after the first, for what can be sent again (default: 5)")
    .option("--insecure", "http where the endpoint names no scheme (default: https, but for this machine)")
    .option("--insecure-skip-verify", "take any certificate")
    .option("--ca-cert <file>", "the authority that signed the destination's certificate")
    .option("--client-cert <file>", "the certificate to show")
    .option("--client-key <file>", "its key")
    .option("--seed <number>", "the same telemetry again, times apart (default: by chance, told at the end)")
    .option("--json", "print the summary as JSON")
    .option("-q, --quiet", "no progress and no summary: errors and the exit code alone");
  for (const [flags, repeated] of ALIASES) command.addOption((repeated ? many(flags, "") : new Option(flags)).hideHelp());
  return command;
}

/** Flag, and whether it may be repeated. */
const ALIASES: readonly (readonly [flags: string, repeated: boolean])[] = [
  ["--otlp-endpoint <url>", false],
  ["--otlp-http", false],
  ["--otlp-insecure", false],
  ["--otlp-insecure-skip-verify", false],
  ["--otlp-http-url-path <path>", false],
  ["--otlp-header <key=value>", true],
  ["--otlp-attributes <key=value>", true],
  ["--telemetry-attributes <key=value>", true],
  ["--batch-size <number>", false],
];

function traceFlags(command: Command): void {
  command
    .option("--traces <number>", "instead of --count: traces in all, each of one span and its children")
    .option("--child-spans <number>", "children of each trace's first span (default: 2)")
    .option("--span-duration <time>", "of every span (default: varied)")
    .option("--status-code <unset|ok|error>", "of every span (default: varied, 5 % of traces fail)");
}

function metricFlags(command: Command): void {
  command
    .option("--metrics <number>", "the same as --count")
    .option("--metric-type <type>", "gauge, sum, histogram, exponential_histogram, summary, or all (default: all, in turn)")
    .option("--metric-name <name>", "the metric's name; with several types each adds its own behind a dot")
    .option("--aggregation-temporality <delta|cumulative>", "of sums and histograms (default: cumulative)")
    .addOption(new Option("--otlp-metric-name <name>").hideHelp());
}

function logFlags(command: Command): void {
  command
    .option("--logs <number>", "the same as --count")
    .option("--body <text>", "of every record (default: varied)")
    .option("--severity-number <number>", "1 to 24 (default: varied)")
    .option("--severity-text <text>", "(default: the number's name)")
    .option("--trace-id <hex>", "of every record, 32 digits (default: varied, half have none)")
    .option("--span-id <hex>", "of every record, 16 digits");
}

/** An option that may be repeated. */
function many(flags: string, description: string, otherwise = "none"): Option {
  return new Option(flags, description).argParser(collect).default([], otherwise);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
