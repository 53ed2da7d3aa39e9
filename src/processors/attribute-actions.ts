/**
 * Actions on a list of attributes, under the keys of the Collector's `attributes` and `resource`
 * processors: insert, update, upsert, delete, hash, extract, convert, one after the other. An action by
 * key touches the first attribute with that key, one by pattern touches all that match.
 *
 * Keys and values of the configuration are encoded once, what is taken of a batch's origin once a
 * batch. insert, update, upsert, from_attribute and delete allocate nothing; hash, extract and convert
 * look at text, and do.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import * as z from "zod";
import { BOOL_VALUE, decodeAnyValue, DOUBLE_VALUE, INT_VALUE, kindOf, type Plain, STRING_VALUE } from "../otlp/any-value.ts";
import type { Attributes } from "../otlp/attributes.ts";
import { ConstantAttribute } from "../otlp/constant-attribute.ts";
import type { CursorOrigin } from "../otlp/cursor.ts";
import type { Engine } from "../otlp/engine.ts";
import type { Text } from "../otlp/text.ts";
import { after, readVarint } from "../wire/varint.ts";
import { groupsOf, matchesBytes, parsePattern, type Pattern } from "../pattern/pattern.ts";
import type { Context } from "../pipeline/component.ts";
import { ContextValue } from "./attribute-actions/from-context.ts";
import { type ActionSettings, actionSchema, toPlainValue } from "./attribute-actions/settings.ts";
import { putAttribute, setAttribute, sharedStaging, type Staging } from "../otlp/staging.ts";
import { parseDouble, parseInt64, toInt64 } from "../base/go-numbers.ts";
import { valueText } from "../otlp/value-text.ts";

/** A rule over one message's attributes. */
interface Rule {
  apply(attributes: Attributes, origin: CursorOrigin): void;
}

/** Settings of one action or more: at least one. */
export const actionsSchema = z.array(actionSchema).min(1, { error: "at least one action is needed" });

/** A row of actions, ready to be applied to one message after the other. */
export class AttributeActions {
  readonly #rules: readonly Rule[];

  constructor(settings: readonly ActionSettings[], { engine, host }: Pick<Context, "engine" | "host">) {
    const staging = sharedStaging(engine);
    this.#rules = settings.map((one) => ruleOf(one, engine, staging, host));
  }

  /** `origin` is that of the batch at hand: the cursor's. */
  apply(attributes: Attributes, origin: CursorOrigin): void {
    for (let index = 0; index < this.#rules.length; index++) this.#rules[index]?.apply(attributes, origin);
  }
}

function ruleOf(settings: ActionSettings, engine: Engine, staging: Staging, host: Context["host"]): Rule {
  const { key } = settings;
  switch (settings.action) {
    case "insert":
    case "update":
    case "upsert":
      return new SetRule(settings, engine, staging, host);
    case "delete":
      return new DeleteRule(key === "" ? undefined : engine.text(key), patternOf(settings), engine);
    case "hash":
      return new HashRule(key === "" ? undefined : engine.text(key), patternOf(settings), engine, staging);
    case "extract":
      return new ExtractRule(engine.text(key), patternOf(settings), engine, staging);
    default:
      return new ConvertRule(engine.text(key), settings.converted_type, engine, staging);
  }
}

/** The settings' pattern, which the schema has found to be sound. */
function patternOf({ pattern }: ActionSettings): Pattern | undefined {
  const parsed = pattern === "" ? undefined : parsePattern(pattern);
  return typeof parsed === "string" ? undefined : parsed;
}

/** insert, update and upsert. */
class SetRule implements Rule {
  readonly #key: Text;
  readonly #inserts: boolean;
  readonly #updates: boolean;
  readonly #context: ContextValue | undefined;
  readonly #from: Text | undefined;
  /** What is set where there is no value to be taken. */
  readonly #constant: ConstantAttribute | undefined;
  readonly #staging: Staging;

