/** `set(target, value)`: a value of nil changes nothing, as in the Collector (its gate `ottl.set.allowNil` is off by default). */
import { encodeAnyValue } from "../../otlp/any-value.ts";
import { define, type Get, type Operand, Place, type Tools } from "../contract.ts";
import type { Value } from "../value.ts";
import { plainOf } from "./types/values.ts";

type Set = (subject: Parameters<Get>[0], value: Value) => void;
type SetBody = NonNullable<Operand["setBody"]>;

/** Literals are encoded once, and an attribute's value is copied as it stands: neither allocates. */
export const set = define(
  "set",
  [
    { name: "target", kind: "setter" },
    { name: "value", kind: "getter" },
  ],
  ({ target, value }, tools) => {
    const { set: write, setBody } = target;
    if (write === undefined) return () => null;
    if (value.constant !== undefined) return setConstant(write, setBody, value.constant.value, tools);
    if (setBody !== undefined && value.place !== undefined) return copyValue(write, setBody, value, value.place);
    return (subject) => {
      const given = value.get(subject);
      if (given !== null) write(subject, given);
      return null;
    };
  },
);

function setConstant(write: Set, setBody: SetBody | undefined, value: Value, { engine }: Tools): Get {
  if (value === null) return () => null;
  if (setBody === undefined) {
    return (subject) => {
      write(subject, value);
      return null;
    };
  }
  const { start, end } = engine.constant(encodeAnyValue(plainOf(value)));
  return (subject) => {
    setBody(subject, start, end);
    return null;
  };
}

function copyValue(write: Set, setBody: SetBody, value: Operand, fill: NonNullable<Operand["place"]>): Get {
  const place = new Place();
  return (subject) => {
    place.valueStart = -1;
    fill(subject, place);
    if (place.kind === 0) return null;
    if (place.valueStart >= 0) setBody(subject, place.valueStart, place.valueEnd);
    else write(subject, value.get(subject));
    return null;
  };
}
