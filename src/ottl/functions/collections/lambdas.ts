/** Functions that call a lambda for each entry of a list (index and value) or of a map (key and value). */
import { define, type Lambda } from "../../contract.ts";
import type { Subject } from "../../subject.ts";
import { isList, isMap, StatementError, typeName, type Value } from "../../value.ts";
import { exactBool } from "../../compile/convert.ts";
import { plainOf } from "../types/values.ts";
import { Measure } from "./measure.ts";

type Entries = Iterable<readonly [Value, Value]>;

const entriesAndPredicate = [
  { name: "source", kind: "getter" },
  { name: "predicate", kind: "lambda", arity: 2 },
] as const;

/** `All(source, predicate)`: true of nothing. */
export const all = define("All", entriesAndPredicate, ({ source, predicate }) => (subject) => {
  for (const [key, value] of entriesOf(source.get(subject))) if (!exactBool(predicate(subject, key, value))) return false;
  return true;
});

/** `Any(source, predicate)`: false of nothing. */
export const any = define("Any", entriesAndPredicate, ({ source, predicate }) => (subject) => {
  for (const [key, value] of entriesOf(source.get(subject))) if (exactBool(predicate(subject, key, value))) return true;
  return false;
});

/** `Filter(source, predicate)`: the entries of which it is true. */
export const filter = define("Filter", entriesAndPredicate, ({ source, predicate }) => (subject) => {
  const given = source.get(subject);
  if (isMap(given)) return new Map([...given].filter(([key, value]) => exactBool(predicate(subject, key, value))));
  return listToLookAt(given).filter((value, index) => exactBool(predicate(subject, BigInt(index), value)));
});

/** `Find(source, predicate, Optional[mapper])`: the first value of which it is true, as the mapper makes it; nil when there is none. */
export const find = define(
  "Find",
  [...entriesAndPredicate, { name: "mapper", kind: "lambda", arity: 2, optional: true }],
  ({ source, predicate, mapper }) =>
    (subject) => {
      for (const [key, value] of entriesOf(source.get(subject))) {
        if (exactBool(predicate(subject, key, value))) return mapper === undefined ? value : something(mapper(subject, key, value));
      }
      return null;
    },
);

/** `MapEach(source, mapper)`: each value as the mapper makes it. */
export const mapEach = define(
  "MapEach",
  [
    { name: "source", kind: "getter" },
    { name: "mapper", kind: "lambda", arity: 2 },
  ],
  ({ source, mapper }) =>
    (subject) => {
      const given = source.get(subject);
      if (!isMap(given)) return listToLookAt(given).map((value, index) => plainOf(something(mapper(subject, BigInt(index), value))));
      const made = new Map<string, Value>();
      for (const [key, value] of given) made.set(key, plainOf(something(mapper(subject, key, value))));
      return made;
    },
);

/** `MapKeys(source, key_mapper)`: the map under other keys; of two values under one key the later stays, in the earlier's place. */
export const mapKeys = define(
  "MapKeys",
  [
    { name: "source", kind: "map_getter" },
    { name: "key_mapper", kind: "lambda", arity: 2 },
  ],
  ({ source, key_mapper: mapper }) =>
    (subject) => {
      const made = new Map<string, Value>();
      for (const [key, value] of source(subject)) made.set(keyFrom(mapper, subject, key, value), value);
      return made;
    },
);

function keyFrom(mapper: Lambda, subject: Subject, key: string, value: Value): string {
  const made = mapper(subject, key, value);
  if (typeof made !== "string") throw new StatementError(`Cannot use a value of type ${typeName(made)} as a key: it is no string`);
  return made;
}

/** `Reduce(source, seed, accumulator)`: the lambda's value of what came before, key and value. What it makes is bounded: see Measure. */
export const reduce = define(
  "Reduce",
  [
    { name: "source", kind: "getter" },
    { name: "seed", kind: "getter" },
    { name: "accumulator", kind: "lambda", arity: 3 },
  ],
  ({ source, seed, accumulator }) =>
    (subject) => {
      const measure = new Measure();
      let sum = seed.get(subject);
      for (const [key, value] of entriesOf(source.get(subject))) {
        sum = something(accumulator(subject, sum, key, value));
        measure.check(sum);
      }
      return sum;
    },
);

/** `When(condition, true_value, false_value)`: only the value that is chosen is computed. */
export const when = define(
  "When",
  [
    { name: "condition", kind: "lambda", arity: 0 },
    { name: "true_value", kind: "getter" },
    { name: "false_value", kind: "getter" },
  ],
  ({ condition, true_value: yes, false_value: no }) =>
    (subject) =>
      exactBool(condition(subject)) ? yes.get(subject) : no.get(subject),
);

/** The Collector takes nil for no value of a lambda. */
function something(value: Value): Value {
  if (value === null) throw new StatementError("Cannot use what the lambda gives: it is nil");
  return value;
}

function entriesOf(value: Value): Entries {
  return isMap(value) ? value : indexed(listToLookAt(value));
}

function* indexed(values: readonly Value[]): Entries {
  for (const [index, value] of values.entries()) yield [BigInt(index), value];
}

function listToLookAt(value: Value): readonly Value[] {
  if (isList(value)) return value;
  throw new StatementError(`Expected a list or a map, got ${typeName(value)}`);
}
