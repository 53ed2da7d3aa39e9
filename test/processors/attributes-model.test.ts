/** attributes and resource: each action on generated requests is what decoding, editing objects and encoding gives. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attributes } from "../../src/processors/attributes.ts";
import { resource } from "../../src/processors/resource.ts";
import { visit } from "../ottl/contexts/scene.ts";
import { KEYS } from "../pipeline/random-requests.ts";
import {
  besideAttributes,
  comparable,
  doubleBits,
  type Editable,
  findPair,
  keyOf,
  kindOf,
  MARK,
  ORDERS,
  type Pair,
  pairsOf,
  put,
  regexOf,
  run,
  sha256Hex,
  SIGNALS,
  stringIn,
  textOf,
  utf8,
} from "./model.ts";
import { runsHere } from "../harness/runs.ts";

interface Action {
  readonly action: string;
  readonly key?: string;
  readonly value?: unknown;
  readonly from_attribute?: string;
  readonly default_value?: unknown;
  readonly pattern?: string;
  readonly converted_type?: string;
}

const key = fc.constantFrom(...KEYS, "new");
const setting = fc.constantFrom("insert", "update", "upsert");
const plain = fc.constantFrom<unknown>("", "v", "x".repeat(600), 1, -1, 0.5, true, ["x", 1, [false]], { a: "x", b: { c: 1.5 } }, 2 ** 53 - 1);
const byPattern = fc.constantFrom("^[ab]$", "a", "user|card", "none", ".");

const ACTIONS: Readonly<Record<string, fc.Arbitrary<Action>>> = {
  "a value": fc.record({ key, action: setting, value: plain }),
  "an attribute's value": fc.record({ key, action: setting, from_attribute: key }),
  "an attribute's value or a default": fc.record({ key, action: setting, from_attribute: key, default_value: plain }),
  delete: fc.record({ key, action: fc.constant("delete") }),
  "delete by pattern": fc.record({ pattern: byPattern, action: fc.constant("delete") }),
  hash: fc.record({ key, action: fc.constant("hash") }),
  "hash by pattern": fc.record({ key, pattern: byPattern, action: fc.constant("hash") }),
  extract: fc.record({ key, action: fc.constant("extract"), pattern: fc.constantFrom("^(?P<a>.)(?P<new>.*)$", "(?P<n>[0-9]+)|(?P<b>[a-z]+)", "(?P<user>Z.)") }),
  convert: fc.record({ key, action: fc.constant("convert"), converted_type: fc.constantFrom("int", "double", "string") }),
};

function act(pairs: Pair[], action: Action): void {
  const found = pairs.find((pair) => keyOf(pair) === action.key);
  switch (action.action) {
    case "delete":
      if (found !== undefined) pairs.splice(pairs.indexOf(found), 1);
      if (action.pattern !== undefined) removeWhere(pairs, (pair) => regexOf(action.pattern ?? "").test(keyOf(pair)));
      return;
    case "hash":
      if (found !== undefined) found.value = hashed(found.value);
      for (const pair of pairs) if (action.pattern !== undefined && regexOf(action.pattern).test(keyOf(pair))) pair.value = hashed(pair.value);
      return;
    case "extract": {
      const groups = regexOf(action.pattern ?? "", "su").exec(stringIn(found?.value) ?? "")?.groups;
      if (stringIn(found?.value) === undefined) return;
      for (const [name, text] of Object.entries(groups ?? {})) put(pairs, name, { stringValue: text ?? "" });
      return;
    }
    case "convert":
      if (found !== undefined) convert(found, action.converted_type ?? "");
      return;
    default:
      set(pairs, action, found);
  }
}

function removeWhere(pairs: Pair[], gone: (pair: Pair) => boolean): void {
  pairs.splice(0, pairs.length, ...pairs.filter((pair) => !gone(pair)));
}

function set(pairs: Pair[], { action, key: name = "", value: given, from_attribute: from, default_value: fallback }: Action, found: Pair | undefined): void {
  const source = from === undefined ? undefined : pairs.find((pair) => keyOf(pair) === from);
  const wanted = source === undefined ? (given ?? fallback) : undefined;
  if (source === undefined && wanted === undefined) return;
  if (found !== undefined ? action === "insert" : action === "update") return;
  put(pairs, name, source === undefined ? anyValue(wanted) : structuredClone(source.value ?? {}));
}

/** A value of the configuration: whole numbers are integers. */
function anyValue(given: unknown): Editable {
  if (typeof given === "string") return { stringValue: given };
  if (typeof given === "boolean") return { boolValue: given };
  if (typeof given === "number") return Number.isInteger(given) ? { intValue: String(given) } : { doubleValue: given };
  if (Array.isArray(given)) return { arrayValue: { values: given.map(anyValue) } };
  return { kvlistValue: { values: Object.entries(given ?? {}).map(([name, inner]) => ({ key: name, value: anyValue(inner) })) } };
}

/** SHA-256 of a text, of a boolean's byte, of a number's eight, low byte first; nothing of anything else. */
function hashed(one: Editable | undefined): Editable {
  const [kind, inner] = kindOf(one) ?? ["", ""];
  const bytes = hashedBytes(kind, inner);
  return { stringValue: bytes === undefined ? "" : sha256Hex(bytes) };
}

