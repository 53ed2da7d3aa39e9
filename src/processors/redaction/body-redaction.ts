/**
 * Redacts a log record's body. A body that is a map has its keys judged like attributes, at every depth;
 * lists are gone through; every other value, at any depth, is judged as its text, numbers too. Bodies are
 * rewritten as bytes: what is not touched stays bit for bit, unknown fields included.
 *
 * Depth is bounded by the kernel's check of the request.
 */
import { ARRAY_VALUE, decodeAnyValue, encodeAnyValue, kindOf, KVLIST_VALUE, STRING_VALUE } from "../../otlp/any-value.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Staging } from "../../otlp/staging.ts";
import { LOG_RECORD_BODY } from "../../otlp/tables.ts";
import { textAt } from "../../otlp/text.ts";
import { valueText } from "../../otlp/value-text.ts";
import type { View } from "../../otlp/view.ts";
import { concatenated, delimited } from "../../wire/message.ts";
import { after, LEN, readVarint, skipValue } from "../../wire/varint.ts";
import type { Rules } from "./rules.ts";
import type { Sanitizers } from "./sanitizers.ts";
import { Summary } from "./summary.ts";

/** Field numbers of KeyValue, and of the lists' one repeated field. */
const KEY = 1;
const VALUE = 2;
const MEMBERS = 1;

/** Bytes anew, or undefined where nothing changed. */
type Rewritten = Uint8Array | undefined;

export class BodyRedaction {
  readonly #rules: Rules;
  readonly #sanitizers: Sanitizers;
  readonly #summary: Summary;
  readonly #bytes: Uint8Array;
  readonly #staging: Staging;

  constructor(rules: Rules, sanitizers: Sanitizers, summary: string, engine: Engine, staging: Staging) {
    this.#rules = rules;
    this.#sanitizers = sanitizers;
    this.#summary = new Summary(summary, "redaction.body.", engine, staging);
    this.#bytes = engine.bytes;
    this.#staging = staging;
  }

  apply(record: View): void {
    const start = record.field(LOG_RECORD_BODY);
    const rewritten = start < 0 ? this.#scalar(0, 0, undefined) : this.#value(start, record.fieldEnd(LOG_RECORD_BODY), undefined);
    if (rewritten !== undefined) {
      this.#staging.place(rewritten);
      try {
        record.setBytes(LOG_RECORD_BODY, this.#staging.start, this.#staging.end);
      } finally {
        this.#staging.done();
      }
    }
    this.#summary.tell(record.attributes);
  }

  /** The AnyValue at [start, end); `path` is undefined for the body itself, and not kept up when keys are not wanted. */
  #value(start: number, end: number, path: string | undefined): Rewritten {
    const kind = kindOf(this.#bytes, start, end);
    if (kind !== KVLIST_VALUE && kind !== ARRAY_VALUE) return this.#scalar(start, end, path);
    let index = 0;
    return this.#each(start, end, kind, (listStart, listEnd) =>
      this.#each(listStart, listEnd, MEMBERS, (memberStart, memberEnd) =>
        kind === KVLIST_VALUE ? this.#pair(memberStart, memberEnd, path) : this.#value(memberStart, memberEnd, this.#join(path, `[${index++}]`)),
      ),
    );
  }

  /** A KeyValue: null when it is to go. */
  #pair(start: number, end: number, path: string | undefined): Rewritten | null {
    const bytes = this.#bytes;
    let keyStart = 0;
    let keyEnd = 0;
    let valueStart = 0;
    let valueEnd = 0;
    for (let at = start; at < end;) {
      const tag = readVarint(bytes, at);
      const body = after;
      at = skipValue(bytes, body, tag);
      if (tag !== ((KEY << 3) | LEN) && tag !== ((VALUE << 3) | LEN)) continue;
      readVarint(bytes, body);
      if (tag === ((KEY << 3) | LEN)) [keyStart, keyEnd] = [after, at];
      else [valueStart, valueEnd] = [after, at];
    }
    const rules = this.#rules;
    const { tally } = this.#summary;
    const name = tally.named ? this.#join(path, textAt(bytes, keyStart, keyEnd)) : "";
    if (rules.ignores(keyStart, keyEnd)) {
      tally.add("ignored", name);
      return undefined;
    }
    if (rules.removes(keyStart, keyEnd)) {
      tally.add("redacted", name);
      return null;
    }
    const value = rules.masks(keyStart, keyEnd) ? this.#maskedWhole(valueStart, valueEnd, name) : this.#value(valueStart, valueEnd, name);
    if (value === undefined) return undefined;
    if (valueEnd === 0) return concatenated([bytes.slice(start, end), delimited(VALUE, value)]);
    return this.#each(start, end, VALUE, () => value) ?? undefined;
  }

  #maskedWhole(start: number, end: number, name: string): Uint8Array {
    const value = decodeAnyValue(this.#bytes, start, end);
    this.#summary.tally.add("masked", name);
    return encodeAnyValue(this.#rules.maskedWhole(typeof value === "string" ? value : ""));
  }

  /** `name` is undefined for the body itself: the Collector does not tell that one is allowed. */
  #scalar(start: number, end: number, name: string | undefined): Rewritten {
    const rules = this.#rules;
    const text = this.#textOf(start, end);
    if (text === undefined) return undefined;
    if (rules.allowsText(text)) {
      if (name !== undefined) this.#summary.tally.add("allowed", name);
      return undefined;
    }
    const masked = this.#sanitizers.body(rules.masked(text));
    if (masked === text) return undefined;
    this.#summary.tally.add("masked", name ?? "body");
    return encodeAnyValue(masked);
  }

  /** The value as text; undefined when it is text that no rule would touch. */
  #textOf(start: number, end: number): string | undefined {
    if (!this.#sanitizers.enabled && kindOf(this.#bytes, start, end) === STRING_VALUE) {
      // Behind the tag that was read last, which is the value's.
      const length = readVarint(this.#bytes, after);
      const text = after;
      if (!this.#rules.allows(text, text + length) && !this.#rules.blocks(text, text + length)) return undefined;
    }
    return valueText(decodeAnyValue(this.#bytes, start, end));
  }

  /**
   * Each occurrence of length-delimited field `number` in the message at [start, end): replaced by what
   * `rewrite` gives of its body, left out for null, left alone for undefined.
   */
  #each(start: number, end: number, number: number, rewrite: (start: number, end: number) => Rewritten | null): Rewritten {
    const bytes = this.#bytes;
    const parts: Uint8Array[] = [];
    let done = start;
    for (let at = start; at < end;) {
      const from = at;
      const tag = readVarint(bytes, at);
      const body = after;
      at = skipValue(bytes, body, tag);
      if (tag !== ((number << 3) | LEN)) continue;
      readVarint(bytes, body);
      const rewritten = rewrite(after, at);
      if (rewritten === undefined) continue;
      parts.push(bytes.slice(done, from));
      if (rewritten !== null) parts.push(delimited(number, rewritten));
      done = at;
    }
    return parts.length === 0 ? undefined : concatenated([...parts, bytes.slice(done, end)]);
  }

  #join(path: string | undefined, name: string): string {
    if (!this.#summary.tally.named) return "";
    return path === undefined ? name : `${path}.${name}`;
  }
}
