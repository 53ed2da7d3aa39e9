/** Sets a span's status to a configured one; what else stands in the message stays. */
import type { Engine } from "../../otlp/engine.ts";
import type { Staging } from "../../otlp/staging.ts";
import { SPAN_STATUS, STATUS_CODE, STATUS_MESSAGE } from "../../otlp/tables.ts";
import { isText } from "../../otlp/text.ts";
import type { View } from "../../otlp/view.ts";
import type { Range } from "../../wire/chunk.ts";
import { after, LEN, readVarint, skipValue, VARINT, varintSize, writeVarint } from "../../wire/varint.ts";
import type { SpanSettings } from "./settings.ts";

/** Numbers of the specification. */
const CODES = { Unset: 0, Ok: 1, Error: 2 } as const;

export class SetStatus {
  readonly #wanted: Uint8Array;
  readonly #constant: Range;
  readonly #staging: Staging;

  constructor({ code, description }: NonNullable<SpanSettings["status"]>, engine: Engine, staging: Staging) {
    this.#wanted = statusOf(CODES[code], description);
    this.#constant = engine.constant(this.#wanted);
    this.#staging = staging;
  }

  apply(span: View): void {
    const start = span.field(SPAN_STATUS);
    const end = span.fieldEnd(SPAN_STATUS);
    const { bytes } = span;
    if (start < 0) {
      if (this.#wanted.length > 0) span.setBytes(SPAN_STATUS, this.#constant.start, this.#constant.end);
    } else if (isText(bytes, start, end, this.#constant)) return;
    else if (hasForeign(bytes, start, end)) this.#replaceKnown(span, start, end);
    else span.setBytes(SPAN_STATUS, this.#constant.start, this.#constant.end);
  }

  /** Message and code anew, behind all other fields. */
  #replaceKnown(span: View, start: number, end: number): void {
    const { bytes } = span;
    const kept: number[] = [];
    for (let at = start; at < end;) {
      const tag = readVarint(bytes, at);
      const next = skipValue(bytes, after, tag);
      if (!isKnown(tag)) for (let index = at; index < next; index++) kept.push(bytes[index] ?? 0);
      at = next;
    }
    this.#staging.place(Uint8Array.from([...kept, ...this.#wanted]));
    try {
      span.setBytes(SPAN_STATUS, this.#staging.start, this.#staging.end);
    } finally {
      this.#staging.done();
    }
  }
}

function isKnown(tag: number): boolean {
  return tag >>> 3 === STATUS_MESSAGE || tag >>> 3 === STATUS_CODE;
}

function hasForeign(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end;) {
    const tag = readVarint(bytes, at);
    if (!isKnown(tag)) return true;
    at = skipValue(bytes, after, tag);
  }
  return false;
}

/** The body of a Status message: `message`, then `code`, each where it is not the default. */
function statusOf(code: number, message: string): Uint8Array {
  const text = new TextEncoder().encode(message);
  const length = text.length === 0 ? 0 : 1 + varintSize(text.length) + text.length;
  const body = new Uint8Array(length + (code === 0 ? 0 : 2));
  if (length > 0) body.set(text, writeVarint(body, writeVarint(body, 0, (STATUS_MESSAGE << 3) | LEN), text.length));
  if (code !== 0) writeVarint(body, writeVarint(body, length, (STATUS_CODE << 3) | VARINT), code);
  return body;
}
