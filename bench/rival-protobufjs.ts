/**
 * The rival of the engine-alone rows: protobufjs with the code that it compiles for each type, doing
 * the same work on objects, in the quickest way that we know to write it.
 */
import type { Signal } from "../src/base/signal.ts";
import { judge } from "../test/harness/judge.ts";

/** Spans as protobufjs decodes them, as far as these works look. */
interface Span {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId?: Uint8Array;
  traceState?: string;
  attributes: Attribute[];
  readonly links?: readonly { readonly traceId: Uint8Array; readonly spanId: Uint8Array }[];
}

interface Attribute {
  key: string;
  value: { stringValue?: string };
}

interface ScopeSpans {
  spans: Span[];
}

interface ResourceSpans {
  resource?: { attributes: Attribute[] } | null;
  scopeSpans: ScopeSpans[];
}

interface Traces {
  resourceSpans: ResourceSpans[];
}

/** Where ids stand in a span, whatever form they have: bytes, or text in JSON. */
interface Ids {
  traceId: unknown;
  spanId: unknown;
  parentSpanId?: unknown;
  links?: readonly { traceId: unknown; spanId: unknown }[];
}

/** The shape is that of the schema, which the judge's type was made from. */
function asTraces(message: unknown): Traces {
  if (!isTraces(message)) throw new TypeError("Cannot read a request: it has no resourceSpans");
  return message;
}

function isTraces(message: unknown): message is Traces {
  return typeof message === "object" && message !== null && "resourceSpans" in message;
}

export function decode(signal: Signal, bytes: Uint8Array): unknown {
  return judge(signal).type.decode(bufferOf(bytes));
}

/**
 * Keeps the spans whose trace id's last 56 bits reach a tenth, as OpenTelemetry's consistent sampling
 * has it; `stamp` writes the threshold to the trace state of those kept.
 */
export function keepTenth(bytes: Uint8Array, stamp: boolean): Uint8Array {
  const { type } = judge("traces");
  const message = type.decode(bufferOf(bytes));
  const traces = asTraces(message);
  for (const group of traces.resourceSpans) {
    for (const scope of group.scopeSpans) {
      scope.spans = scope.spans.filter(({ traceId }) => reachesTenth(traceId));
      if (stamp) for (const span of scope.spans) span.traceState = withThreshold(span.traceState);
    }
    group.scopeSpans = group.scopeSpans.filter(({ spans }) => spans.length > 0);
  }
  traces.resourceSpans = traces.resourceSpans.filter(({ scopeSpans }) => scopeSpans.length > 0);
  return type.encode(message).finish();
}

/** 90 % of 2^56 to four hexadecimal digits: 0xe666 and zeros. */
function reachesTenth(traceId: Uint8Array): boolean {
  return ((traceId[9] ?? 0) << 8) + (traceId[10] ?? 0) >= 0xe666;
}

function withThreshold(state: string | undefined): string {
  if (state === undefined || state === "") return "ot=th:e666";
  const others = state.split(",").filter((member) => !member.startsWith("ot="));
  return ["ot=th:e666", ...others].join(",");
}

/** Sets a text attribute on every resource. */
export function upsertResource(bytes: Uint8Array, key: string, value: string): Uint8Array {
  const { type } = judge("traces");
  const message = type.decode(bufferOf(bytes));
  for (const group of asTraces(message).resourceSpans) {
    group.resource ??= { attributes: [] };
    upsert(group.resource.attributes, key, value);
  }
  return type.encode(message).finish();
}

/** Removes attributes from every span, and sets others to a text. */
export function editSpans(bytes: Uint8Array, removed: readonly string[], set: readonly string[], value: string): Uint8Array {
  const { type } = judge("traces");
  const message = type.decode(bufferOf(bytes));
  for (const { scopeSpans } of asTraces(message).resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const span of spans) {
        if (removed.length > 0) span.attributes = span.attributes.filter(({ key }) => !removed.includes(key));
        for (const key of set) upsert(span.attributes, key, value);
      }
    }
  }
  return type.encode(message).finish();
}

function upsert(attributes: Attribute[], key: string, value: string): void {
  const found = attributes.find((attribute) => attribute.key === key);
  if (found === undefined) attributes.push({ key, value: { stringValue: value } });
  else found.value = { stringValue: value };
}

/** To OTLP/JSON: 64-bit integers as text, enums as numbers, ids in hexadecimal, other bytes in base64. */
export function toJson(bytes: Uint8Array): Uint8Array {
  const { type } = judge("traces");
  const message = type.decode(bufferOf(bytes));
  const object = asTraces(type.toObject(message, { longs: String, enums: Number, bytes: String }));
  asTraces(message).resourceSpans.forEach((group, i) => {
    group.scopeSpans.forEach((scope, j) => {
      // An array without entries is left out of the object.
      const spans = object.resourceSpans[i]?.scopeSpans[j]?.spans ?? [];
      scope.spans.forEach((span, k) => {
        const target = spans[k];
        if (target !== undefined) writeIds(target, span, hexOf);
      });
    });
  });
  return Buffer.from(JSON.stringify(object));
}

/** From OTLP/JSON. */
export function fromJson(text: Uint8Array): Uint8Array {
  const { type } = judge("traces");
  const object: Record<string, unknown> = JSON.parse(bufferOf(text).toString("utf8"));
  for (const group of asTraces(object).resourceSpans) {
    for (const scope of group.scopeSpans) {
      for (const span of scope.spans ?? []) writeIds(span, span, bytesOfHex);
    }
  }
  return type.encode(type.fromObject(object)).finish();
}

function writeIds(target: Ids, source: Ids, convert: (id: unknown) => unknown): void {
  target.traceId = convert(source.traceId);
  target.spanId = convert(source.spanId);
  const parent = convert(source.parentSpanId);
  if (parent !== undefined) target.parentSpanId = parent;
  source.links?.forEach((link, index) => {
    const other = target.links?.[index];
    if (other === undefined) return;
    other.traceId = convert(link.traceId);
    other.spanId = convert(link.spanId);
  });
}

/** What a body is on Node; protobufjs has its quickest reader for it, and hands out Buffers then. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Absent stays absent; protobufjs's default for bytes is an empty array. */
function hexOf(id: unknown): string | undefined {
  return id instanceof Buffer ? id.toString("hex") : undefined;
}

function bytesOfHex(id: unknown): Buffer | undefined {
  return typeof id === "string" ? Buffer.from(id, "hex") : undefined;
}
