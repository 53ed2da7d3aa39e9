/**
 * Made-up traces: a server span and its children one after the other, calls to a database, to another
 * service, to a cache, to a queue. A trace that does not fit into a request goes on in the next.
 */
import {
  EXPORT_TRACE_SERVICE_REQUEST_RESOURCE_SPANS,
  SCOPE_SPANS_SPANS,
  SPAN_ATTRIBUTES,
  SPAN_END_TIME_UNIX_NANO,
  SPAN_FLAGS,
  SPAN_KIND,
  SPAN_NAME,
  SPAN_PARENT_SPAN_ID,
  SPAN_SPAN_ID,
  SPAN_START_TIME_UNIX_NANO,
  SPAN_STATUS,
  SPAN_TRACE_ID,
  STATUS_CODE,
  STATUS_MESSAGE,
} from "../../otlp/tables.ts";
import { AttributeWriter } from "./attributes.ts";
import { type Content, type Generator, nanosOf, STATUS_CODES } from "./content.ts";
import { Envelope } from "./envelope.ts";
import { MessageWriter } from "./message.ts";
import { Random } from "./random.ts";
import { CHILD_KINDS, REQUESTS, type RequestKind, type SpanKind, writeException } from "./span-kinds.ts";

/** `Span.kind`. */
const SERVER = 2;
/** Sampled, and known to be local (OTLP, SpanFlags). */
const FLAGS = 0x101;
const ERROR_PERCENT = 5;
const MEDIAN_MS = 40;
const NANOS_A_MS = 1e6;

interface Trace {
  readonly traceId: Uint8Array;
  readonly rootId: Uint8Array;
  readonly request: RequestKind;
  readonly start: bigint;
  readonly durationNanos: number;
  readonly failed: boolean;
  /** Spans written so far, the root included. */
  written: number;
}

/** Writes traces of one root and `childSpans` children. */
export class TraceGenerator implements Generator {
  readonly #content: Content;
  readonly #nowMs: () => number;
  readonly #random: Random;
  readonly #to = new MessageWriter();
  readonly #envelope: Envelope;
  readonly #attributes: AttributeWriter;
  #trace: Trace | undefined;

  constructor(content: Content, nowMs: () => number) {
    this.#content = content;
    this.#nowMs = nowMs;
    this.#random = new Random(content.seed);
    this.#envelope = new Envelope(content);
    this.#attributes = new AttributeWriter(content.attributes);
  }

  request(items: number): Uint8Array<ArrayBuffer> {
    this.#envelope.write(this.#to, this.#random, EXPORT_TRACE_SERVICE_REQUEST_RESOURCE_SPANS, () => {
      for (let i = 0; i < items; i++) this.#next();
    });
    return this.#to.take();
  }

  #next(): void {
    const trace = this.#trace ?? this.#begin();
    if (trace.written === 0) this.#root(trace);
    else this.#child(trace, trace.written - 1);
    trace.written++;
    this.#trace = trace.written > this.#content.childSpans ? undefined : trace;
  }

  #begin(): Trace {
    const random = this.#random;
    const durationMs = this.#content.spanDurationMs ?? random.longTail(MEDIAN_MS);
    const durationNanos = Math.max(1, Math.floor(durationMs * NANOS_A_MS));
    const { statusCode } = this.#content;
    return {
      traceId: random.id(16),
      rootId: random.id(8),
      request: random.pick(REQUESTS),
      start: nanosOf(this.#nowMs(), random) - BigInt(durationNanos),
      durationNanos,
      failed: statusCode === undefined ? random.chance(ERROR_PERCENT) : statusCode === STATUS_CODES.error,
      written: 0,
    };
  }

  #root(trace: Trace): void {
    const { request, failed } = trace;
    const name = `${request.method} ${request.route}`;
    this.#span(trace, { name, kind: SERVER, attributes: request.attributes }, trace.rootId, undefined, 0, trace.durationNanos, failed);
  }

  /** Children share the root's time in equal parts; the last one is what failed. */
  #child(trace: Trace, index: number): void {
    const { childSpans, spanDurationMs } = this.#content;
    const part = trace.durationNanos / childSpans;
    const fixed = spanDurationMs !== undefined;
    const offset = fixed ? 0 : Math.floor(part * index);
    const length = fixed ? trace.durationNanos : Math.max(1, Math.floor(part * (0.5 + this.#random.uniform() / 2)));
    const failed = trace.failed && (this.#content.statusCode !== undefined || index === childSpans - 1);
    this.#span(trace, this.#random.pick(CHILD_KINDS), this.#random.id(8), trace.rootId, offset, length, failed);
  }

  #span(trace: Trace, made: SpanKind, id: Uint8Array, parent: Uint8Array | undefined, offset: number, length: number, failed: boolean): void {
    const to = this.#to;
    const start = trace.start + BigInt(offset);
    const end = start + BigInt(length);
    const span = to.begin(SCOPE_SPANS_SPANS);
    to.bytes(SPAN_TRACE_ID, trace.traceId);
    to.bytes(SPAN_SPAN_ID, id);
    if (parent !== undefined) to.bytes(SPAN_PARENT_SPAN_ID, parent);
    to.text(SPAN_NAME, made.name);
    to.varint(SPAN_KIND, made.kind);
    to.fixed64(SPAN_START_TIME_UNIX_NANO, start);
    to.fixed64(SPAN_END_TIME_UNIX_NANO, end);
    made.attributes({ to, field: SPAN_ATTRIBUTES, write: this.#attributes, random: this.#random, failed });
    this.#attributes.given(to, SPAN_ATTRIBUTES);
    if (failed) writeException(to, this.#random, end);
    this.#status(failed);
    to.fixed32(SPAN_FLAGS, FLAGS);
    to.end(span);
  }

  /** Unset, unless something failed or a code was asked for: what instrumentation does. */
  #status(failed: boolean): void {
    const code = this.#content.statusCode ?? (failed ? STATUS_CODES.error : STATUS_CODES.unset);
    if (code === STATUS_CODES.unset) return;
    const status = this.#to.begin(SPAN_STATUS);
    if (code === STATUS_CODES.error) this.#to.text(STATUS_MESSAGE, "deadline exceeded");
    this.#to.varint(STATUS_CODE, code);
    this.#to.end(status);
  }
}
