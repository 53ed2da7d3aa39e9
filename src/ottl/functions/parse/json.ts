/** ParseJSON: an object or a list as a value. Numbers are doubles, as the Collector has them. Limit: `JSON_DEPTH_MAX` levels. */
import { define, type OttlFunction } from "../../contract.ts";
import { isList, isMap, StatementError, type Value } from "../../value.ts";

/** Levels of lists and objects: what a value may have on the wire. */
export const JSON_DEPTH_MAX = 64;

export const parseJson: OttlFunction = define("ParseJSON", [{ name: "target", kind: "string_getter" }], ({ target }) => (subject) => {
  const value = valueOf(parsed(target(subject)), 0);
  if (!isList(value) && !isMap(value)) throw new StatementError("Cannot read JSON: it is neither an object nor a list");
  return value;
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StatementError("Cannot read JSON: it is damaged", { cause: error });
  }
}

function valueOf(json: unknown, depth: number): Value {
  if (typeof json === "string") return json.toWellFormed();
  if (typeof json === "number") {
    if (!Number.isFinite(json)) throw new StatementError("Cannot read JSON: a number is too large");
    return json;
  }
  if (typeof json !== "object" || json === null) return json === true || json === false ? json : null;
  if (depth >= JSON_DEPTH_MAX) throw new StatementError(`Cannot read JSON: it has more than ${JSON_DEPTH_MAX} levels`);
  if (Array.isArray(json)) return json.map((item: unknown) => valueOf(item, depth + 1));
  return new Map(Object.entries(json).map(([key, item]): [string, Value] => [key.toWellFormed(), valueOf(item, depth + 1)]));
}
