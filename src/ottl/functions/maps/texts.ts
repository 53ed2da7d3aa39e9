/** Editors of a map's texts: in a message's own attributes each is changed where it lies, and all others stay bit for bit. */
import { kindOf, STRING_VALUE } from "../../../otlp/any-value.ts";
import type { Attributes } from "../../../otlp/attributes.ts";
import type { RuleMemory } from "../../../otlp/engine.ts";
import { setAttribute, sharedStaging, type Staging } from "../../../otlp/staging.ts";
import { textAt } from "../../../otlp/text.ts";
import { after, readVarint } from "../../../wire/varint.ts";
import type { Operand } from "../../contract.ts";
import type { Subject } from "../../subject.ts";
import { isMap, StatementError, typeName, type Value } from "../../value.ts";

/** What is done to each text, for one item. */
export interface TextEdit {
  /** Whether the text, UTF-8 at [start, end), can be one that changes. Left out: any can. */
  readonly concerns?: (bytes: Uint8Array, start: number, end: number) => boolean;
  /** The text anew; undefined to leave it as it is. */
  readonly change: (text: string) => string | undefined;
}

export function editTexts(target: Operand, engine: RuleMemory, editOf: (subject: Subject) => TextEdit): (subject: Subject) => void {
  const { attributes, get, set } = target;
  if (attributes === undefined) {
    return (subject) => {
      const map = mapOf(get(subject));
      const changed = changedTexts(map, editOf(subject));
      if (changed !== map) set?.(subject, changed);
    };
  }
  const staging = sharedStaging(engine);
  return (subject) => changeAttributes(attributes(subject), editOf(subject), staging);
}

function changeAttributes(attributes: Attributes, { concerns, change }: TextEdit, staging: Staging): void {
  const { bytes, count } = attributes;
  for (let entry = 0; entry < count; entry++) {
    if (!attributes.live(entry) || kindOf(bytes, attributes.valueStart(entry), attributes.valueEnd(entry)) !== STRING_VALUE) continue;
    // Behind the tag that was read last, which is the value's.
    const length = readVarint(bytes, after);
    const start = after;
    if (concerns?.(bytes, start, start + length) === false) continue;
    const changed = change(textAt(bytes, start, start + length));
    if (changed !== undefined) setAttribute(attributes, entry, changed, staging);
  }
}

function changedTexts(map: ReadonlyMap<string, Value>, { change }: TextEdit): ReadonlyMap<string, Value> {
  let changed: Map<string, Value> | undefined;
  for (const [key, value] of map) {
    const text = typeof value === "string" ? change(value) : undefined;
    if (text === undefined || text === value) continue;
    changed ??= new Map(map);
    changed.set(key, text);
  }
  return changed ?? map;
}

export function mapOf(value: Value): ReadonlyMap<string, Value> {
  if (!isMap(value)) throw new StatementError(`Cannot change a value of type ${typeName(value)} as a map: it is none`);
  return value;
}
