/** From `service.telemetry`, parsed, to what is served and sent. Throws `config` for what only shows now. */
import { randomUUID } from "node:crypto";
import { VERSION } from "../../../base/version.ts";
import type { TelemetryConfig } from "../../../config/service.ts";
import type { Plain } from "../../../otlp/any-value.ts";
import type { Labels } from "../../../pipeline/counters.ts";
import type { TextOptions } from "../../../pipeline/metrics/prometheus.ts";

type Metrics = TelemetryConfig["metrics"];
type Reader = NonNullable<Metrics["readers"]>[number];
type Prometheus = NonNullable<Reader["pull"]>["exporter"]["prometheus"];
type Periodic = NonNullable<Reader["periodic"]>;
type Otlp = NonNullable<Periodic["exporter"]["otlp"]>;

/** One address that Prometheus asks. */
export interface Scrape {
  /** The path of its settings, for messages. */
  readonly key: string;
  readonly hostname: string;
  readonly port: number;
  /** Nobody asked for it: that its port is taken stops nothing. */
  readonly byDefault: boolean;
  readonly text: Omit<TextOptions, "format" | "resource">;
}

/** One destination that is told. */
export interface Push {
  readonly key: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly url: string;
  readonly encoding: "proto" | "json";
  readonly compression: "gzip" | "none";
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: { readonly ca_file?: string; readonly cert_file?: string; readonly key_file?: string };
}

export interface OwnResource {
  readonly attributes: ReadonlyMap<string, Plain>;
  readonly schemaUrl: string;
}

const METRICS_KEY = "service.telemetry.metrics";
/** The Collector's. */
const BY_DEFAULT: Prometheus = { host: "localhost", port: 8888 };

/** The Collector's default attributes, then what is configured; null takes one away. */
export function resourceOf({ attributes, schema_url: schemaUrl, ...named }: TelemetryConfig["resource"]): OwnResource {
  const made = new Map<string, Plain>([
    ["service.name", "sluice"],
    ["service.version", VERSION],
    ["service.instance.id", randomUUID()],
  ]);
  for (const [key, value] of Object.entries(named)) {
    if (key === "detectors" || key === "detection/development") continue;
    if (typeof value === "string") made.set(key, value);
    else made.delete(key);
  }
  for (const { name, value } of attributes ?? []) made.set(name, plainOf(value));
  return { attributes: made, schemaUrl: schemaUrl ?? "" };
}

/** A value of YAML as an attribute's: integers are integers, lists are lists. */
function plainOf(value: unknown): Plain {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return value;
  if (Array.isArray(value)) return value.map(plainOf);
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/** Attributes as labels. */
export function labelsOf(attributes: ReadonlyMap<string, Plain>): Labels {
  return Object.fromEntries([...attributes].map(([key, value]) => [key, labelOf(value)]));
}

function labelOf(value: Plain): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === "bigint" ? Number(one) : one));
}

export function scrapesOf({ level, readers }: Metrics, resource: OwnResource): readonly Scrape[] {
  if (level === "none") return [];
  if (readers === undefined) return [scrapeOf(BY_DEFAULT, METRICS_KEY, true, resource)];
  return readers.flatMap(({ pull }, index) => (pull === undefined ? [] : [scrapeOf(pull.exporter.prometheus, keyOf(index), false, resource)]));
}

function keyOf(index: number): string {
  return `${METRICS_KEY}.readers[${index}]`;
}

function scrapeOf(prometheus: Prometheus, key: string, byDefault: boolean, { attributes }: OwnResource): Scrape {
  const scope: Labels = { otel_scope_name: "sluice", otel_scope_version: VERSION, otel_scope_schema_url: "" };
  return {
    key,
    // `[::1]` is ::1.
    hostname: prometheus.host.replace(/^\[(.+)\]$/, "$1"),
    port: prometheus.port,
    byDefault,
    text: {
      withoutTypeSuffix: prometheus.without_type_suffix ?? true,
      withoutUnits: prometheus.without_units ?? true,
      constantLabels: { ...constantLabels(prometheus, attributes), ...((prometheus.without_scope_info ?? true) ? {} : scope) },
    },
  };
}

function constantLabels({ with_resource_constant_labels: lists }: Prometheus, attributes: ReadonlyMap<string, Plain>): Labels {
  if (lists === undefined || lists === null) return {};
  const included = lists.included ?? [];
  const excluded = lists.excluded ?? [];
  const chosen = [...attributes].filter(([key]) => !excluded.includes(key) && (included.length === 0 || included.includes(key)));
  return labelsOf(new Map(chosen));
}

export function pushesOf({ level, readers = [] }: Metrics): readonly Push[] {
  if (level === "none") return [];
  return readers.flatMap(({ periodic }, index) => {
    const otlp = periodic?.exporter.otlp;
    return periodic === undefined || otlp === undefined || otlp.protocol === "grpc" ? [] : [pushOf(periodic, otlp, keyOf(index))];
  });
}

function pushOf({ interval, timeout }: Periodic, otlp: Otlp, key: string): Push {
  const { certificate, client_certificate: certFile, client_key: keyFile } = otlp;
  return {
    key,
    intervalMs: interval,
    timeoutMs: Math.min(otlp.timeout, timeout ?? otlp.timeout),
    url: urlOf(otlp),
    encoding: otlp.protocol === "http/json" ? "json" : "proto",
    compression: otlp.compression ?? "none",
    headers: { ...listedHeaders(otlp.headers_list ?? ""), ...otlp.headers },
    tls: { ...(certificate && { ca_file: certificate }), ...(certFile && { cert_file: certFile }), ...(keyFile && { key_file: keyFile }) },
  };
}

/** The scheme that `insecure` means where there is none, and the path of OTLP where there is none. */
function urlOf({ endpoint, insecure }: Otlp): string {
  const schemed = /^https?:\/\//.test(endpoint) ? endpoint : `${insecure === true ? "http" : "https"}://${endpoint}`;
  const { pathname } = new URL(schemed);
  return pathname === "/" && !schemed.endsWith("/") ? `${schemed}/v1/metrics` : schemed;
}

/** `name=value,name=value`, values percent-encoded (W3C Baggage, without properties). */
function listedHeaders(list: string): Record<string, string> {
  const pairs = list.split(",").filter((one) => one.includes("="));
  return Object.fromEntries(
    pairs.map((one) => {
      const split = one.indexOf("=");
      return [
        one.slice(0, split).trim(),
        decoded(
          one
            .slice(split + 1)
            .split(";", 1)[0]
            ?.trim() ?? "",
        ),
      ];
    }),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // No percent-encoding: it stands for itself.
    return text;
  }
}
