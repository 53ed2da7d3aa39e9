/** IsMatch and ExtractPatterns: patterns of RE2's syntax (src/pattern). */
import { find, matches, matchesBytes, namesOf, parsePattern, type Pattern } from "../../../pattern/pattern.ts";
import { STRING_VALUE } from "../../../otlp/any-value.ts";
import { BuildError, define, type Get, type Operand, type OttlFunction, Place, type Tools } from "../../contract.ts";
import { StatementError, type Value } from "../../value.ts";
import { dynamic, dynamicPattern } from "./dynamic-pattern.ts";

export const isMatch: OttlFunction = define(
  "IsMatch",
  [
    { name: "target", kind: "string_like" },
    { name: "pattern", kind: "string_getter" },
  ],
  ({ target, pattern }, tools) => {
    const compiled = dynamicPattern("IsMatch", pattern);
    const slow = (subject: Parameters<typeof target>[0]): boolean => {
      const text = target(subject);
      return text !== null && matches(compiled(subject), text);
    };
    const place = target.operand?.place;
    return place === undefined ? slow : onBytes(place, compiled, slow, tools);
  },
);

/** Without decoding: a text is looked at where it lies. Other values go the slow way. */
function onBytes(fill: NonNullable<Operand["place"]>, pattern: Get<Pattern>, slow: Get<boolean>, { engine }: Tools): Get<boolean> {
  const place = new Place();
  return (subject) => {
    fill(subject, place);
    if (place.kind !== STRING_VALUE) return place.kind === 0 ? false : slow(subject);
    return matchesBytes(pattern(subject), engine.bytes, place.start, place.end);
  };
}

export const extractPatterns: OttlFunction = define(
  "ExtractPatterns",
  [
    { name: "target", kind: "string_getter" },
    { name: "pattern", kind: "string_getter" },
  ],
  ({ target, pattern }) => {
    const compiled = dynamic("ExtractPatterns", pattern, parsePattern);
    const needsName = "at least one group must have a name, as in (?P<name>.*)";
    if (pattern.constant !== undefined && !isNamed(parsePattern(pattern.constant.value)))
      throw new BuildError(`Cannot extract by ${JSON.stringify(pattern.constant.value)}: ${needsName}`);
    return (subject) => {
      const found = compiled(subject);
      if (!isNamed(found)) throw new StatementError(`Cannot extract by a pattern: ${needsName}`);
      const text = target(subject);
      const places = find(found, text);
      const values = new Map<string, Value>();
      if (places === undefined) return values;
      namesOf(found).forEach((name, group) => {
        const start = places[group * 2 + 2] ?? -1;
        if (name !== "") values.set(name, start < 0 ? "" : text.slice(start, places[group * 2 + 3]));
      });
      return values;
    };
  },
);

function isNamed(pattern: Pattern | string): boolean {
  return typeof pattern !== "string" && namesOf(pattern).some((name) => name !== "");
}
