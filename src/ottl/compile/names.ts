/** Errors about names that nobody knows, with the nearest one that somebody does. */
import { nearest } from "../../base/nearest.ts";
import { type Extent, refuse } from "../syntax/issue.ts";

/** Names that are listed when none is near. */
const LISTED_MAX = 8;

/** `what` is the kind of name: "function", "enum". */
export function unknownName(what: string, name: string, extent: Extent, known: Iterable<string>): never {
  refuse(`Unknown ${what} ${JSON.stringify(name)}`, extent, suggestion(name, [...known]));
}

export function suggestion(name: string, known: readonly string[]): string | undefined {
  const near = nearest(name, known);
  if (near !== undefined) return `Did you mean ${JSON.stringify(near)}?`;
  if (known.length === 0 || known.length > LISTED_MAX) return undefined;
  return known.length === 1 ? `Only ${known[0]} is known here` : `Known here: ${known.join(", ")}`;
}
