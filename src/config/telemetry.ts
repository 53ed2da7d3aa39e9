/**
 * `service.telemetry.metrics`, `.resource` and Sluice's own `.health`: the Collector's keys (v0.159, the
 * declarative configuration of OpenTelemetry SDKs 0.3, and headers as 0.2 has them). What is not done is
 * accepted and told, with its line.
 */
import * as z from "zod";
import { duration, headers } from "../pipeline/settings.ts";
import type { Findings } from "./findings.ts";
import { locate, type Path, type TreeNode } from "./tree.ts";

const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 10_000;

const prometheus = z.strictObject({
  host: z.string().describe("Host to listen on, for example localhost."),
  port: z.number().int().min(0).max(65_535).describe("Port to listen on."),
  without_scope_info: z.boolean().nullish().describe("No labels otel_scope_*. Default true."),
  without_type_suffix: z.boolean().nullish().describe("No _total behind counters. Default true."),
  without_units: z.boolean().nullish().describe("No unit behind names. Default true."),
  with_resource_constant_labels: z
    .strictObject({
      included: z.array(z.string()).nullish().describe("Attributes; none: all."),
      excluded: z.array(z.string()).nullish().describe("Attributes that are left out."),
    })
    .nullish()
    .describe("Attributes of the resource as labels of every metric."),
});

const otlp = z.strictObject({
  protocol: z.enum(["http/protobuf", "http/json", "grpc"]).describe("http/protobuf, or Sluice's own http/json."),
  endpoint: z
    .string()
    .refine((text) => URL.canParse(text.includes("://") ? text : `https://${text}`), { error: ({ input }) => `"${String(input)}" is no URL` })
    .describe("URL; without a path it is /v1/metrics."),
  headers: headers().nullish().describe("Headers."),
  headers_list: z.string().nullish().describe("Headers as name=value,name=value; those of `headers` count before them."),
  compression: z.enum(["gzip", "none"]).nullish().describe("gzip or none."),
  timeout: z.number().int().min(0).default(TIMEOUT_MS).describe("Time for a request, ms."),
  insecure: z.boolean().nullish().describe("http:// for an endpoint without a scheme."),
  certificate: z.string().nullish().describe("Path of the certificate authorities, PEM."),
  client_certificate: z.string().nullish().describe("Path of the client's certificate, PEM."),
  client_key: z.string().nullish().describe("Path of its private key, PEM."),
  temporality_preference: z.enum(["cumulative", "delta", "lowmemory"]).nullish().describe("cumulative; others are not in force."),
  default_histogram_aggregation: z.string().nullish().describe("explicit_bucket_histogram; others are not in force."),
});

const reader = z
  .strictObject({
    pull: z
      .strictObject({ exporter: z.strictObject({ prometheus: prometheus.describe("Prometheus asks.") }).describe("Who asks.") })
      .optional()
      .describe("Metrics that are asked for."),
    periodic: z
      .strictObject({
        interval: z.number().int().min(1).default(INTERVAL_MS).describe("Time from one to the next, ms."),
        timeout: z.number().int().min(0).optional().describe("Time for a request, ms, where it is shorter than that of the exporter."),
        exporter: z
          .strictObject({ otlp: otlp.optional().describe("OTLP over HTTP."), console: z.unknown().optional().describe("Not in force.") })
          .describe("Where to."),
      })
      .optional()
      .describe("Metrics that are sent."),
    producers: z.array(z.unknown()).nullish().describe("Not in force."),
  })
  .refine((one) => (one.pull === undefined) !== (one.periodic === undefined), { error: "one of pull and periodic is needed" });

const LEVELS = ["none", "basic", "normal", "detailed"] as const;
const GONE = "the Collector has removed it: write readers: [{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]";

export const telemetryMetrics = z
  .strictObject({
    level: z
      .string()
      .transform((text) => text.toLowerCase())
      .pipe(z.enum(LEVELS))
      .default("normal")
      .describe("none: no metrics of Sluice's own. basic, normal: all but five histograms of sizes. detailed: those, too."),
    readers: z.array(reader).optional().describe("Where they go. Default: Prometheus asks at localhost:8888."),
    address: z.never({ error: GONE }).optional().describe("Removed: use readers."),
    views: z.array(z.unknown()).optional().describe("Not in force."),
  })
  .refine(({ level, readers }) => level === "none" || readers?.length !== 0, {
    path: ["readers"],
    error: "a reader is needed; for none of them write level: none",
  });

const attribute = z.strictObject({ name: z.string(), value: z.unknown(), type: z.string().nullish() });

export const telemetryResource = z
  .object({
    attributes: z.array(attribute).nullish().describe("Attributes as a list of {name, value}."),
    schema_url: z.string().nullish().describe("Schema URL."),
    attributes_list: z.never({ error: "the Collector does not take it either: use attributes" }).optional().describe("Not available."),
    detectors: z.unknown().optional().describe("Not in force."),
    "detection/development": z.unknown().optional().describe("Not in force."),
  })
  .catchall(z.string().nullable())
  .describe("Attributes of Sluice's own telemetry, by name; null takes a default one away.");

export const telemetryHealth = z
  .strictObject({ failing_after: duration().prefault("5m").describe("Time after which a destination that only fails is unhealthy.") })
  .describe("Sluice's own: what /healthz and /readyz go by.");

const NOT_IN_FORCE: readonly (readonly [key: string, is: (value: unknown) => boolean, instead: string])[] = [
  ["producers", () => true, "other producers are not asked"],
  ["periodic.exporter.console", () => true, "own metrics are not printed"],
  ["periodic.exporter.otlp.protocol", (value) => value === "grpc", "own metrics are not pushed over gRPC: use http/protobuf"],
  ["periodic.exporter.otlp.temporality_preference", (value) => value !== "cumulative", "sums count from the start"],
  ["periodic.exporter.otlp.default_histogram_aggregation", (value) => value !== "explicit_bucket_histogram", "histograms have explicit bounds"],
];

/** Warns of what the readers have that is not done. `node` is the section `service`. */
export function warnOfReaders(node: TreeNode, findings: Findings): void {
  const at = ["telemetry", "metrics", "readers"];
  const readers = locate(node, at).node;
  if (readers?.kind !== "list") return;
  readers.items.forEach((one, index) => {
    for (const [key, is, instead] of NOT_IN_FORCE) {
      const found = locate(one, key.split("."));
      if (found.node === undefined || !is(found.node.kind === "scalar" ? found.node.value : undefined)) continue;
      const path: Path = ["service", ...at, index, ...key.split(".")];
      findings.warning(`${["service", ...at].join(".")}[${index}].${key} is not in force: ${instead}`, undefined, found.keyWhere, path);
    }
  });
}
