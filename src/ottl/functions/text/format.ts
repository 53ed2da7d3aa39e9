/** Format: values in a text, by verbs. */
import { define, type OttlFunction } from "../../contract.ts";
import { sprintf } from "./sprintf.ts";
import { parseFormat } from "./sprintf-format.ts";

export const format: OttlFunction = define(
  "Format",
  [
    { name: "format", kind: "string" },
    { name: "vals", kind: "getter", list: true },
  ],
  ({ format: text, vals }) => {
    const read = parseFormat(text, vals.length);
    return (subject) =>
      sprintf(
        read,
        vals.map((value) => value.get(subject)),
      );
  },
);
