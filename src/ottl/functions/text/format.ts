/** Format: values in a text, by verbs. */
import { BuildError, define, type OttlFunction } from "../../contract.ts";
import { parseFormat, sprintf } from "./sprintf.ts";

export const format: OttlFunction = define(
  "Format",
  [
    { name: "format", kind: "string" },
    { name: "vals", kind: "getter", list: true },
  ],
  ({ format: text, vals }) => {
    const pieces = parseFormat(text);
    if (typeof pieces === "string") throw new BuildError(`Cannot format by ${JSON.stringify(text)}: ${pieces}`, "Use %v, %s, %q, %d, %x, %f, %e, %g or %t");
    return (subject) =>
      sprintf(
        pieces,
        vals.map((value) => value.get(subject)),
      );
  },
);
