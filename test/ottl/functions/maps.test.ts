/** Editors and converters of maps: each on a value, and on the attributes of a span where they lie. The two must agree. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeKeyValue, type Plain } from "../../../src/otlp/any-value.ts";
import { BuildError } from "../../../src/ottl/contract.ts";
import { SECOND } from "../../../src/ottl/functions/second.ts";
import { Subject } from "../../../src/ottl/subject.ts";
import { StatementError, type Value } from "../../../src/ottl/value.ts";
import { judgeOf, type Plain as Message } from "../../harness/judge.ts";
import { list } from "../../harness/multiset.ts";
import { built, call, edited, engine, named, operand } from "./harness.ts";
import { spans, walk } from "./walk.ts";
import { runsHere } from "../../harness/runs.ts";

type Pairs = readonly (readonly [string, Plain])[];

const keyValue = judgeOf("opentelemetry.proto.common.v1.KeyValue");
const messages = (pairs: Pairs): Message[] => pairs.map(([key, value]) => keyValue.toObject(encodeKeyValue(key, value)));

/** What the editor makes of the attributes of spans, as the judge reads them. */
function onEach(name: string, maps: readonly Pairs[], args: Readonly<Record<string, unknown>>): (readonly Message[])[] {
  const never = () => {
    throw new Error("The whole map was asked for");
  };
  const target = operand(never, { set: never, attributes: ({ cursor }) => cursor.item.attributes });
  const edit = built(named(SECOND, name), { ...args, target });
  const items = maps.map((pairs) => ({ attributes: messages(pairs) }));
  return spans(walk(items, (cursor) => edit(new Subject(cursor)))).map((span) => list(span, "attributes"));
}

function onAttributes(name: string, pairs: Pairs, args: Readonly<Record<string, unknown>>): readonly Message[] {
  return onEach(name, [pairs], args)[0] ?? [];
}

function check(name: string, pairs: Pairs, args: Readonly<Record<string, unknown>>, wanted: Pairs): void {
  expect(edited(named(SECOND, name), new Map(pairs), args)).toEqual(new Map(wanted));
  expect(onAttributes(name, pairs, args)).toEqual(messages(wanted));
}

const PAIRS: Pairs = [
  ["http.method", "GET"],
  ["http.status", 200n],
  ["user", null],
  ["nested", new Map([["a", [1n, 2.5, true]]])],
  ["é", new Uint8Array([1, 2])],
];
const only = (...keys: string[]) => PAIRS.filter(([key]) => keys.includes(key));
const but = (...keys: string[]) => PAIRS.filter(([key]) => !keys.includes(key));

describe("delete_key", () => {
  it.each(["http.status", "é", "user", "none"])("%s, as a literal and computed", (key) => {
    check("delete_key", PAIRS, { key }, but(key));
    check("delete_key", PAIRS, { key: () => key }, but(key));
  });

  it("takes the first of two attributes with the key", () => {
    const twice: Pairs = [
      ["a", 1n],
      ["b", 2n],
      ["a", 3n],
    ];
    expect(onAttributes("delete_key", twice, { key: "a" })).toEqual(messages(twice.slice(1)));
  });
});

describe("keep_keys", () => {
  it.each<[string[]]>([[["http.status", "é"]], [["user"]], [["none"]], [[]]])("%j, as literals, computed and mixed", (keys) => {
    check("keep_keys", PAIRS, { keys }, only(...keys));
    check("keep_keys", PAIRS, { keys: keys.map((key) => () => key) }, only(...keys));
    check("keep_keys", PAIRS, { keys: keys.map((key, index) => (index === 0 ? key : () => key)) }, only(...keys));
  });

  it("keeps both of two attributes with the key", () => {
    const twice: Pairs = [
      ["a", 1n],
      ["b", 2n],
      ["a", 3n],
    ];
    expect(onAttributes("keep_keys", twice, { keys: ["a"] })).toEqual(messages([twice[0] ?? ["", null], twice[2] ?? ["", null]]));
  });
});

