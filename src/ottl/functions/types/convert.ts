/** Conversions: what they do is in the kinds of their parameters, nil stays nil. */
import { define } from "../../contract.ts";

/** `Int(target)`: text that is no number gives nil, doubles lose their fraction. */
export const int = define(
  "Int",
  [{ name: "target", kind: "int_like" }],
  ({ target }) =>
    (subject) =>
      target(subject),
);

/** `Double(target)`: text that is no number is an error. */
export const double = define(
  "Double",
  [{ name: "target", kind: "float_like" }],
  ({ target }) =>
    (subject) =>
      target(subject),
);

/** `String(target)`: bytes in hexadecimal, lists and maps as JSON. */
export const string = define(
  "String",
  [{ name: "target", kind: "string_like" }],
  ({ target }) =>
    (subject) =>
      target(subject),
);

/** `Bool(target)`: numbers by whether they are 0; text as strconv.ParseBool reads it, anything else is an error. */
export const bool = define(
  "Bool",
  [{ name: "target", kind: "bool_like" }],
  ({ target }) =>
    (subject) =>
      target(subject),
);
