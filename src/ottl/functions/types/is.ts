/** Whether a value is of a type. What is absent, nil, is of none but empty. */
import { define, type Get } from "../../contract.ts";
import { Duration, Id, isList, isMap, Time, type Value } from "../../value.ts";

/** A literal of another type is refused when configured, as in the Collector: such a test is a mistake. */
function typed(name: string, kind: "bool_getter" | "float_getter" | "int_getter" | "string_getter" | "map_getter", is: (value: Value) => boolean) {
  return define(name, [{ name: "target", kind }], ({ target }) => {
    const get: Get = target.operand?.get ?? target;
    return (subject) => is(get(subject));
  });
}

function test(name: string, is: (value: Value) => boolean) {
  return define(
    name,
    [{ name: "target", kind: "getter" }],
    ({ target }) =>
      (subject) =>
        is(target.get(subject)),
  );
}

/** What the Collector's language has for a time that was never set: 0001-01-01T00:00:00Z. */
const NO_TIME = -62_135_596_800_000_000_000n;

export const isBool = typed("IsBool", "bool_getter", (value) => typeof value === "boolean");
export const isDouble = typed("IsDouble", "float_getter", (value) => typeof value === "number");
export const isInt = typed("IsInt", "int_getter", (value) => typeof value === "bigint");
export const isString = typed("IsString", "string_getter", (value) => typeof value === "string");
export const isMapValue = typed("IsMap", "map_getter", isMap);
export const isListValue = test("IsList", isList);

/** `IsEmpty(target)`: nil, no text, no entries, 0, false, an id of zeros. */
export const isEmpty = test("IsEmpty", (value) => {
  if (value === null || value === "" || value === false || value === 0n || value === 0) return true;
  if (typeof value !== "object") return false;
  if (value instanceof Uint8Array || isList(value)) return value.length === 0;
  if (value instanceof Time) return value.unixNano === NO_TIME;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Id) return value.bytes.every((byte) => byte === 0);
  return value.size === 0;
});
