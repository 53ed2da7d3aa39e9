/**
 * What processors do, said once more on the judge's objects, from the documentation of the Collector's
 * processors and of its values' text: nothing here calls what it judges.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { Random } from "../../bench/random.ts";
import type { FieldOrder } from "../../bench/rearrange.ts";
import type { ProcessorDefinition } from "../../src/pipeline/component.ts";
import { judge } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { type Editable, normal } from "../ottl/contexts/scene.ts";
import { makeRequest, MARK, NAN_BITS, type Tested, withMarks } from "../pipeline/random-requests.ts";
import { strangers } from "../pipeline/strangers.ts";
import { fusedly } from "../pipeline/two-ways.ts";

export { MARK } from "../pipeline/random-requests.ts";
export type { Editable } from "../ottl/contexts/scene.ts";

export const ORDERS = ["ascending", "descending", "interleaved"] as const;
export const SIGNALS = ["traces", "metrics", "logs"] as const;

export interface Pair extends Editable {
  key?: string;
  value?: Editable;
}

/** What a processor made of a request, and the request, as objects that may be edited. */
export interface Run {
  readonly before: Editable;
  /** Undefined when nothing is left. */
  readonly after: Editable | undefined;
  /** Unknown fields before and after, with their paths. */
  readonly strange: readonly string[];
  readonly strangeAfter: readonly string[];
  readonly counts: readonly string[];
}

/** The request of a seed, which `change` may edit first, through one processor. */
export async function run<Config>(
  definition: ProcessorDefinition<Config>,
  settings: object,
  signal: Tested,
  seed: number,
  order: FieldOrder,
  change?: (object: Editable) => void,
): Promise<Run> {
  const { bytes } = makeRequest(new Random(seed), signal, order, change);
  // The settings are parsed by the definition's own schema.
  const planned = { id: definition.id, definition: definition as unknown as ProcessorDefinition<never>, settings };
  const { outcome, bytes: out, counts } = await fusedly([planned], signal, bytes);
  if (outcome.kind !== "accepted") throw new Error(`${definition.id}: ${JSON.stringify(outcome)}`);
  const { type } = judge(signal);
  return {
    before: objectOf(signal, bytes),
    after: out === undefined ? undefined : objectOf(signal, out),
    strange: strangers(bytes, type),
    strangeAfter: out === undefined ? [] : strangers(out, type),
    counts,
  };
}

function objectOf(signal: Tested, bytes: Uint8Array): Editable {
  return structuredClone<Editable>(judge(signal).toObject(withMarks(bytes)));
}

/** An object for comparison: keys in order, NaN and minus zero told from others, empty and absent parents alike. */
export function comparable(object: unknown): unknown {
  return normal(object);
}

/** Unknown fields outside of attributes, which an action may replace whole. */
export function besideAttributes(found: readonly string[]): string[] {
  return found.filter((path) => !/^[^:]*\/(attributes|filteredAttributes|metadata|body)[/:]/.test(path));
}

export function pairsOf(message: Editable, key = "attributes"): Pair[] {
  if (!Array.isArray(message[key])) message[key] = [];
  return message[key] as Pair[]; // a list of KeyValues, made above where there was none
}

export function keyOf(pair: Pair): string {
  return pair.key ?? "";
}

/** A field as text: 64-bit integers are decimal texts; empty where it is absent. */
export function fieldText(message: Editable, key: string): string {
  const found = message[key];
  return typeof found === "string" ? found : "";
}

export function findPair(message: Editable, key: string): Pair | undefined {
  return list(message, "attributes").find((pair) => (pair["key"] ?? "") === key);
}

export function put(pairs: Pair[], key: string, value: Editable): void {
  const found = pairs.find((pair) => keyOf(pair) === key);
  if (found === undefined) pairs.push({ key, value });
  else found.value = value;
}

/** The one kind of an AnyValue and what it holds; undefined for an empty one. */
export function kindOf(value: Editable | undefined): readonly [kind: string, inner: unknown] | undefined {
  return Object.entries(value ?? {})[0];
}

export function stringIn(value: Editable | undefined): string | undefined {
  const inner = value?.["stringValue"];
  return typeof inner === "string" ? inner : undefined;
}

/** An AnyValue as `AsString` says it. */
export function textOf(value: Editable | undefined): string {
  const [kind, inner] = kindOf(value) ?? ["", ""];
  if (kind === "doubleValue") return doubleText(Number(inner));
  if (kind === "bytesValue") return base64(inner as Uint8Array); // the judge keeps bytes
  if (kind !== "arrayValue" && kind !== "kvlistValue") return String(inner);
  return jsonOf(value) ?? "";
}

function doubleText(value: number): string {
  if (value === MARK) return "NaN";
  return Object.is(value, -0) ? "-0" : String(value);
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** Undefined when there is a number in it that JSON cannot say. */
function jsonOf(value: Editable | undefined): string | undefined {
  const [kind, inner] = kindOf(value) ?? ["", null];
  switch (kind) {
    case "":
      return "null";
    case "stringValue":
      return JSON.stringify(inner);
    case "bytesValue":
      return JSON.stringify(textOf(value));
    case "doubleValue":
      return Number.isFinite(inner) && inner !== MARK ? doubleText(Number(inner)) : undefined;
    case "arrayValue":
      return joined("[", list(inner, "values").map(jsonOf), "]");
    case "kvlistValue": {
      const last = new Map(list(inner, "values").map((pair) => [fieldText(pair, "key"), pair["value"] as Editable | undefined])); // the judge's KeyValues
      const keys = [...last.keys()].toSorted();
      return joined(
        "{",
        keys.map((key) => {
          const text = jsonOf(last.get(key));
          return text === undefined ? undefined : `${JSON.stringify(key)}:${text}`;
        }),
        "}",
      );
    }
    default:
      return String(inner);
  }
}

function joined(open: string, parts: readonly (string | undefined)[], close: string): string | undefined {
  return parts.includes(undefined) ? undefined : open + parts.join(",") + close;
}

/** Bits of a double, low byte first; those of the NaN that a mark stands for. */
export function doubleBits(value: number): Uint8Array {
  return value === MARK ? NAN_BITS : new Uint8Array(Float64Array.of(value).buffer);
}

export function sha256Hex(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A pattern of RE2's syntax as JavaScript writes it. */
export function regexOf(pattern: string, flags = "u"): RegExp {
  return new RegExp(pattern.replaceAll("(?P<", "(?<"), flags);
}
