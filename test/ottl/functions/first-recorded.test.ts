/** The calls of cases-first.ts answer as the Collector did (v0.159), but for the differences named here. */
import { describe, expect, test } from "vitest";
import * as convert from "../../../src/ottl/compile/convert.ts";
import { BuildError, type ParameterKind } from "../../../src/ottl/contract.ts";
import { FIRST } from "../../../src/ottl/functions/first.ts";
import { partsOf } from "../../../src/ottl/functions/time/calendar.ts";
import { Duration, isList, isMap, StatementError, Time, type Value } from "../../../src/ottl/value.ts";
import { type Argument, type Call, CASES, XML } from "./cases-first.ts";
import answers from "./collector-answers-first.json" with { type: "json" };
import { call, named } from "./harness.ts";

/** What differs, and why. A difference that is none any more fails. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  [String.raw`ParseJSON("{\"a\":01}")`]: "A number that begins with a nought is no JSON; the Collector's reader takes it.",
  [`RemoveXML(${JSON.stringify(XML)}, "//@*")`]: "The Collector finds attributes with a prefix, and leaves them.",
  [`ConvertAttributesToElementsXML(${JSON.stringify(XML)})`]: "The Collector finds attributes with a prefix, copies them, and leaves them.",
};

/** Calls, by their place, with Grok's patterns for one product's logs, or captures within them: only the general ones are here (grok/patterns.ts). */
const OTHER_PATTERNS = new Set([802, 803, 804, 805, 806, 807, 808, 809, 818, 819, 822, 823, 824, 828, 830]);

const CONVERT: Partial<Record<ParameterKind, (value: Value) => Value>> = {
  string_getter: convert.exactString,
  string_like: convert.likeString,
  int_getter: convert.exactInt,
  time_getter: convert.exactTime,
  duration_getter: convert.exactDuration,
  bytes_like: convert.likeBytes,
  map_getter: convert.exactMap,
};

describe("the Collector's answers", () => {
  test("there is one for each call", () => {
    expect(answers).toHaveLength(CASES.length);
  });
  CASES.forEach((one, index) => {
    test(`${index} ${textOf(one).slice(0, 120)}`, () => {
      const differs = DIFFERENCES[textOf(one)];
      if (differs === undefined && !OTHER_PATTERNS.has(index)) expect(answerTo(one)).toEqual(expected(answers[index]));
      else expect(answerTo(one)).not.toEqual(expected(answers[index]));
    });
  });
});

/** Errors compare as errors: their words are our own. */
function expected(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null || !("refused" in answer || "error" in answer)) return answer;
  return "error";
}

function answerTo(one: Call): unknown {
  try {
    return encoded(run(one));
  } catch (error) {
    if (error instanceof StatementError || error instanceof BuildError) return "error";
    throw error;
  }
}

function run({ fn, args }: Call): Value {
  const definition = named(FIRST, fn);
  const given = definition.parameters.flatMap(({ name, kind, list }, index) => {
    const argument = args[index];
    if (argument === undefined) return [];
    const convertOne = CONVERT[kind] ?? ((value: Value) => value);
    if (list !== true) return [[name, convertOne(valueOf(argument))]];
    const values = valueOf(argument);
    return [[name, isList(values) ? values.map(convertOne) : []]];
  });
  return call(definition, Object.fromEntries(given));
}

function valueOf(argument: Argument): Value {
  if (typeof argument !== "object") return argument;
  if (isArguments(argument)) return argument.map(valueOf);
  if ("map" in argument) return new Map(Object.entries(argument.map).map(([key, value]) => [key, valueOf(value)]));
  return run(argument);
}

function isArguments(argument: Argument): argument is readonly Argument[] {
  return Array.isArray(argument);
}

function encoded(value: Value): unknown {
  if (value === null) return { nil: true };
  if (typeof value === "string") return { s: value };
  if (typeof value === "bigint") return { i: String(value) };
  if (typeof value === "number") return { d: value };
  if (typeof value === "boolean") return { b: value };
  if (value instanceof Duration) return { dur: String(value.nanos) };
  if (value instanceof Time) {
    const { nanos, offset } = partsOf(value);
    return { t: String((value.unixNano - BigInt(nanos)) / 1_000_000_000n), n: nanos, o: offset };
  }
  if (isList(value)) return { l: value.map(encoded) };
  if (isMap(value)) return { m: Object.fromEntries(Array.from(value, ([key, item]) => [key, encoded(item)])) };
  return { bytes: value };
}

/** The call in OTTL. */
function textOf({ fn, args }: Call): string {
  return `${fn}(${args.map(literal).join(", ")})`;
}

function literal(argument: Argument): string {
  if (typeof argument === "string") return JSON.stringify(argument);
  if (typeof argument === "number") return String(argument);
  if (typeof argument !== "object") return String(argument);
  if (isArguments(argument)) return `[${argument.map(literal).join(", ")}]`;
  if ("map" in argument)
    return `{${Object.entries(argument.map)
      .map(([key, value]) => `${JSON.stringify(key)}: ${literal(value)}`)
      .join(", ")}}`;
  return textOf(argument);
}