  constructor(settings: ActionSettings, engine: Engine, staging: Staging, host: Context["host"]) {
    const plain = toPlainValue(settings.value ?? settings.default_value ?? null) ?? null;
    this.#constant = plain === null ? undefined : new ConstantAttribute(engine, settings.key, plain);
    this.#key = this.#constant?.key ?? engine.text(settings.key);
    this.#inserts = settings.action !== "update";
    this.#updates = settings.action !== "insert";
    this.#context = settings.from_context === "" ? undefined : new ContextValue(settings.from_context, host.runtime);
    this.#from = settings.from_attribute === "" ? undefined : engine.text(settings.from_attribute);
    this.#staging = staging;
  }

  apply(attributes: Attributes, origin: CursorOrigin): void {
    const entry = attributes.find(this.#key);
    if (entry < 0 ? !this.#inserts : !this.#updates) return;
    const taken = this.#context?.of(origin);
    if (taken !== undefined) return this.#putBytes(attributes, entry, taken);
    const source = this.#from === undefined ? -1 : attributes.find(this.#from);
    const constant = this.#constant;
    if (source >= 0) this.#put(attributes, entry, attributes.valueStart(source), attributes.valueEnd(source));
    else if (constant !== undefined) attributes.put(entry, constant);
  }

  #put(attributes: Attributes, entry: number, start: number, end: number): void {
    const key = this.#key;
    if (entry >= 0) attributes.set(entry, start, end);
    else attributes.add(key.start, key.end, start, end);
  }

  /** An AnyValue from outside the memory. */
  #putBytes(attributes: Attributes, entry: number, value: Uint8Array): void {
    const staging = this.#staging;
    staging.place(value);
    try {
      this.#put(attributes, entry, staging.start, staging.end);
    } finally {
      staging.done();
    }
  }
}

class DeleteRule implements Rule {
  readonly #key: Text | undefined;
  readonly #pattern: Pattern | undefined;
  readonly #bytes: Uint8Array;

  constructor(key: Text | undefined, pattern: Pattern | undefined, engine: Engine) {
    this.#key = key;
    this.#pattern = pattern;
    this.#bytes = engine.bytes;
  }