describe("delete_matching_keys and keep_matching_keys", () => {
  it.each(["^http\\.", "é|user", "(?i)HTTP", "$^"])("%s", (pattern) => {
    const matching = PAIRS.map(([key]) => key).filter((key) => new RegExp(pattern.replace("(?i)", ""), pattern.startsWith("(?i)") ? "i" : "").test(key));
    check("delete_matching_keys", PAIRS, { pattern }, but(...matching));
    check("keep_matching_keys", PAIRS, { pattern }, only(...matching));
    check("keep_matching_keys", PAIRS, { pattern: () => pattern }, only(...matching));
  });

  it("refuse a pattern that is none: a literal when configured", () => {
    expect(() => edited(named(SECOND, "delete_matching_keys"), new Map(), { pattern: "(" })).toThrow(BuildError);
    expect(() => edited(named(SECOND, "delete_matching_keys"), new Map(), { pattern: () => "(" })).toThrow(StatementError);
  });
});

describe("limit", () => {
  it.each<[bigint, string[], string[]]>([
    [5n, [], ["http.method", "http.status", "user", "nested", "é"]],
    [9n, ["none"], ["http.method", "http.status", "user", "nested", "é"]],
    [2n, [], ["http.method", "http.status"]],
    [2n, ["é"], ["http.method", "é"]],
    [2n, ["é", "user"], ["user", "é"]],
    [2n, ["none"], ["http.method", "http.status"]],
    [0n, [], []],
  ])("to %s with %j keeps %j", (limit, priorities, kept) => {
    check("limit", PAIRS, { limit, priority_keys: priorities }, only(...kept));
  });

  it("refuses less than nothing, and less than what it must keep", () => {
    expect(() => edited(named(SECOND, "limit"), new Map(), { limit: -1n, priority_keys: [] })).toThrow(BuildError);
    expect(() => edited(named(SECOND, "limit"), new Map(), { limit: 1n, priority_keys: ["a", "b"] })).toThrow(BuildError);
  });
});

describe("merge_maps", () => {
  const target: Pairs = [
    ["a", 1n],
    ["b", "x"],
  ];
  const source = new Map<string, Value>([
    ["b", [1n]],
    ["c", "y".repeat(2000)],
  ]);
  const added: Pairs[number] = ["c", "y".repeat(2000)];

  it.each<[string, Pairs]>([
    ["insert", [...target, added]],
    [
      "update",
      [
        ["a", 1n],
        ["b", [1n]],
      ],
    ],
    ["upsert", [["a", 1n], ["b", [1n]], added]],
  ])("%s", (strategy, wanted) => {
    check("merge_maps", target, { source, strategy }, wanted);
  });

  it("refuses other strategies, and gives back what it borrowed", () => {
    expect(() => edited(named(SECOND, "merge_maps"), new Map(), { source, strategy: "replace" })).toThrow(BuildError);
    expect(engine.pool.blocks).toBe(0);
  });
});

describe("any map", () => {
  const key = fc.constantFrom("a", "b", "ab", "é", "", "http.method", "k".repeat(70));
  const value = fc.oneof(fc.string({ unit: "grapheme", maxLength: 5 }), fc.bigInt(-3n, 3n), fc.boolean(), fc.constant(null));
  const pairs = fc.array(fc.tuple(key, value), { maxLength: 8 }).map((drawn): Pairs => [...new Map<string, Plain>(drawn)]);
  const more = fc.array(fc.tuple(fc.string({ maxLength: 3 }), value), { minLength: 40, maxLength: 60 }).map((drawn) => new Map<string, Plain>(drawn));
  const strategy = fc.constantFrom("insert", "update", "upsert");

  it.each<[string, fc.Arbitrary<Readonly<Record<string, unknown>>>]>([
    ["delete_key", fc.record({ key })],
    ["keep_keys", fc.record({ keys: fc.array(key, { maxLength: 4 }) })],
    ["delete_matching_keys", fc.record({ pattern: fc.constantFrom("a", "^a", "b$", "^$", "\\.", "é|k+") })],
    ["limit", fc.record({ limit: fc.bigInt(3n, 6n), priority_keys: fc.uniqueArray(key, { maxLength: 3 }) })],
    ["merge_maps", fc.record({ source: pairs.map((drawn) => new Map(drawn)), strategy })],
    ["merge_maps", fc.record({ source: more, strategy })],
    ["stringify_all", fc.constant({})],
  ])("%s (%#) says the same of a value and of attributes", (name, args) => {
    fc.assert(
      fc.property(fc.array(pairs, { minLength: 30, maxLength: 30 }), args, (maps, with_) => {
        const wanted = maps.map((given) => messages([...(edited(named(SECOND, name), new Map(given), with_) as Map<string, Plain>)]));
        expect(onEach(name, maps, with_)).toEqual(wanted);
      }),
      { numRuns: runsHere(5) },
    );
  });
});

