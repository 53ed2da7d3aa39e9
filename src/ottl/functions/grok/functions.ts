/** ExtractGrokPatterns: fields of a text by a Grok pattern. What is empty is left out. */
import { parseDouble, parseInt64 } from "../../../base/go-numbers.ts";
import { find, namesOf, parsePattern, type Pattern } from "../../../pattern/pattern.ts";
import { BuildError, define, type OttlFunction } from "../../contract.ts";
import { StatementError, type Value } from "../../value.ts";
import { likeBool } from "../../compile/convert.ts";
import { dynamic } from "../text/dynamic-pattern.ts";
import { expandGrok, type FieldType } from "./expand.ts";

interface Grok {
  readonly pattern: Pattern;
  /** By group: its field and type; undefined for a group without a name. */
  readonly fields: readonly ({ readonly name: string; readonly type: FieldType } | undefined)[];
}

export const extractGrokPatterns: OttlFunction = define(
  "ExtractGrokPatterns",
  [
    { name: "target", kind: "string_getter" },
    { name: "pattern", kind: "string_getter" },
    { name: "named_captures_only", kind: "bool", optional: true },
    { name: "pattern_definitions", kind: "string", list: true, optional: true },
  ],
  ({ target, pattern, named_captures_only: namedOnly = false, pattern_definitions: definitions = [] }) => {
    const own = new Map(definitions.map(definitionOf));
    const compiled = dynamic("ExtractGrokPatterns", pattern, (text) => parseGrok(text, own, namedOnly));
    return (subject) => {
      const grok = compiled(subject);
      return extract(grok, target(subject));
    };
  },
);

function definitionOf(definition: string): [string, string] {
  const at = definition.indexOf("=");
  if (at < 0) throw new BuildError(`Cannot define the pattern ${JSON.stringify(definition.slice(0, 32))}: it has no =`, "Write it as NAME=pattern");
  const name = definition.slice(0, at);
  if (name.includes(":")) throw new BuildError(`Cannot define the pattern "${name}": its name has a colon`);
  return [name, definition.slice(at + 1)];
}

function parseGrok(text: string, own: ReadonlyMap<string, string>, namedOnly: boolean): Grok | string {
  const expanded = expandGrok(text, own, namedOnly);
  if (typeof expanded === "string") return expanded;
  const pattern = parsePattern(expanded.source);
  if (typeof pattern === "string") return pattern;
  const fields = namesOf(pattern).map((group) => {
    if (group === "") return undefined;
    const field = expanded.fields.get(group) ?? group;
    return { name: field.replaceAll("___", "."), type: expanded.types.get(field) ?? "string" };
  });
  if (namedOnly && fields.every((field) => field === undefined)) return "has no group with a name";
  return { pattern, fields };
}

function extract({ pattern, fields }: Grok, text: string): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  const places = find(pattern, text);
  if (places === undefined) return values;
  fields.forEach((field, group) => {
    const start = places[group * 2 + 2] ?? -1;
    const end = places[group * 2 + 3] ?? -1;
    if (field !== undefined && end > start) values.set(field.name, typed(text.slice(start, end), field.type));
  });
  return values;
}

function typed(text: string, type: FieldType): Value {
  if (type === "string") return text;
  const value = type === "int" ? parseInt64(text) : type === "float" ? parseDouble(text) : likeBool(text);
  if (value === undefined || value === null) throw new StatementError(`Cannot read ${JSON.stringify(text.slice(0, 64))} as ${type}`);
  return value;
}
