/** set, and the functions of spans, on spans where they lie. */
import { describe, expect, it } from "vitest";
import { decodeAnyValue, INT_VALUE, kindOf } from "../../../src/otlp/any-value.ts";
import type { Operand, Place } from "../../../src/ottl/contract.ts";
import { SECOND } from "../../../src/ottl/functions/second.ts";
import { SPAN_FUNCTIONS } from "../../../src/ottl/functions/span.ts";
import { Subject } from "../../../src/ottl/subject.ts";
import type { Value } from "../../../src/ottl/value.ts";
import { spans, walk } from "./walk.ts";
import { built, edited, engine, named, nobody, operand } from "./harness.ts";

const set = named(SECOND, "set");

describe("set", () => {
  it("sets what it is given, and nothing for nil", () => {
    expect(edited(set, null, { value: "x" })).toBe("x");
    expect(edited(set, null, { value: () => [1n] })).toEqual([1n]);
    expect(edited(set, 1n, { value: null })).toBeUndefined();
    expect(edited(set, 1n, { value: () => null })).toBeUndefined();
  });

  /** A target that takes bodies, and what it was set to. */
  function attribute(): { readonly target: Operand; readonly log: (readonly [string, Value])[] } {
    const log: (readonly [string, Value])[] = [];
    const target = operand(null, {
      set: (_subject, value) => log.push(["value", value]),
      setBody: (_subject, start, end) => log.push(["body", decodeAnyValue(engine.bytes, start, end)]),
    });
    return { target, log };
  }

  it.each<Value>(["text", 9007199254740993n, -0.5, false, Uint8Array.of(1, 2), [1n, ["a"]], new Map([["k", 1n]])])(
    "hands %o over as a body, encoded once",
    (value) => {
      const { target, log } = attribute();
      const run = built(set, { target, value });
      run();
      run();
      expect(log).toEqual([
        ["body", value],
        ["body", value],
      ]);
    },
  );

  it("a literal nil sets nothing", () => {
    const { target, log } = attribute();
    built(set, { target, value: null })();
    expect(log).toEqual([]);
  });

  it("copies an attribute's body, what is no attribute as a value, and nothing for what is not there", () => {
    const { start, end } = engine.constant(Uint8Array.of(0x18, 0x2a));
    expect(kindOf(engine.bytes, start, end)).toBe(INT_VALUE);
    const { target, log } = attribute();
    const places: ((place: Place) => void)[] = [
      (place) => Object.assign(place, { kind: INT_VALUE, valueStart: start, valueEnd: end }),
      (place) => Object.assign(place, { kind: INT_VALUE }),
      (place) => Object.assign(place, { kind: 0 }),
    ];
    let at = 0;
    const value = operand(() => 7n, { place: (_subject, place) => places[at++]?.(place) });
    const run = built(set, { target, value });
    for (const _ of places) run(nobody);
    expect(log).toEqual([
      ["body", 42n],
      ["value", 7n],
    ]);
  });
});

describe("IsRootSpan", () => {
  it("is true without a parent, and with one of zeros", () => {
    const parents = [undefined, new Uint8Array(8), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)];
    const isRoot = built(named(SPAN_FUNCTIONS, "IsRootSpan"), {});
    const seen: Value[] = [];
    walk(
      parents.map((parentSpanId) => (parentSpanId === undefined ? {} : { parentSpanId })),
      (cursor) => seen.push(isRoot(new Subject(cursor))),
    );
    expect(seen).toEqual([true, true, false]);
  });

  it("changes nothing that is only looked at", () => {
    expect(spans(walk([{ name: "a" }], () => undefined)).map(({ name }) => name)).toEqual(["a"]);
  });
});
