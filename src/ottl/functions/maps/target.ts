/** The map that an editor works on: a message's own attributes, in their bytes, or a value that is put back whole. */
import type { Attributes } from "../../../otlp/attributes.ts";
import type { Get, Operand } from "../../contract.ts";
import type { Subject } from "../../subject.ts";
import type { Value } from "../../value.ts";
import { exactMap } from "../../compile/convert.ts";

/** The two ways must say the same. The map is a copy, which may be changed. */
export interface MapEdit {
  readonly attributes: (attributes: Attributes, subject: Subject) => void;
  readonly map: (map: Map<string, Value>, subject: Subject) => void;
}

export function editMap(target: Operand, edit: MapEdit): Get {
  const { attributes, set } = target;
  if (attributes !== undefined) {
    return (subject) => {
      edit.attributes(attributes(subject), subject);
      return null;
    };
  }
  return (subject) => {
    const map = new Map(exactMap(target.get(subject)));
    edit.map(map, subject);
    set?.(subject, map);
    return null;
  };
}