function hashedBytes(kind: string, inner: unknown): Uint8Array | undefined {
  if (kind === "stringValue") return utf8(String(inner));
  if (kind === "boolValue") return Uint8Array.of(inner === true ? 1 : 0);
  if (kind === "intValue") return new Uint8Array(BigInt64Array.of(BigInt(String(inner))).buffer);
  return kind === "doubleValue" ? doubleBits(Number(inner)) : undefined;
}

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

/** An attribute without a value that cannot be converted stays without one. */
function convert(pair: Pair, type: string): void {
  const before = pair.value ?? {};
  const after = converted(before, type);
  if (after !== before) pair.value = after;
}

function converted(one: Editable, type: string): Editable {
  const [kind, inner] = kindOf(one) ?? ["", ""];
  if (type === "string") return { stringValue: textOf(one) };
  if (type === "int") {
    if (kind === "boolValue") return { intValue: inner === true ? "1" : "0" };
    if (kind === "doubleValue") return { intValue: String(cut(Number(inner))) };
    if (kind !== "stringValue" || !/^[+-]?[0-9]+$/.test(String(inner))) return one;
    const number = BigInt(String(inner).replace("+", ""));
    return number < INT_MIN || number > INT_MAX ? one : { intValue: String(number) };
  }
  if (kind === "boolValue") return { doubleValue: inner === true ? 1 : 0 };
  if (kind === "intValue") return { doubleValue: Number(inner) };
  return kind === "stringValue" && /^[0-9]+$/.test(String(inner)) ? { doubleValue: Number(inner) } : one;
}

/** As the Collector's usual machines cut: what does not fit is the least integer. */
function cut(value: number): bigint {
  return value !== MARK && value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : INT_MIN;
}

const seed = fc.integer({ min: 1, max: 1000 });

describe.each(SIGNALS)("attributes, %s", (signal) => {
  describe.each(Object.entries(ACTIONS))("%s", (_, action) => {
    it.each(ORDERS)("fields %s", async (order) => {
      await fc.assert(
        fc.asyncProperty(seed, fc.array(action, { minLength: 1, maxLength: 3 }), async (from, actions) => {
          const { before, after, strange, strangeAfter } = await run(attributes, { actions }, signal, from, order);
          if (after === undefined) return;
          const level = signal === "metrics" ? "point" : "item";
          visit(signal, before, level, (at) => actions.forEach((one) => act(pairsOf(at[level]), one)));
          expect(comparable(after)).toEqual(comparable(before));
          expect(besideAttributes(strangeAfter)).toEqual(besideAttributes(strange));
        }),
        { seed: 20261121, numRuns: runsHere(8), endOnFailure: true },
      );
    });
  });
});

describe.each(SIGNALS)("resource, %s", (signal) => {
  it.each(ORDERS)("every action, fields %s", async (order) => {
    await fc.assert(
      fc.asyncProperty(seed, fc.array(fc.oneof(...Object.values(ACTIONS)), { minLength: 1, maxLength: 4 }), async (from, actions) => {
        const { before, after, strange, strangeAfter } = await run(resource, { attributes: actions }, signal, from, order);
        if (after === undefined) return;
        visit(signal, before, "resource", (at) => actions.forEach((one) => act(pairsOf(at.resource), one)));
        expect(comparable(after)).toEqual(comparable(before));
        expect(besideAttributes(strangeAfter)).toEqual(besideAttributes(strange));
      }),
      { seed: 20261121, numRuns: runsHere(30), endOnFailure: true },
    );
  });
});

describe("attributes with include and exclude", () => {
  const actions = [{ key: "hit", action: "insert", value: true }];
  type Rule = readonly [settings: object, holds: (item: Editable, resource: Editable, scope: Editable) => boolean];
  const RULES: readonly Rule[] = [
    [{ attributes: [{ key: "a" }] }, (item) => findPair(item, "a") !== undefined],
    [{ attributes: [{ key: "a", value: "x" }, { key: "b" }] }, (item) => stringIn(findPair(item, "a")?.value) === "x" && findPair(item, "b") !== undefined],
    [{ attributes: [{ key: "n", value: 1 }] }, (item) => findPair(item, "n")?.value?.["intValue"] === "1"],
    [{ resources: [{ key: "a", value: "x" }] }, (_, above) => stringIn(findPair(above, "a")?.value) === "x"],
    [{ libraries: [{ name: "lib" }] }, (_item, _resource, scope) => scope["name"] === "lib"],
    [{ libraries: [{ name: "lib", version: "1" }] }, (_item, _resource, scope) => scope["name"] === "lib" && scope["version"] === "1"],
  ];
  it.each(["traces", "logs"] as const)("acts on those that the rule is about, %s", async (signal) => {
    for (const [index, [settings, holds]] of RULES.entries()) {
      for (const side of ["include", "exclude"]) {
        for (let from = 1; from <= 8; from++) {
          const order = ORDERS[(from + index) % 3] ?? "ascending";
          const { before, after } = await run(attributes, { [side]: { match_type: "strict", ...settings }, actions }, signal, from * 7 + index, order);
          visit(signal, before, "item", ({ item, resource: above, scope }) => {
            if (holds(item, above, scope) === (side === "include")) pairsOf(item).push({ key: "hit", value: { boolValue: true } });
          });
          if (after !== undefined) expect(comparable(after), `${side} ${JSON.stringify(settings)}`).toEqual(comparable(before));
        }
      }
    }
  });
});
