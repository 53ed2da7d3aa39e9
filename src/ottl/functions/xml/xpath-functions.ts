/** XPath's core functions. */
import { StatementError } from "../../value.ts";
import { type Found, isNodes, nameOf, textOf, toBoolean, toNumber, toText, type XPathValue } from "./xpath-values.ts";

/** Every function but `last` and `position`; without an argument most are of the node at hand. */
export function callFunction(name: string, node: Found, values: readonly XPathValue[]): XPathValue {
  const first: XPathValue = values[0] ?? [node];
  const text = (index: number): string => toText(values[index] ?? "");
  switch (name) {
    case "count":
      return nodes(first).length;
    case "sum":
      return nodes(first).reduce((sum, one) => sum + toNumber(textOf(one)), 0);
    case "name":
    case "local-name": {
      const named = nodes(first)[0];
      return named === undefined ? "" : nameOf(named, name === "local-name");
    }
    case "not":
      return !toBoolean(first);
    case "boolean":
      return toBoolean(first);
    case "true":
    case "false":
      return name === "true";
    case "number":
      return toNumber(first);
    case "floor":
      return Math.floor(toNumber(first));
    case "ceiling":
      return Math.ceil(toNumber(first));
    case "round":
      return Math.floor(toNumber(first) + 0.5);
    case "string":
      return toText(first);
    case "string-length":
      return Array.from(toText(first)).length;
    case "normalize-space":
      return toText(first)
        .split(/[ \t\n\r]/)
        .filter((word) => word !== "")
        .join(" ");
    case "lower-case":
      return toText(first).toLowerCase();
    case "concat":
      return values.map(toText).join("");
    case "starts-with":
      return text(0).startsWith(text(1));
    case "ends-with":
      return text(0).endsWith(text(1));
    case "contains":
      return text(0).includes(text(1));
    case "substring-before": {
      const at = text(0).indexOf(text(1));
      return at < 0 ? "" : text(0).slice(0, at);
    }
    case "substring-after": {
      const at = text(0).indexOf(text(1));
      return at < 0 ? "" : text(0).slice(at + text(1).length);
    }
    case "substring":
      return substring(text(0), toNumber(values[1] ?? NaN), values[2] === undefined ? Infinity : toNumber(values[2]));
    default:
      return translate(text(0), Array.from(text(1)), Array.from(text(2)));
  }
}

function nodes(value: XPathValue): readonly Found[] {
  if (!isNodes(value)) throw new StatementError("Cannot run the XPath: a function of nodes has a value that is none");
  return value;
}

/** Positions from 1, rounded. */
function substring(text: string, start: number, length: number): string {
  const from = Math.floor(start + 0.5);
  const to = from + Math.floor(length + 0.5);
  return Array.from(text)
    .filter((_, index) => index + 1 >= from && index + 1 < to)
    .join("");
}

function translate(text: string, from: readonly string[], to: readonly string[]): string {
  return Array.from(text, (char) => {
    const at = from.indexOf(char);
    return at < 0 ? char : (to[at] ?? "");
  }).join("");
}
