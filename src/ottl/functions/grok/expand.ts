/**
 * Expands Grok's references, `%{PATTERN}`, `%{PATTERN:field}` and `%{PATTERN:field:type}`, to a pattern
 * of RE2's syntax. Limits: `DEPTH_MAX` references within references, `CHARS_MAX` characters.
 */
import { PATTERNS } from "./patterns.ts";

export type FieldType = "string" | "int" | "float" | "bool";

export interface Expanded {
  readonly source: string;
  /** The fields of the groups that references made, by the group's name in the source. */
  readonly fields: ReadonlyMap<string, string>;
  readonly types: ReadonlyMap<string, FieldType>;
}

const DEPTH_MAX = 32;
const CHARS_MAX = 1 << 17;
const REFERENCE = /%\{(\w+)(?::([\w+.]+)(?::(\w+))?)?\}/g;
/** Names of groups must differ; fields may occur again and again. */
const GROUP = "grok___";

const TYPES: Readonly<Record<string, FieldType>> = {
  string: "string",
  int: "int",
  long: "int",
  float: "float",
  double: "float",
  bool: "bool",
  boolean: "bool",
};

export function knownPattern(name: string): string | undefined {
  return Object.hasOwn(PATTERNS, name) ? PATTERNS[name] : undefined;
}

/** The expanded pattern, or why there is none, as words behind "the pattern". `own` are definitions that come first. */
export function expandGrok(pattern: string, own: ReadonlyMap<string, string>, namedOnly: boolean): Expanded | string {
  const fields = new Map<string, string>();
  const types = new Map<string, FieldType>();
  let why: string | undefined;
  let size = 0;
  const expand = (text: string, depth: number): string =>
    text.replaceAll(REFERENCE, (whole, name: string, field: string | undefined, type: string | undefined) => {
      const definition = own.get(name) ?? knownPattern(name);
      size += definition?.length ?? 0;
      if (definition === undefined) why ??= `refers to ${name}, which is not known: define it with pattern_definitions`;
      else if (depth >= DEPTH_MAX) why ??= `refers to ${name} within itself, or too deep`;
      else if (size > CHARS_MAX) why ??= `becomes longer than ${CHARS_MAX} characters`;
      if (definition === undefined || why !== undefined) return whole;
      const target = (field ?? name).replaceAll(".", "___");
      if (type !== undefined) {
        const known = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
        if (known === undefined) why ??= `gives ${field} the type ${type}, which is not known`;
        else types.set(target, known);
      }
      if (target.includes("+")) why ??= `has a field ${field}, whose name has a plus`;
      if (namedOnly && field === undefined) return `(?:${expand(definition, depth + 1)})`;
      const group = `${GROUP}${fields.size}`;
      fields.set(group, target);
      return `(?P<${group}>${expand(definition, depth + 1)})`;
    });
  const source = expand(pattern, 0);
  return why ?? { source, fields, types };
}