  apply(attributes: Attributes): void {
    const entry = this.#key === undefined ? -1 : attributes.find(this.#key);
    if (entry >= 0) attributes.remove(entry);
    if (this.#pattern === undefined) return;
    for (let index = 0; index < attributes.count; index++) {
      if (keyMatches(attributes, index, this.#pattern, this.#bytes)) attributes.remove(index);
    }
  }
}

/** SHA-256 in hexadecimal of text, of a boolean's one byte, of a number's eight; anything else becomes empty text. */
class HashRule implements Rule {
  readonly #key: Text | undefined;
  readonly #pattern: Pattern | undefined;
  readonly #bytes: Uint8Array;
  readonly #staging: Staging;
  readonly #eight = new Uint8Array(8);
  readonly #eightView = new DataView(this.#eight.buffer);

  constructor(key: Text | undefined, pattern: Pattern | undefined, engine: Engine, staging: Staging) {
    this.#key = key;
    this.#pattern = pattern;
    this.#bytes = engine.bytes;
    this.#staging = staging;
  }

  apply(attributes: Attributes): void {
    const entry = this.#key === undefined ? -1 : attributes.find(this.#key);
    if (entry >= 0) this.#hash(attributes, entry);
    if (this.#pattern === undefined) return;
    for (let index = 0; index < attributes.count; index++) {
      if (keyMatches(attributes, index, this.#pattern, this.#bytes)) this.#hash(attributes, index);
    }
  }

  #hash(attributes: Attributes, entry: number): void {
    const hashed = this.#hashed(attributes.valueStart(entry), attributes.valueEnd(entry));
    setAttribute(attributes, entry, hashed === undefined ? "" : hexOf(sha256(hashed)), this.#staging);
  }

  /** The bytes to hash of the AnyValue at [start, end). */
  #hashed(start: number, end: number): Uint8Array | undefined {
    const kind = kindOf(this.#bytes, start, end);
    // Behind the tag that was read last, which is the value's.
    const at = after;
    if (kind === STRING_VALUE) {
      const length = readVarint(this.#bytes, at);
      return this.#bytes.subarray(after, after + length);
    }
    // As it lies there: read as a number, a NaN has another one's bits on some runtimes.
    if (kind === DOUBLE_VALUE) return this.#bytes.subarray(at, at + 8);
    const value = kind === BOOL_VALUE || kind === INT_VALUE ? decodeAnyValue(this.#bytes, start, end) : null;
    if (typeof value === "boolean") return Uint8Array.of(value ? 1 : 0);
    if (typeof value !== "bigint") return undefined;
    this.#eightView.setBigInt64(0, value, true);
    return this.#eight;
  }
}

/** Sets an attribute a named group, to what the group found in the key's text. */
class ExtractRule implements Rule {
  readonly #key: Text;
  readonly #pattern: Pattern | undefined;
  readonly #targets: readonly Text[];
  readonly #bytes: Uint8Array;
  readonly #staging: Staging;

  constructor(key: Text, pattern: Pattern | undefined, engine: Engine, staging: Staging) {
    this.#key = key;
    this.#pattern = pattern;
    this.#targets = pattern?.names.map((name) => engine.text(name)) ?? [];
    this.#bytes = engine.bytes;
    this.#staging = staging;
  }

  apply(attributes: Attributes): void {
    const entry = attributes.find(this.#key);
    if (entry < 0 || this.#pattern === undefined) return;
    const value = decodeAnyValue(this.#bytes, attributes.valueStart(entry), attributes.valueEnd(entry));
    const groups = typeof value === "string" ? groupsOf(this.#pattern, value) : undefined;
    if (groups === undefined) return;
    for (const [index, target] of this.#targets.entries()) putAttribute(attributes, target, groups[index] ?? "", this.#staging);
  }
}

/** What cannot be converted stays as it is. */
class ConvertRule implements Rule {
  readonly #key: Text;
  readonly #type: ActionSettings["converted_type"];
  readonly #bytes: Uint8Array;
  readonly #staging: Staging;

  constructor(key: Text, type: ActionSettings["converted_type"], engine: Engine, staging: Staging) {
    this.#key = key;
    this.#type = type;
    this.#bytes = engine.bytes;
    this.#staging = staging;
  }

  apply(attributes: Attributes): void {
    const entry = attributes.find(this.#key);
    if (entry < 0) return;
    const start = attributes.valueStart(entry);
    const end = attributes.valueEnd(entry);
    const kind = kindOf(this.#bytes, start, end);
    if (kind === WANTED[this.#type]) return;
    const converted = convert(decodeAnyValue(this.#bytes, start, end), this.#type);
    if (converted !== undefined) setAttribute(attributes, entry, converted, this.#staging);
  }
}

/** The kinds that need no conversion. */
const WANTED: Readonly<Record<ActionSettings["converted_type"], number>> = { string: STRING_VALUE, int: INT_VALUE, double: DOUBLE_VALUE, "": 0 };

function convert(value: Plain, type: ActionSettings["converted_type"]): Plain | undefined {
  if (type === "string") return valueText(value);
  if (type === "int") {
    if (typeof value === "number") return toInt64(value);
    if (typeof value === "boolean") return value ? 1n : 0n;
    return typeof value === "string" ? parseInt64(value) : undefined;
  }
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "string" ? parseDouble(value) : undefined;
}

function keyMatches(attributes: Attributes, entry: number, pattern: Pattern, bytes: Uint8Array): boolean {
  return attributes.live(entry) && matchesBytes(pattern, bytes, attributes.keyStart(entry), attributes.keyEnd(entry));
}

function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
