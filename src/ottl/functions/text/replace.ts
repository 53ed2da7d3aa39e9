/**
 * Editors that replace text: replace_pattern and replace_all_patterns by patterns, replace_match and
 * replace_all_matches whole by wildcards. A replacement's `$1` and `${name}` are groups. With a
 * function, what it makes of each replacement stands in its place, within `replacement_format` if there
 * is one. Limit: src/pattern's, on the characters of what comes out.
 */
import { SluiceError } from "../../../base/errors.ts";
import { expand, matches, matchesBytes, type Pattern, replaceAll, replaceEach } from "../../../pattern/pattern.ts";
import { BuildError, define, type FunctionUse, type Get, type Operand, type OttlFunction } from "../../contract.ts";
import type { Subject } from "../../subject.ts";
import { StatementError, type Value } from "../../value.ts";
import { editTexts, mapOf } from "../maps/texts.ts";
import { dynamic, dynamicPattern } from "./dynamic-pattern.ts";
import { parseGlob } from "./glob.ts";

const FUNCTION = [
  { name: "function", kind: "function", optional: true },
  { name: "replacement_format", kind: "string_getter", optional: true },
] as const;
const REPLACEMENT = { name: "replacement", kind: "string_getter" } as const;

export const REPLACE_FUNCTIONS: readonly OttlFunction[] = [
  define(
    "replace_pattern",
    [{ name: "target", kind: "get_setter" }, { name: "regex_pattern", kind: "string_getter" }, REPLACEMENT, ...FUNCTION],
    ({ target, regex_pattern: pattern, replacement, function: use, replacement_format: format }) => {
      const compiled = dynamicPattern("replace_pattern", pattern);
      return editor(target, (subject) => {
        const text = target.get(subject);
        if (text === null) return;
        const template = replacement(subject);
        if (typeof text !== "string") return;
        const found = compiled(subject);
        if (matches(found, text)) target.set?.(subject, replaced(found, text, template, subject, use, format));
      });
    },
  ),
  define(
    "replace_all_patterns",
    [{ name: "target", kind: "map_get_setter" }, { name: "mode", kind: "string" }, { name: "regex_pattern", kind: "string_getter" }, REPLACEMENT, ...FUNCTION],
    ({ target, mode, regex_pattern: pattern, replacement, function: use, replacement_format: format }, { engine }) => {
      const compiled = dynamicPattern("replace_all_patterns", pattern);
      if (mode !== "key" && mode !== "value") throw new BuildError(`Cannot replace in mode "${mode}": it is neither "key" nor "value"`);
      const replaceIn = (found: Pattern, text: string, template: string, subject: Subject) =>
        attempt(() => replaced(found, text, template, subject, use, format));
      if (mode === "value") {
        return editor(
          target,
          editTexts(target, engine, (subject) => {
            const template = replacement(subject);
            const found = compiled(subject);
            return {
              concerns: (bytes, start, end) => matchesBytes(found, bytes, start, end),
              change: (text) => (matches(found, text) ? replaceIn(found, text, template, subject) : undefined),
            };
          }),
        );
      }
      return editor(target, (subject) => {
        const map = mapOf(target.get(subject));
        const template = replacement(subject);
        const found = compiled(subject);
        const changed = changedKeys(map, found, (text) => replaceIn(found, text, template, subject));
        if (changed !== map) target.set?.(subject, changed);
      });
    },
  ),
  define(
    "replace_match",
    [{ name: "target", kind: "get_setter" }, { name: "pattern", kind: "string_getter" }, REPLACEMENT, ...FUNCTION],
    ({ target, pattern, replacement, function: use, replacement_format: format }) => {
      const compiled = dynamic("replace_match", pattern, parseGlob);
      return editor(target, (subject) => {
        const glob = compiled(subject);
        const text = target.get(subject);
        const whole = wrapped(replacement(subject), subject, use, format);
        if (typeof text === "string" && glob.matches(text)) target.set?.(subject, whole);
      });
    },
  ),
  define(
    "replace_all_matches",
    [{ name: "target", kind: "map_get_setter" }, { name: "pattern", kind: "string_getter" }, REPLACEMENT, ...FUNCTION],
    ({ target, pattern, replacement, function: use, replacement_format: format }, { engine }) => {
      const compiled = dynamic("replace_all_matches", pattern, parseGlob);
      return editor(
        target,
        editTexts(target, engine, (subject) => {
          const glob = compiled(subject);
          const whole = wrapped(replacement(subject), subject, use, format);
          return { change: (text) => (glob.matches(text) ? whole : undefined) };
        }),
      );
    },
  ),
];

function editor(
  target: Operand,
  edit: (subject: Subject) => void,
): { readonly run: Get; readonly reads: Operand["reads"]; readonly writes: Operand["writes"] } {
  return {
    run: (subject) => {
      edit(subject);
      return null;
    },
    reads: target.reads,
    writes: target.writes,
  };
}

type Format = Get<string> | undefined;

function replaced(pattern: Pattern, text: string, template: string, subject: Subject, use: FunctionUse | undefined, format: Format): string {
  try {
    if (use === undefined) return replaceAll(pattern, text, template);
    return replaceEach(pattern, text, (places) => wrapped(expand(pattern, text, places, template), subject, use, format));
  } catch (error) {
    if (error instanceof SluiceError && error.code === "too_large") throw new StatementError(error.message, { cause: error });
    throw error;
  }
}

/** What the function makes of a replacement, in its format; without a function the replacement. */
function wrapped(text: string, subject: Subject, use: FunctionUse | undefined, format: Format): string {
  if (use === undefined) return text;
  const made = use(subject, text);
  if (typeof made !== "string") throw new StatementError("Cannot replace by what the function gives: it is no text");
  return format === undefined ? made : formatted(format(subject), made);
}

/** The format has one `%s` or more, of which the first is filled, and no other verb. */
function formatted(format: string, text: string): string {
  const parts = format.split("%s");
  if (parts.length < 2 || format.includes("\n") || /%[^s]/.test(format))
    throw new StatementError("Cannot format a replacement: the format needs one %s and no other verb");
  const [before = "", ...after] = parts;
  return before + text + after.join("%!s(MISSING)") + (format.endsWith("%") ? "!(NOVERB)" : "");
}

/** A key that becomes one that is there already takes its place; one whose replacement fails goes. */
function changedKeys(map: ReadonlyMap<string, Value>, pattern: Pattern, replace: (text: string) => string | undefined): ReadonlyMap<string, Value> {
  if (!Array.from(map.keys()).some((key) => matches(pattern, key))) return map;
  const changed = new Map<string, Value>();
  for (const [key, value] of map) {
    const name = matches(pattern, key) ? replace(key) : key;
    if (name !== undefined) changed.set(name, value);
  }
  return changed;
}

/** A failing replacement concerns its entry only. */
function attempt(replace: () => string): string | undefined {
  try {
    return replace();
  } catch (error) {
    if (error instanceof StatementError) return undefined;
    throw error;
  }
}
