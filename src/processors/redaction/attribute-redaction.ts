/**
 * Redacts one list of attributes. In this order, the first that applies: ignored keys pass, keys that are
 * not allowed go, allowed values pass, blocked keys are masked whole, blocked values in part, which the
 * sanitizers go on with.
 */
import { decodeAnyValue, encodeAnyValue, kindOf, STRING_VALUE } from "../../otlp/any-value.ts";
import type { Attributes } from "../../otlp/attributes.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Staging } from "../../otlp/staging.ts";
import { textAt } from "../../otlp/text.ts";
import { valueText } from "../../otlp/value-text.ts";
import { after, readVarint } from "../../wire/varint.ts";
import type { Rules } from "./rules.ts";
import type { Sanitizers } from "./sanitizers.ts";
import { type Fate, Summary } from "./summary.ts";

export class AttributeRedaction {
  readonly #rules: Rules;
  readonly #sanitizers: Sanitizers;
  readonly #allTypes: boolean;
  readonly #summary: Summary;
  readonly #bytes: Uint8Array;
  readonly #staging: Staging;
  /** The database that the list names. */
  #system = "";

  /** `summary` and `allTypes` are the settings of these names. */
  constructor(rules: Rules, sanitizers: Sanitizers, summary: string, allTypes: boolean, engine: Engine, staging: Staging) {
    this.#rules = rules;
    this.#sanitizers = sanitizers;
    this.#allTypes = allTypes;
    this.#summary = new Summary(summary, "redaction.", engine, staging);
    this.#bytes = engine.bytes;
    this.#staging = staging;
  }

  apply(attributes: Attributes): void {
    const { count } = attributes;
    this.#system = this.#sanitizers.databases.inAttributes ? this.#sanitizers.systemOf(attributes) : "";
    for (let entry = 0; entry < count; entry++) if (attributes.live(entry)) this.#redact(attributes, entry);
    this.#summary.tell(attributes);
  }

  #redact(attributes: Attributes, entry: number): void {
    const rules = this.#rules;
    const start = attributes.keyStart(entry);
    const end = attributes.keyEnd(entry);
    if (rules.ignores(start, end)) this.#add("ignored", start, end);
    else if (rules.removes(start, end)) {
      this.#add("redacted", start, end);
      attributes.remove(entry);
    } else if (kindOf(this.#bytes, attributes.valueStart(entry), attributes.valueEnd(entry)) === STRING_VALUE) {
      // Behind the tag that was read last, which is the value's.
      const length = readVarint(this.#bytes, after);
      this.#redactBytes(attributes, entry, after, after + length);
    } else this.#redactText(attributes, entry);
  }

  /** A value that is text, at [start, end). */
  #redactBytes(attributes: Attributes, entry: number, start: number, end: number): void {
    const rules = this.#rules;
    const keyStart = attributes.keyStart(entry);
    const keyEnd = attributes.keyEnd(entry);
    if (rules.allows(start, end)) this.#add("allowed", keyStart, keyEnd);
    else if (rules.masks(keyStart, keyEnd)) this.#mask(attributes, entry, rules.maskedWhole(textAt(this.#bytes, start, end)));
    else if (rules.blocks(start, end) || this.#sanitizers.looksAt(keyStart, keyEnd)) {
      const text = textAt(this.#bytes, start, end);
      const masked = this.#sanitizers.attribute(rules.masked(text), keyStart, keyEnd, this.#system);
      if (masked !== text) this.#mask(attributes, entry, masked);
    }
  }

  /** Any other value: looked at as its text, or as an empty one. */
  #redactText(attributes: Attributes, entry: number): void {
    const rules = this.#rules;
    const keyStart = attributes.keyStart(entry);
    const keyEnd = attributes.keyEnd(entry);
    const text = this.#allTypes ? valueText(decodeAnyValue(this.#bytes, attributes.valueStart(entry), attributes.valueEnd(entry))) : "";
    if (rules.allowsText(text)) return this.#add("allowed", keyStart, keyEnd);
    if (rules.masks(keyStart, keyEnd)) return this.#mask(attributes, entry, rules.maskedWhole(text));
    const masked = this.#sanitizers.attribute(rules.masked(text), keyStart, keyEnd, this.#system);
    if (masked !== text) this.#mask(attributes, entry, masked);
  }

  #mask(attributes: Attributes, entry: number, text: string): void {
    this.#add("masked", attributes.keyStart(entry), attributes.keyEnd(entry));
    this.#staging.place(encodeAnyValue(text));
    try {
      attributes.set(entry, this.#staging.start, this.#staging.end);
    } finally {
      this.#staging.done();
    }
  }

  #add(fate: Fate, keyStart: number, keyEnd: number): void {
    const { tally } = this.#summary;
    tally.add(fate, tally.named ? textAt(this.#bytes, keyStart, keyEnd) : "");
  }
}
