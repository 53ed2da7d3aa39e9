/** What is read out of a map. */
import { byCodePoints, valueText } from "../../../otlp/value-text.ts";
import { BuildError, define } from "../../contract.ts";
import { plainOf } from "../types/values.ts";

const target = [{ name: "target", kind: "map_getter" }] as const;

export const keys = define("Keys", target, (args) => (subject) => [...args.target(subject).keys()]);

export const values = define("Values", target, (args) => (subject) => [...args.target(subject).values()]);

/**
 * `ToKeyValueString(target, Optional[delimiter], Optional[pair_delimiter], Optional[sort_output])`: "="
 * and a blank unless given. Quotes are escaped, and what holds a delimiter is put in quotes.
 */
export const toKeyValueString = define(
  "ToKeyValueString",
  [
    ...target,
    { name: "delimiter", kind: "string", optional: true },
    { name: "pair_delimiter", kind: "string", optional: true },
    { name: "sort_output", kind: "bool", optional: true },
  ],
  ({ target: map, delimiter = "=", pair_delimiter: pairDelimiter = " ", sort_output: sorted = false }) => {
    if (delimiter === "" || pairDelimiter === "") throw new BuildError("Cannot write pairs: a delimiter is empty");
    if (delimiter === pairDelimiter) throw new BuildError(`Cannot write pairs: "${delimiter}" divides pairs, and keys from values`);
    const quoted = (text: string) => {
      const escaped = text.replaceAll('"', '\\"');
      return escaped.includes(pairDelimiter) || escaped.includes(delimiter) ? `"${escaped}"` : escaped;
    };
    return (subject) => {
      const pairs = [...map(subject)];
      if (sorted) pairs.sort(([a], [b]) => byCodePoints(a, b));
      return pairs.map(([key, value]) => quoted(key) + delimiter + quoted(valueText(plainOf(value)))).join(pairDelimiter);
    };
  },
);
