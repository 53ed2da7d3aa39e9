/** From flags and environment to a plan of what is sent, where and how fast: every value checked, with its limits. */
import { VERSION } from "../../base/version.ts";
import type { Coding, TlsClientOptions } from "../../base/host.ts";
import { type Encoding, MEDIA_TYPES } from "../../otlp/responses.ts";
import { type Attribute, parseAttribute } from "./attributes.ts";
import { type Content, type SentSignal, SHAPES, STATUS_CODES, TEMPORALITIES } from "./content.ts";
import { type Endpoint, endpointOf, type Env, headersOf } from "./endpoint.ts";
import type { Flags } from "./options.ts";
import { parseDurationMs, parseId, parseName, parseNumber, refused } from "./quantity.ts";

export interface SendPlan {
  readonly content: Content;
  readonly endpoint: Endpoint;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsClientOptions;
  readonly encoding: Encoding;
  readonly coding: Coding | "none";
  /** Infinity: until the duration, or a signal, ends it. */
  readonly items: number;
  /** Undefined: until the items are sent. */
  readonly durationMs: number | undefined;
  /** 0: no limit. */
  readonly itemsASecond: number;
  readonly workers: number;
  readonly batchItems: number;
  readonly timeoutMs: number;
  readonly retriesMax: number;
}

const DEFAULT_ITEMS = 100;
const DEFAULT_BATCH = 100;
/** A span takes about 500 bytes: this stays below the 64 MiB that a gateway takes. */
const BATCH_MAX = 50_000;
const WORKERS_MAX = 1000;
const RETRIES_MAX = 100;
const DEFAULT_CHILD_SPANS = 2;
const CHILD_SPANS_MAX = 10_000;
const SEVERITY_MAX = 24;
const DEFAULT_TIMEOUT = "10s";
const SHAPE_NAMES = [...SHAPES, "all"] as const;
const CODINGS = ["none", "gzip", "deflate", "zstd"] as const;
const WHOLE = { min: 1, max: Number.MAX_SAFE_INTEGER, whole: true } as const;

/** `chance`: in [0, 1), for the seed that is not given. `runtime` stands in the User-Agent. Throws `config`. */
export function planOf(signal: SentSignal, flags: Flags, env: Env, chance: number, runtime: string): SendPlan {
  const content = contentOf(signal, flags, chance);
  const itemsASecond = flags.rate === undefined ? 0 : parseNumber("--rate", flags.rate, { min: 0, max: 1e9, whole: false });
  const durationMs = flags.duration === undefined || flags.duration === "inf" ? undefined : parseDurationMs("--duration", flags.duration);
  const encoding = parseName("--encoding", flags.encoding ?? "proto", ["proto", "json"]);
  const coding = parseName("--compression", flags.compression ?? "none", CODINGS);
  const defaults = {
    "content-type": MEDIA_TYPES[encoding],
    "user-agent": `sluice-send/${VERSION} (${runtime})`,
    ...(coding === "none" ? {} : { "content-encoding": coding }),
  };
  return {
    content,
    endpoint: endpointOf(signal, flags, env),
    headers: { ...defaults, ...headersOf(signal, flags, env) },
    tls: tlsOf(flags),
    encoding,
    coding,
    items: itemsOf(flags, content.childSpans),
    durationMs,
    itemsASecond,
    workers: parseNumber("--workers", flags.workers ?? "1", { ...WHOLE, max: WORKERS_MAX }),
    batchItems: batchOf(flags, itemsASecond),
    timeoutMs: parseDurationMs("--timeout", flags.timeout ?? DEFAULT_TIMEOUT),
    retriesMax: parseNumber("--retries", flags.retries ?? "5", { min: 0, max: RETRIES_MAX, whole: true }),
  };
}

function itemsOf(flags: Flags, childSpans: number): number {
  const given = [flags.count, flags.traces, flags.metrics, flags.logs].filter((text) => text !== undefined);
  const [first, second] = given;
  if (second !== undefined) throw refused("--count", second, "the number is given twice", "Give one of the two");
  if (first === undefined) return flags.duration === undefined ? DEFAULT_ITEMS : Number.POSITIVE_INFINITY;
  if (flags.traces !== undefined) return parseNumber("--traces", first, { ...WHOLE, max: 1e12 }) * (1 + childSpans);
  return parseNumber("--count", first, WHOLE);
}

/** At a low rate one request a second, not one of a hundred now and then. */
function batchOf(flags: Flags, itemsASecond: number): number {
  const given = flags.batch ?? flags.batchSize;
  if (given !== undefined) return parseNumber("--batch", given, { ...WHOLE, max: BATCH_MAX });
  return itemsASecond === 0 ? DEFAULT_BATCH : Math.max(1, Math.min(DEFAULT_BATCH, Math.floor(itemsASecond)));
}

function tlsOf(flags: Flags): TlsClientOptions {
  return {
    insecureSkipVerify: flags.insecureSkipVerify === true || flags.otlpInsecureSkipVerify === true,
    caFile: flags.caCert,
    certFile: flags.clientCert,
    keyFile: flags.clientKey,
  };
}

function contentOf(signal: SentSignal, flags: Flags, chance: number): Content {
  const { severityNumber, traceId, spanId, spanDuration, statusCode } = flags;
  const shape = parseName("--metric-type", flags.metricType ?? "all", SHAPE_NAMES);
  return {
    signal,
    seed: flags.seed === undefined ? Math.floor(chance * 2 ** 53) : parseNumber("--seed", flags.seed, { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }),
    service: flags.service ?? "sluice-send",
    resourceAttributes: attributesOf("--resource-attribute", [...flags.otlpAttributes, ...flags.resourceAttribute]),
    attributes: attributesOf("--attribute", [...flags.telemetryAttributes, ...flags.attribute]),
    childSpans:
      flags.childSpans === undefined ? DEFAULT_CHILD_SPANS : parseNumber("--child-spans", flags.childSpans, { min: 0, max: CHILD_SPANS_MAX, whole: true }),
    spanDurationMs: spanDuration === undefined ? undefined : parseDurationMs("--span-duration", spanDuration),
    statusCode: statusCode === undefined ? undefined : statusOf(statusCode),
    shapes: shape === "all" ? SHAPES : [shape],
    metricName: flags.metricName ?? flags.otlpMetricName,
    temporality: TEMPORALITIES[parseName("--aggregation-temporality", flags.aggregationTemporality ?? "cumulative", ["delta", "cumulative"])],
    body: flags.body,
    severityNumber: severityNumber === undefined ? undefined : parseNumber("--severity-number", severityNumber, { ...WHOLE, max: SEVERITY_MAX }),
    severityText: flags.severityText,
    traceId: traceId === undefined ? undefined : parseId("--trace-id", traceId, 16),
    spanId: spanId === undefined ? undefined : parseId("--span-id", spanId, 8),
  };
}

/** The last of several with one key counts. */
function attributesOf(flag: string, texts: readonly string[]): readonly Attribute[] {
  return [...new Map(texts.map((text) => parseAttribute(text, flag)).map((attribute) => [attribute.key, attribute])).values()];
}

/** By name or, as telemetrygen takes it too, by number. */
function statusOf(text: string): number {
  const names = ["unset", "ok", "error"] as const;
  const byNumber = names.find((name) => String(STATUS_CODES[name]) === text);
  return STATUS_CODES[byNumber ?? parseName("--status-code", text, names)];
}
