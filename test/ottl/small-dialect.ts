/**
 * A small dialect for tests of the language itself: a context `item` above which `group` stands, whose
 * paths are entries of a map; converters that hand back what they were given; and `set`.
 */
import { encodeAnyValue, kindOf, type Plain } from "../../src/otlp/any-value.ts";
import { Cursor } from "../../src/otlp/cursor.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import { textAt } from "../../src/otlp/text.ts";
import type { Options } from "../../src/ottl/compile/compiler.ts";
import { type Context, define, type Operand, type OttlFunction, type PathSegment, type Tools } from "../../src/ottl/contract.ts";
import { type Dialect, dialectOf } from "../../src/ottl/dialect.ts";
import { set } from "../../src/ottl/functions/set.ts";
import { Subject } from "../../src/ottl/subject.ts";
import { Duration, isMap, StatementError, Time, type Value } from "../../src/ottl/value.ts";
import type { Level } from "../../src/pipeline/step.ts";
import { after, readVarint } from "../../src/wire/varint.ts";
import { EditScript } from "../../src/wire/script.ts";
import { Scratch } from "../../src/wire/scratch.ts";
import { lentEngine } from "../harness/engine.ts";

export interface Rig {
  readonly engine: Engine;
  readonly dialect: Dialect;
  readonly options: Options;
  readonly subject: Subject;
  /** The paths' values, by their names without the context: `name`, `attributes`. */
  readonly fields: Map<string, Value>;
  readonly logged: string[];
  /** How often a value was decoded, and how often a place was looked at. */
  readonly uses: { gets: number; places: number; bodies: number; calls: number };
}

const LEVELS: Readonly<Record<string, Level>> = { item: "item", group: "resource" };

