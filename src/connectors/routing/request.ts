/**
 * Conditions on a request, in the Collector's own small grammar, which is no OTTL:
 *
 *     request["<header>"] == "<value>"
 *     request["<header>"] != "<value>"
 *
 * Neither holds for a request without that header. The headers are those that the receiver keeps with
 * `include_metadata`.
 */
import type { Origin } from "../../pipeline/batch.ts";

const GRAMMAR = /^\s*request\["([^"]*)"\]\s*(==|!=)\s*"([^"]*)"\s*$/;

/** The condition, or what is wrong with it. */
export function parseRequestCondition(text: string): ((origin: Origin) => boolean) | string {
  const match = GRAMMAR.exec(text);
  if (match === null) return 'the context request takes a condition of the form request["header"] == "value", or with !=';
  const [, header = "", operator, value] = match;
  const name = header.toLowerCase();
  return ({ headers }) => {
    const found = Object.hasOwn(headers, name) ? headers[name] : undefined;
    return found !== undefined && (found === value) === (operator === "==");
  };
}
