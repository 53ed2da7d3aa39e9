/** span on generated requests: names of attributes of every type, attributes out of names, statuses; unknown fields stay. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { span } from "../../src/processors/span.ts";
import { part, visit } from "../ottl/contexts/scene.ts";
import { besideAttributes, comparable, type Editable, fieldText, findPair, kindOf, MARK, ORDERS, pairsOf, put, regexOf, run } from "./model.ts";
import { runsHere } from "../harness/runs.ts";

interface Settings {
  readonly name?: {
    readonly from_attributes?: readonly string[];
    readonly separator?: string;
    readonly to_attributes?: { readonly rules: readonly string[]; readonly break_after_match: boolean; readonly keep_original_name: boolean };
  };
  readonly status?: { readonly code: "Unset" | "Ok" | "Error"; readonly description?: string };
}

const key = fc.constantFrom("a", "b", "c", "n", "user", "card");
const rule = fc.constantFrom("^GET /user/(?P<user>.*)$", "(?P<a>[xy])", "(?P<n>[0-9])(?P<c>[0-9])?", "größe (?P<rest>.+)", "none(?P<b>.)");
const toAttributes = fc.record({ rules: fc.array(rule, { minLength: 1, maxLength: 3 }), break_after_match: fc.boolean(), keep_original_name: fc.boolean() });
const fromAttributes = fc.record({ from_attributes: fc.array(key, { minLength: 1, maxLength: 2 }), separator: fc.constantFrom("", "-") });
const name = fc.oneof(
  fromAttributes,
  fc.record({ to_attributes: toAttributes }),
  fc.tuple(fromAttributes, toAttributes).map(([from, to]) => ({ ...from, to_attributes: to })),
);
const status = fc.constantFrom({ code: "Ok" as const }, { code: "Unset" as const }, { code: "Error" as const, description: "bad" }, { code: "Error" as const });
const settings: fc.Arbitrary<Settings> = fc.oneof(fc.record({ name }), fc.record({ status }), fc.record({ name, status }));

/** Numbers without an exponent; what is no scalar has no text. */
function scalarText(value: Editable | undefined): string {
  const [kind, inner] = kindOf(value) ?? ["", ""];
  if (kind === "stringValue" || kind === "boolValue" || kind === "intValue") return String(inner);
  if (kind !== "doubleValue") return "<unknown-attribute-type>";
  const number = Number(inner);
  if (number === MARK || Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "+Inf" : "-Inf";
  return decimal(number);
}

/** The shortest digits that tell the double, written out. */
function decimal(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [digits = "", exponent = "0"] = Math.abs(value).toExponential().split("e");
  const bare = digits.replace(".", "");
  const point = Number(exponent) + 1;
  if (point <= 0) return bare === "0" ? `${sign}0` : `${sign}0.${"0".repeat(-point)}${bare}`;
  return sign + (bare.length <= point ? bare.padEnd(point, "0") : `${bare.slice(0, point)}.${bare.slice(point)}`);
}

function edit(one: Editable, { name: names, status: wanted }: Settings): void {
  const keys = names?.from_attributes ?? [];
  const found = keys.map((from) => findPair(one, from));
  if (keys.length > 0 && found.every((pair) => pair !== undefined)) one["name"] = found.map((pair) => scalarText(pair?.value)).join(names?.separator ?? "");
  const to = names?.to_attributes;
  for (const pattern of to?.rules ?? []) {
    const before = fieldText(one, "name");
    // Nothing is looked for in a name that a span does not have.
    if (before === "") break;
    const match = regexOf(pattern, "du").exec(before);
    if (match === null) continue;
    for (const [group, text] of Object.entries(match.groups ?? {})) put(pairsOf(one), group, { stringValue: text ?? "" });
    if (to?.keep_original_name !== true) one["name"] = renamed(before, match);
    if (to?.break_after_match === true) break;
  }
  if (wanted === undefined) return;
  const kept = part(one, "status");
  delete kept["code"];
  delete kept["message"];
  if (wanted.code !== "Unset") kept["code"] = wanted.code === "Ok" ? 1 : 2;
  if (wanted.description !== undefined) kept["message"] = wanted.description;
}

/** Each group's text gives way to its name in braces. */
function renamed(before: string, match: RegExpExecArray): string {
  const places = Object.entries(match.indices?.groups ?? {}).filter(([, place]) => place !== undefined);
  let made = "";
  let done = 0;
  for (const [group, [start, end]] of places) {
    made += `${before.slice(done, start)}{${group}}`;
    done = end;
  }
  return made + before.slice(done);
}

describe("span", () => {
  it.each(ORDERS)("fields %s", async (order) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1000 }), settings, async (seed, one) => {
        const { before, after, strange, strangeAfter } = await run(span, one, "traces", seed, order);
        if (after === undefined) return;
        visit("traces", before, "item", ({ item }) => {
          edit(item, one);
          // A name or a message of no characters is none.
          if (item["name"] === "") delete item["name"];
        });
        visit("traces", after, "item", ({ item }) => (item["name"] === "" ? void delete item["name"] : undefined));
        expect(comparable(after)).toEqual(comparable(before));
        expect(besideAttributes(strangeAfter)).toEqual(besideAttributes(strange));
      }),
      { seed: 20261121, numRuns: runsHere(100), endOnFailure: true },
    );
  });
});
