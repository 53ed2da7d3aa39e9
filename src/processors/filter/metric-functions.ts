/** Functions that only `filter` has, for conditions on a metric: what its data points have for attributes. */
import { STRING_VALUE, kindOf } from "../../otlp/any-value.ts";
import type { Cursor } from "../../otlp/cursor.ts";
import { isText, type Text } from "../../otlp/text.ts";
import { define, type OttlFunction } from "../../ottl/contract.ts";
import { after, LEN, readVarint, skipValue } from "../../wire/varint.ts";

const POINTS = 1;
const POINTS_TAG = (POINTS << 3) | LEN;

/** `HasAttrKeyOnDatapoint(key)`: whether any data point has the attribute. */
const hasKey = define("HasAttrKeyOnDatapoint", [{ name: "key", kind: "string" }], ({ key }, { engine }) => {
  const wanted = engine.text(key);
  return { reads: ["point"], run: ({ cursor }) => firstWith(cursor, wanted) >= 0 };
});

/** `HasAttrOnDatapoint(key, expected_val)`: whether the first data point that has the attribute has it with this text. */
const hasValue = define(
  "HasAttrOnDatapoint",
  [
    { name: "key", kind: "string" },
    { name: "expected_val", kind: "string" },
  ],
  ({ key, expected_val: expected }, { engine }) => {
    const wanted = engine.text(key);
    const value = engine.text(expected);
    return {
      reads: ["point"],
      run: ({ cursor }) => {
        const entry = firstWith(cursor, wanted);
        if (entry < 0) return false;
        const { attributes } = cursor.point;
        const start = attributes.valueStart(entry);
        const end = attributes.valueEnd(entry);
        // What is no text counts as empty text.
        if (kindOf(cursor.bytes, start, end) !== STRING_VALUE) return expected === "";
        const length = readVarint(cursor.bytes, after);
        return isText(cursor.bytes, after, after + length, value);
      },
    };
  },
);

export const METRIC_CONDITION_FUNCTIONS: readonly OttlFunction[] = [hasKey, hasValue];

/** Moves the point's view to the first data point with this attribute; its entry there, or -1. */
function firstWith({ dataNumber, data, point, bytes }: Cursor, key: Text): number {
  if (dataNumber === 0) return -1;
  for (let at = data.start; at < data.end;) {
    const tag = readVarint(bytes, at);
    const value = after;
    const next = skipValue(bytes, value, tag);
    if (tag === POINTS_TAG) {
      readVarint(bytes, value);
      point.at(at, after, next);
      const entry = point.attributes.find(key);
      if (entry >= 0) return entry;
    }
    at = next;
  }
  return -1;
}
