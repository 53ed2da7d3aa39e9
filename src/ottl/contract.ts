/**
 * What the parts of OTTL agree on: a compiled value (`Operand`), a function's definition, a context's
 * paths. The compiler knows no function and no path by name; functions know no grammar.
 */
import type { Host } from "../base/host.ts";
import type { Attributes } from "../otlp/attributes.ts";
import type { RuleMemory } from "../otlp/engine.ts";
import type { Level } from "../pipeline/step.ts";
import type { Subject } from "./subject.ts";
import type { Duration, Time, Value } from "./value.ts";

export type Get<T = Value> = (subject: Subject) => T;

/** Where a value lies in the engine's memory, so that rules can compare and copy it without decoding. */
export class Place {
  /** AnyValue's field number for what is there (any-value.ts), 0: nil. A text field that is absent is an empty text, not nil. */
  kind = 0;
  /** The text's or the bytes' own range, when `kind` is STRING_VALUE or BYTES_VALUE. */
  start = 0;
  end = 0;
  /** The AnyValue's body, for what is an attribute's value; -1 otherwise. */
  valueStart = -1;
  valueEnd = -1;
  /** The halves of an integer or a bool that is no attribute's value: `kind` is INT_VALUE or BOOL_VALUE, `valueStart` -1. */
  low = 0;
  high = 0;
}

/** A compiled value: of a path, a literal, a converter's call, arithmetic, a list, a map, an enum. */
export interface Operand {
  readonly get: Get;
  /** For paths that can be written. Throws StatementError for a value of a wrong type. */
  readonly set: ((subject: Subject, value: Value) => void) | undefined;
  /** The value, when it is the same for every item: `get` then returns it. */
  readonly constant: { readonly value: Value } | undefined;
  /** Fills the place without decoding: a path to text, or to one attribute. */
  readonly place: ((subject: Subject, place: Place) => void) | undefined;
  /** Sets to an AnyValue's body that lies in memory, which is copied: a path to one attribute. */
  readonly setBody: ((subject: Subject, valueStart: number, valueEnd: number) => void) | undefined;
  /** For a path to a whole map of attributes: the list itself, so that editors work on it without decoding values. */
  readonly attributes?: ((subject: Subject) => Attributes) | undefined;
  readonly reads: readonly Level[];
  /** Levels that `set` writes. */
  readonly writes: readonly Level[];
}

/** A value of one type, as it is given to a function. A plain closure will do. */
export interface Getter<T> extends Get<T> {
  /** The value, when it is the same for every item. */
  readonly constant?: { readonly value: T } | undefined;
  /** What it is computed from: for a fast form on its `place`. */
  readonly operand?: Operand | undefined;
}

/** A function of one or two values, given to a function: `(key, value) => ...`. */
export type Lambda = (subject: Subject, ...values: Value[]) => Value;

/**
 * The kinds of parameter. `string`, `int`, `float` and `bool` are literals, known when configured;
 * `*_getter` are computed and must have exactly the type, `*_like` are converted as the Collector's
 * like-getters do, and may be null. A list of any of them takes OTTL's list syntax.
 */
export interface Parameters {
  getter: Operand;
  setter: Operand;
  get_setter: Operand;
  map_getter: Getter<ReadonlyMap<string, Value>>;
  map_get_setter: Operand;
  list_getter: Getter<readonly Value[]>;
  list_get_setter: Operand;
  string_getter: Getter<string>;
  string_like: Getter<string | null>;
  int_getter: Getter<bigint>;
  int_like: Getter<bigint | null>;
  float_getter: Getter<number>;
  float_like: Getter<number | null>;
  bool_getter: Getter<boolean>;
  bool_like: Getter<boolean | null>;
  bytes_like: Getter<Uint8Array | null>;
  time_getter: Getter<Time>;
  duration_getter: Getter<Duration>;
  function: FunctionUse;
  lambda: Lambda;
  enum: bigint;
  string: string;
  int: bigint;
  float: number;
  bool: boolean;
}

/** A converter handed over by its name, as `replace_pattern(..., SHA256)` does: called with one value, already its first argument. */
export type FunctionUse = (subject: Subject, value: Value) => Value;

export type ParameterKind = keyof Parameters;

export interface Parameter {
  /** The Collector's snake_case name, for named arguments. */
  readonly name: string;
  readonly kind: ParameterKind;
  readonly list?: true;
  readonly optional?: true;
  /** Of a lambda: how many values it takes. */
  readonly arity?: number;
}

type Built<P extends Parameter> = P extends { readonly list: true } ? readonly Parameters[P["kind"]][] : Parameters[P["kind"]];

/** The arguments by name, built as their parameters say. */
export type Arguments<P extends readonly Parameter[]> = {
  readonly [One in P[number] as One["name"]]: One extends { readonly optional: true } ? Built<One> | undefined : Built<One>;
};

/** What a function may need from outside, when it is built. */
export interface Tools {
  readonly engine: RuleMemory;
  readonly runtime: Host["runtime"];
  /** Nanoseconds since 1970, for Now(). */
  now(): bigint;
  /** From 0 up to 1, for UUID(). */
  random(): number;
  log(level: "debug" | "info" | "warn" | "error", message: string): void;
}

/** Thrown while a function is built: the configuration is wrong. Becomes an error at the call's place in the statement. */
export class BuildError extends Error {
  readonly cure: string | undefined;

  constructor(message: string, cure?: string) {
    super(message);
    this.cure = cure;
  }
}

/** A converter (capital letter: it gives a value) or an editor (small letter: it changes the item). */
export interface OttlFunction {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** Called once a use. The result is called once an item; an editor's value is not looked at. */
  build(args: never, tools: Tools): Operation;
}

export interface Operation {
  readonly run: Get;
  /** The levels that an editor writes beside those of its operands, or that either reads beside them. */
  readonly reads?: readonly Level[];
  readonly writes?: readonly Level[];
  /** True for an editor that uses `Subject.metric`: it may put another metric in place of the one at hand, or add some. */
  readonly replaces?: true;
  /** False for what differs from call to call (Now, UUID): never computed ahead. */
  readonly pure?: false;
}

/** Declares a function, with its arguments typed by its parameters. */
export function define<const P extends readonly Parameter[]>(
  name: string,
  parameters: P,
  build: (args: Arguments<P>, tools: Tools) => Operation | Get,
): OttlFunction {
  return {
    name,
    parameters,
    build: (args: Arguments<P>, tools) => {
      const built = build(args, tools);
      return typeof built === "function" ? { run: built } : built;
    },
  };
}

/** One segment of a path: `attributes["a"][0]` is a name and two keys. */
export interface PathSegment {
  readonly name: string;
  readonly keys: readonly Operand[];
  /** Where its name stands in the statement, in UTF-16 units. */
  readonly offset: number;
}

/** The path's operand, or why there is none. */
export type PathResult = Operand | { readonly message: string; readonly segment: number; readonly known: readonly string[] };

/** A context of OTTL: what its statements are run on, and which paths they may name. */
export interface Context {
  /** resource, scope, span, spanevent, metric, datapoint, exemplar, log, profile. */
  readonly name: string;
  readonly level: Level;
  /** Its own name, and those of what is above it: `span`, `scope` (and `instrumentation_scope`), `resource`; and `otelcol`. */
  readonly roots: readonly string[];
  /** `root` is one of `roots`; the segments follow it. */
  path(root: string, segments: readonly PathSegment[], tools: Tools): PathResult;
  /** SPAN_KIND_SERVER and its like. */
  readonly enums: ReadonlyMap<string, bigint>;
}
