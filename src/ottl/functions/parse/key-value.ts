/** ParseKeyValue: `a=1 b="two words"` as a map. */
import { BuildError, define, type OttlFunction } from "../../contract.ts";
import { StatementError } from "../../value.ts";
import { trimSpace } from "../text/bytes.ts";

export const parseKeyValue: OttlFunction = define(
  "ParseKeyValue",
  [
    { name: "target", kind: "string_getter" },
    { name: "delimiter", kind: "string", optional: true },
    { name: "pair_delimiter", kind: "string", optional: true },
  ],
  ({ target, delimiter = "=", pair_delimiter: pairDelimiter = " " }) => {
    if (delimiter === "" || pairDelimiter === "") throw new BuildError("Cannot separate pairs by an empty text: give one");
    if (delimiter === pairDelimiter) throw new BuildError(`Cannot separate pairs by ${JSON.stringify(delimiter)}: it separates key and value too`);
    return (subject) => {
      const text = target(subject);
      if (text === "") throw new StatementError("Cannot read pairs: the text is empty");
      return new Map(splitPairs(text, pairDelimiter).map((pair) => pairOf(pair, delimiter)));
    };
  },
);

function pairOf(pair: string, delimiter: string): [string, string] {
  const at = pair.indexOf(delimiter);
  if (at < 0) throw new StatementError(`Cannot read a pair from ${JSON.stringify(pair.slice(0, 64))}: it has no ${JSON.stringify(delimiter)}`);
  return [trimSpace(pair.slice(0, at)), trimSpace(pair.slice(at + delimiter.length))];
}

/** Parts between delimiters that stand outside quotes. Quotes vanish, unless a backslash is before them; empty parts are left out. */
function splitPairs(text: string, delimiter: string): readonly string[] {
  const parts: string[] = [];
  let part = "";
  let quote = "";
  let escaped = false;
  for (let i = 0; i < text.length; i++) {
    if (quote === "" && text.startsWith(delimiter, i)) {
      if (part !== "") parts.push(part);
      part = "";
      i += delimiter.length - 1;
      continue;
    }
    const char = text.charAt(i);
    if (!escaped && quote === "" && (char === '"' || char === "'")) {
      quote = char;
      continue;
    }
    if (!escaped && char === quote) {
      quote = "";
      continue;
    }
    escaped = !escaped && char === "\\";
    part += char;
  }
  if (quote !== "") throw new StatementError("Cannot read pairs: a quote is not closed");
  if (part !== "") parts.push(part);
  return parts;
}
