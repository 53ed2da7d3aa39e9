/** Editors that take entries out of a map whose keys match a pattern, or do not. */

import { matches, matchesBytes, type Pattern } from "../../../pattern/pattern.ts";
import { define } from "../../contract.ts";
import type { Attributes } from "../../../otlp/attributes.ts";
import { patternOf } from "./patterns.ts";
import { editMap } from "./target.ts";

const parameters = [
  { name: "target", kind: "map_get_setter" },
  { name: "pattern", kind: "string_getter" },
] as const;

/** `delete_matching_keys(target, pattern)` */
export const deleteMatchingKeys = editor("delete_matching_keys", true);

/** `keep_matching_keys(target, pattern)` */
export const keepMatchingKeys = editor("keep_matching_keys", false);

function editor(name: string, removed: boolean) {
  return define(name, parameters, ({ target, pattern }) => {
    const parsed = patternOf(pattern);
    return editMap(target, {
      attributes: (attributes, subject) => removeMatching(attributes, parsed(subject), removed),
      map: (map, subject) => {
        const compiled = parsed(subject);
        for (const key of map.keys()) if (matches(compiled, key) === removed) map.delete(key);
      },
    });
  });
}

function removeMatching(attributes: Attributes, pattern: Pattern, removed: boolean): void {
  const { bytes } = attributes;
  for (let entry = 0; entry < attributes.count; entry++) {
    if (attributes.live(entry) && matchesBytes(pattern, bytes, attributes.keyStart(entry), attributes.keyEnd(entry)) === removed) attributes.remove(entry);
  }
}
