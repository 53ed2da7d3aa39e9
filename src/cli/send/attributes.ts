/**
 * Attributes: those that an operator gives as `key=value`, and the way of both kinds to the wire. A
 * key occurs once: a given attribute stands in place of a generated one.
 */
import { SluiceError } from "../../base/errors.ts";
import {
  ANY_VALUE_ARRAY_VALUE,
  ANY_VALUE_BOOL_VALUE,
  ANY_VALUE_DOUBLE_VALUE,
  ANY_VALUE_INT_VALUE,
  ANY_VALUE_STRING_VALUE,
  ARRAY_VALUE_VALUES,
  KEY_VALUE_KEY,
  KEY_VALUE_VALUE,
} from "../../otlp/tables.ts";
import type { MessageWriter } from "./message.ts";

/** A bigint is an int64, a number a double. */
export type Scalar = string | boolean | bigint | number;

export interface Attribute {
  readonly key: string;
  readonly value: Scalar | readonly Scalar[];
}

/** Writes attributes as `KeyValue`s in any repeated field. */
export class AttributeWriter {
  readonly #given: readonly Attribute[];
  readonly #keys: ReadonlySet<string>;

  constructor(given: readonly Attribute[]) {
    this.#given = given;
    this.#keys = new Set(given.map(({ key }) => key));
  }

  text(to: MessageWriter, field: number, key: string, value: string): void {
    if (!this.#keys.has(key)) writeAttribute(to, field, key, value);
  }

  int(to: MessageWriter, field: number, key: string, value: number): void {
    if (this.#keys.has(key)) return;
    const attribute = to.begin(field);
    to.text(KEY_VALUE_KEY, key);
    const any = to.begin(KEY_VALUE_VALUE);
    to.varint(ANY_VALUE_INT_VALUE, value);
    to.end(any);
    to.end(attribute);
  }

  bool(to: MessageWriter, field: number, key: string, value: boolean): void {
    if (!this.#keys.has(key)) writeAttribute(to, field, key, value);
  }

  double(to: MessageWriter, field: number, key: string, value: number): void {
    if (!this.#keys.has(key)) writeAttribute(to, field, key, value);
  }

  /** The operator's own. */
  given(to: MessageWriter, field: number): void {
    for (const { key, value } of this.#given) writeAttribute(to, field, key, value);
  }
}

function writeAttribute(to: MessageWriter, field: number, key: string, value: Scalar | readonly Scalar[]): void {
  const attribute = to.begin(field);
  to.text(KEY_VALUE_KEY, key);
  const any = to.begin(KEY_VALUE_VALUE);
  if (typeof value === "object") writeList(to, value);
  else writeScalar(to, value);
  to.end(any);
  to.end(attribute);
}

function writeList(to: MessageWriter, values: readonly Scalar[]): void {
  const list = to.begin(ANY_VALUE_ARRAY_VALUE);
  for (const value of values) {
    const any = to.begin(ARRAY_VALUE_VALUES);
    writeScalar(to, value);
    to.end(any);
  }
  to.end(list);
}

function writeScalar(to: MessageWriter, value: Scalar): void {
  if (typeof value === "string") to.text(ANY_VALUE_STRING_VALUE, value);
  else if (typeof value === "boolean") to.varint(ANY_VALUE_BOOL_VALUE, value ? 1 : 0);
  else if (typeof value === "bigint") to.int64(ANY_VALUE_INT_VALUE, value);
  else to.double(ANY_VALUE_DOUBLE_VALUE, value);
}

/**
 * `key=value`: `true` and `false` are booleans, whole numbers int64, decimals doubles, `[a,b]` a list,
 * anything else text; quotes make text of everything. Throws `config`.
 */
export function parseAttribute(text: string, flag: string): Attribute {
  const { key, value } = splitPair(text, flag);
  if (!value.startsWith("[") || !value.endsWith("]")) return { key, value: parseScalar(value) };
  return { key, value: splitList(value.slice(1, -1)).map(parseScalar) };
}

/** The two sides of `key=value`. Throws `config`; a value that may be a secret is not repeated. */
export function splitPair(text: string, flag: string): { readonly key: string; readonly value: string } {
  const at = text.indexOf("=");
  const key = text.slice(0, Math.max(0, at)).trim();
  if (key !== "") return { key, value: text.slice(at + 1) };
  throw new SluiceError("config", `Cannot use ${flag}: it is not of the form key=value`, { cure: `For example ${flag} team=shop` });
}

/** Without the quotes around it, when there are any. */
export function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

const INT64_MAX = 2n ** 63n - 1n;

function parseScalar(text: string): Scalar {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?\d+\.\d+$/.test(text)) return Number(text);
  if (/^-?\d+$/.test(text)) {
    const whole = BigInt(text);
    // More digits than an int64 has: an identifier, not a number.
    if (whole <= INT64_MAX && whole >= -INT64_MAX - 1n) return whole;
  }
  return unquoted(text);
}

/** The items between commas; commas in quotes do not count. */
function splitList(text: string): string[] {
  return [...text.matchAll(/\s*("[^"]*"|[^,]+)\s*(?:,|$)/g)].map(([, item = ""]) => item.trim());
}