export function rig(prefixed = true): Rig {
  const engine = lentEngine(8 << 20);
  const fields = new Map<string, Value>();
  const logged: string[] = [];
  const uses = { gets: 0, places: 0, bodies: 0, calls: 0 };
  const tools: Tools = { engine, runtime: "test", now: () => 5n, random: () => 0.5, log: (level, message) => logged.push(`${level}: ${message}`) };
  const area = engine.region(4096);

  /** An attribute with a written key lies there as an AnyValue; `count` and `flag` as a message's own fields. */
  const placing = (name: string, key: Operand | undefined, read: (subject: Subject) => Value): Operand["place"] => {
    if (name === "count" || name === "flag") {
      return (subject, place) => {
        uses.places++;
        const value = read(subject);
        place.kind = typeof value === "bigint" ? 3 : typeof value === "boolean" ? 2 : 0;
        const whole = typeof value === "bigint" || typeof value === "boolean" ? BigInt(value) : 0n;
        place.low = Number(BigInt.asUintN(32, whole));
        place.high = Number(BigInt.asUintN(32, whole >> 32n));
      };
    }
    if (key?.constant === undefined) return undefined;
    return (subject, place) => {
      uses.places++;
      const body = encodeAnyValue(read(subject) as Plain); // the tests keep no others in attributes
      engine.bytes.set(body, area);
      place.kind = kindOf(engine.bytes, area, area + body.length);
      place.valueStart = area;
      place.valueEnd = area + body.length;
      if (place.kind === 1 || place.kind === 7) {
        const length = readVarint(engine.bytes, area + 1);
        place.start = after;
        place.end = place.start + length;
      }
    };
  };

  const operandOf = (root: string, segments: readonly PathSegment[]): Operand => {
    const name = (root === "group" ? "group." : "") + segments.map((segment) => segment.name).join(".");
    const [key] = segments.at(-1)?.keys ?? [];
    const read = (subject: Subject): Value => {
      const value = fields.get(name) ?? null;
      if (key === undefined) return value;
      const entry = key.get(subject);
      if (typeof entry !== "string") throw new StatementError("Cannot index attributes: not a string");
      return isMap(value) ? (value.get(entry) ?? null) : null;
    };
    const level = LEVELS[root] ?? "item";
    const write = (subject: Subject, value: Value): void => {
      if (value instanceof Time || value instanceof Duration) throw new StatementError("Cannot store a time");
      const entry = key?.get(subject);
      const whole = fields.get(name);
      if (typeof entry === "string") fields.set(name, new Map([...(whole !== undefined && isMap(whole) ? whole : []), [entry, value]]));
      else fields.set(name, value);
    };
    return {
      get: (subject) => {
        uses.gets++;
        return read(subject);
      },
      set: name === "fixed" ? undefined : write,
      constant: undefined,
      place: placing(name, key, read),
      setBody:
        key?.constant === undefined
          ? undefined
          : (subject, start, end) => {
              uses.bodies++;
              write(subject, kindOf(engine.bytes, start, end) === 1 ? textAt(engine.bytes, start + 2, end) : `body of ${end - start}`);
            },
      reads: [level],
      writes: [level],
    };
  };

  const context: Context = {
    name: "item",
    level: "item",
    roots: ["item", "group"],
    enums: new Map([
      ["KIND_ONE", 1n],
      ["KIND_TWO", 2n],
    ]),
    path: (root, segments) => {
      const known = ["name", "count", "ratio", "flag", "bytes", "attributes", "list", "time", "length", "fixed", "resource"];
      const wrong = segments.findIndex((segment, index) => index > 0 || !known.includes(segment.name));
      if (wrong >= 0) return { message: `Unknown path ${segments[wrong]?.name ?? ""}`, segment: wrong, known };
      return operandOf(root, segments);
    },
  };

  const functions: OttlFunction[] = [
    set,
    define("fail", [{ name: "why", kind: "string_getter" }], ({ why }) => (subject) => {
      throw new StatementError(why(subject));
    }),
    define("set_group", [{ name: "value", kind: "getter" }], ({ value }) => ({
      run: (subject) => (fields.set("group.name", value.get(subject)), null),
      writes: ["resource"],
    })),
    define("Same", [{ name: "value", kind: "getter" }], ({ value }) => (subject) => {
      uses.calls++;
      return value.get(subject);
    }),
    define("Impure", [{ name: "value", kind: "getter" }], ({ value }) => ({ pure: false, run: (subject) => (uses.calls++, value.get(subject)) })),
    define("Now", [], (_args, given) => () => new Time(given.now())),
    define("Second", [], () => () => new Duration(1_000_000_000n)),
    define("Fail", [{ name: "why", kind: "string_getter" }], ({ why }) => (subject) => {
      throw new StatementError(why(subject));
    }),
    define(
      "UPPER",
      [{ name: "text", kind: "string_getter" }],
      ({ text }) =>
        (subject) =>
          text(subject).toUpperCase(),
    ),
    define(
      "ToLower",
      [{ name: "text", kind: "string_getter" }],
      ({ text }) =>
        (subject) =>
          text(subject).toLowerCase(),
    ),
    define(
      "Apply",
      [
        { name: "value", kind: "getter" },
        { name: "with_function", kind: "function" },
      ],
      ({ value, with_function: apply }) =>
        (subject) =>
          apply(subject, value.get(subject)),
    ),
    define(
      "MapEach",
      [
        { name: "items", kind: "list_getter" },
        { name: "each", kind: "lambda", arity: 2 },
      ],
      ({ items, each }) =>
        (subject) =>
          items(subject).map((item, index) => each(subject, BigInt(index), item)),
    ),
    define(
      "Kinds",
      [
        { name: "text", kind: "string", optional: true },
        { name: "whole", kind: "int", optional: true },
        { name: "real", kind: "float", optional: true },
        { name: "switch_on", kind: "bool", optional: true },
        { name: "kind", kind: "enum", optional: true },
        { name: "names", kind: "string", list: true, optional: true },
      ],
      (args) => () => new Map<string, Value>(Object.entries(args).map(([name, value]) => [name, value ?? null])),
    ),
    ...(
      [
        "string_like",
        "int_like",
        "float_like",
        "bool_like",
        "bytes_like",
        "string_getter",
        "int_getter",
        "float_getter",
        "bool_getter",
        "map_getter",
        "list_getter",
        "time_getter",
        "duration_getter",
      ] as const
    ).map((kind) =>
      define(
        nameOf(kind),
        [{ name: "value", kind }],
        ({ value }) =>
          (subject): Value =>
            value(subject),
      ),
    ),
  ];

  const scratch = new Scratch(engine.pool);
  const subject = new Subject(new Cursor(engine.desk(scratch, new EditScript()), "traces"));
  return { engine, dialect: dialectOf(context, functions), options: { tools, prefixed }, subject, fields, logged, uses };
}

/** `string_like` is called StringLike. */
function nameOf(kind: string): string {
  return kind
    .split("_")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
}
