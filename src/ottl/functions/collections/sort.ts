/** Sort: numbers by what they count, everything else as text, and what cannot be either is left in its order. */
import type { Plain } from "../../../otlp/any-value.ts";
import { byCodePoints, valueText } from "../../../otlp/value-text.ts";
import { BuildError, define } from "../../contract.ts";
import { isList, isMap, StatementError, typeName, type Value } from "../../value.ts";
import { plainOf } from "../types/values.ts";

type Compare = (a: Plain, b: Plain) => number;

/**
 * `Sort(target, Optional[order])`: "asc" or "desc". Whole numbers and doubles mixed are compared as
 * doubles; one text, bool or nil among them, and all are compared by their text; a list with bytes, lists
 * or maps stays as it is. Entries keep their types.
 */
export const sort = define(
  "Sort",
  [
    { name: "target", kind: "getter" },
    { name: "order", kind: "string", optional: true },
  ],
  ({ target, order = "asc" }) => {
    if (order !== "asc" && order !== "desc") throw new BuildError(`Cannot sort by "${order}": it is no order`, 'Use "asc" or "desc"');
    return (subject) => {
      const value = target.get(subject);
      if (!isList(value)) throw new StatementError(`Cannot sort a ${typeName(value)}: it is no list`);
      const list = value.map(plainOf);
      const compare = comparison(list);
      if (compare === undefined) return value;
      return list.toSorted(order === "asc" ? compare : (a, b) => compare(b, a));
    };
  },
);

function comparison(list: readonly Value[]): Compare | undefined {
  if (list.some((one) => one instanceof Uint8Array || isList(one) || isMap(one))) return undefined;
  if (list.every((one) => typeof one === "bigint")) return whole;
  if (list.every((one) => typeof one === "bigint" || typeof one === "number")) return double;
  return (a, b) => byCodePoints(valueText(a), valueText(b));
}

function whole(a: Plain, b: Plain): number {
  return typeof a === "bigint" && typeof b === "bigint" ? (a < b ? -1 : a > b ? 1 : 0) : 0;
}

/** NaN comes before everything. */
function double(a: Plain, b: Plain): number {
  const [left, right] = [Number(a), Number(b)];
  if (Number.isNaN(left)) return Number.isNaN(right) ? 0 : -1;
  return Number.isNaN(right) || left > right ? 1 : left < right ? -1 : 0;
}