describe("stringify_all", () => {
  it("writes values as text and leaves text alone", () => {
    check("stringify_all", PAIRS, {}, [
      ["http.method", "GET"],
      ["http.status", "200"],
      ["user", ""],
      ["nested", '{"a":[1,2.5,true]}'],
      ["é", "AQI="],
    ]);
  });
});

describe("flatten", () => {
  const flat = (value: Value, args: Readonly<Record<string, unknown>> = {}) => edited(named(SECOND, "flatten"), value, args);
  const tree: Value = new Map<string, Value>([
    ["name", "x"],
    [
      "address",
      new Map<string, Value>([
        ["street", "s"],
        ["deep", new Map([["er", 1n]])],
      ]),
    ],
    ["list", ["a", new Map([["k", true]]), ["n", "m"]]],
    ["none", new Map()],
  ]);

  it("names each value by the whole way to it", () => {
    expect([...(flat(tree) as Map<string, Value>)]).toEqual([
      ["name", "x"],
      ["address.street", "s"],
      ["address.deep.er", 1n],
      ["list.0", "a"],
      ["list.1.k", true],
      ["list.20", "n"],
      ["list.21", "m"],
    ]);
  });

  it("goes no deeper than asked, behind a prefix", () => {
    expect([...(flat(tree, { prefix: "p", depth: 1n }) as Map<string, Value>).keys()]).toEqual([
      "p.name",
      "p.address.street",
      "p.address.deep",
      "p.list.0",
      "p.list.1",
      "p.list.2",
    ]);
    expect(() => flat(tree, { depth: 0n })).toThrow(BuildError);
  });

  it("lets the later of two with one name stand, or numbers them", () => {
    const twice: Value = new Map<string, Value>([
      ["a.b", 1n],
      ["a", new Map([["b", 2n]])],
      ["l", [3n, 4n, 5n]],
    ]);
    expect([...(flat(twice) as Map<string, Value>)]).toEqual([
      ["a.b", 2n],
      ["l.0", 3n],
      ["l.1", 4n],
      ["l.2", 5n],
    ]);
    expect([...(flat(twice, { resolve_conflicts: true }) as Map<string, Value>)]).toEqual([
      ["a.b", 1n],
      ["a.b.0", 2n],
      ["l", 3n],
      ["l.0", 4n],
      ["l.1", 5n],
    ]);
  });
});

describe("converters of maps", () => {
  const target = new Map<string, Value>([
    ["b", 'say "hi"'],
    ["a", 1n],
    ["c d", null],
  ]);

  it("Keys, Values and Len", () => {
    expect(call(named(SECOND, "Keys"), { target })).toEqual(["b", "a", "c d"]);
    expect(call(named(SECOND, "Values"), { target })).toEqual(['say "hi"', 1n, null]);
  });

  it("Len counts attributes where they lie, the second of one key too", () => {
    const lengths: Value[] = [];
    const count = built(named(SECOND, "Len"), { target: operand(() => null, { attributes: ({ cursor }) => cursor.item.attributes }) });
    onAttributes(
      "delete_key",
      [
        ["a", 1n],
        ["b", 2n],
        ["a", 3n],
      ],
      {
        key: (subject: Subject) => {
          lengths.push(count(subject));
          return "a";
        },
      },
    );
    expect(lengths).toEqual([3n]);
  });

  it("ToKeyValueString quotes what holds a delimiter, and sorts when asked", () => {
    const text = (args: Readonly<Record<string, unknown>>) => call(named(SECOND, "ToKeyValueString"), { target, ...args });
    expect(text({})).toBe('b="say \\"hi\\"" a=1 "c d"=');
    expect(text({ delimiter: ":", pair_delimiter: ",", sort_output: true })).toBe('a:1,b:say \\"hi\\",c d:');
    for (const wrong of [{ delimiter: "" }, { pair_delimiter: "" }, { delimiter: " " }]) expect(() => text(wrong)).toThrow(BuildError);
  });
});
