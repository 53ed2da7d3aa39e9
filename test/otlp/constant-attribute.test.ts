/** Attributes of the configuration: put into lists of several tags, for one they are not copied, and the bytes are the judge's. */
import { expect, it } from "vitest";
import { type Plain as Value } from "../../src/otlp/any-value.ts";
import { ConstantAttribute } from "../../src/otlp/constant-attribute.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import * as tables from "../../src/otlp/tables.ts";
import { textAt } from "../../src/otlp/text.ts";
import { View } from "../../src/otlp/view.ts";
import { EditScript } from "../../src/wire/script.ts";
import { Scratch } from "../../src/wire/scratch.ts";
import { skipVarint } from "../../src/wire/varint.ts";
import { testEngine } from "../harness/engine.ts";
import { judgeOf } from "../harness/judge.ts";

const NAMES = { span: "opentelemetry.proto.trace.v1.Span", log: "opentelemetry.proto.logs.v1.LogRecord" } as const;
const SHAPES = { span: tables.Span, log: tables.LogRecord } as const;

/** What a message with the attribute `a` is after `edit`, and the pieces that it is made of. */
function edited(
  engine: Engine,
  of: "span" | "log",
  edit: (view: View) => void,
): { readonly attributes: unknown; readonly pieces: number; readonly written: boolean } {
  const { encode, toObject } = judgeOf(NAMES[of]);
  const bytes = encode({ attributes: [{ key: "a", value: { intValue: "1" } }] });
  const start = engine.constant(Uint8Array.of(0x0a, bytes.length, ...bytes)).start;
  const end = start + 2 + bytes.length;
  const scratch = new Scratch(engine.pool);
  const script = new EditScript();
  script.reset(start, end);
  const view = new View(engine.desk(scratch, script), SHAPES[of], undefined, 1);
  view.at(start, start + 2, end);
  scratch.take(scratch.reserve(1) + 1);
  const before = scratch.end;
  edit(view);
  const written = scratch.end !== before;
  view.flush();
  script.apply(scratch);
  const pieces = script.pieces();
  const whole: number[] = [];
  for (let at = 0; at < pieces.length; at += 2) whole.push(...engine.bytes.subarray(pieces[at], pieces[at + 1]));
  scratch.drop();
  const message = Uint8Array.from(whole);
  return { attributes: toObject(message.subarray(skipVarint(message, 1)))["attributes"], pieces: pieces.length / 2, written };
}

const entry = (key: string, value: object) => ({ key, value });
const A = entry("a", { intValue: "1" });

it.each<[what: string, key: string, value: Value, judged: object]>([
  ["text", "key", "värde", { stringValue: "värde" }],
  ["no key and no text", "", "", { stringValue: "" }],
  ["a long key and a long text", "k".repeat(200), "v".repeat(2000), { stringValue: "v".repeat(2000) }],
  ["an integer", "n", -5n, { intValue: "-5" }],
  ["a boolean", "t", true, { boolValue: true }],
  ["a double", "d", 0.5, { doubleValue: 0.5 }],
  ["a list", "l", [1n, "x"], { arrayValue: { values: [{ intValue: "1" }, { stringValue: "x" }] } }],
])("%s: it is what it says, in the lists of one tag without a copy", (_what, key, value, judged) => {
  const engine = testEngine();
  const constant = new ConstantAttribute(engine, key, value);
  expect(textAt(engine.bytes, constant.key.start, constant.key.end)).toBe(key);
  expect(engine.text(key)).toMatchObject({ keyLow: constant.key.keyLow, keyHigh: constant.key.keyHigh });
  const put = (view: View) => view.attributes.put(view.attributes.find(constant.key), constant);
  for (const [of, copied] of [
    ["span", false],
    ["log", true],
    ["span", false],
  ] as const) {
    const { attributes, written } = edited(engine, of, put);
    expect([attributes, written]).toEqual([[A, entry(key, judged)], copied]);
  }
});

it("takes the place of what was there, of what was set, and is found and removed like any other", () => {
  const engine = testEngine();
  const [one, two, b] = [new ConstantAttribute(engine, "a", "one"), new ConstantAttribute(engine, "a", "two"), new ConstantAttribute(engine, "b", 2n)];
  const put = ({ attributes }: View, constant: ConstantAttribute) => attributes.put(attributes.find(constant.key), constant);
  const after = (...steps: readonly ((view: View) => void)[]) => edited(engine, "span", (view) => steps.forEach((step) => step(view))).attributes;
  expect(after((view) => put(view, one))).toEqual([entry("a", { stringValue: "one" })]);
  expect(
    after(
      (view) => put(view, one),
      (view) => put(view, two),
    ),
  ).toEqual([entry("a", { stringValue: "two" })]);
  expect(
    after(
      (view) => put(view, b),
      (view) => put(view, b),
    ),
  ).toEqual([A, entry("b", { intValue: "2" })]);
  const remove = ({ attributes }: View) => attributes.remove(attributes.find(b.key));
  expect(after((view) => put(view, b), remove)).toEqual([A]);
  // A value is taken from it by others.
  const copyOf = ({ attributes }: View) => attributes.add(one.key.start, one.key.end, attributes.valueStart(1), attributes.valueEnd(1));
  expect(after((view) => put(view, b), copyOf)).toEqual([A, entry("b", { intValue: "2" }), entry("a", { intValue: "2" })]);
});

it("is one piece with those that were placed before and behind it", () => {
  const engine = testEngine();
  const constants = Array.from({ length: 100 }, (_, index) => new ConstantAttribute(engine, `k${index}`, "v"));
  const { attributes, pieces } = edited(engine, "span", (view) => constants.forEach((constant) => view.attributes.put(-1, constant)));
  expect(attributes).toEqual([A, ...constants.map((_, index) => entry(`k${index}`, { stringValue: "v" }))]);
  // The tag, the new length, what was there, and all that is new.
  expect(pieces).toBe(4);
});

it("has no room where constants have none", () => {
  expect(() => new ConstantAttribute(testEngine(), "a", "v".repeat(1 << 20))).toThrow(/Cannot place a rule's text: over 1 MiB of constants/);
});
