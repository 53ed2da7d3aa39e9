/** What the kernel's codes for damage on the wire mean, for people. */
import * as kernel from "../kernel/kernel.ts";

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [kernel.FAIL_TRUNCATED, "the field is cut off by the end of its message"],
  [kernel.FAIL_WIRE_TYPE, "wire types 6 and 7 do not exist"],
  [kernel.FAIL_FIELD_NUMBER, "field numbers go from 1 to 536870911"],
  [kernel.FAIL_VARINT, "the integer has more than 64 bits"],
  [kernel.FAIL_LENGTH, "the length reaches past the end of the message around it"],
  [kernel.FAIL_KNOWN_TYPE, "the field has another wire type than OTLP gives it"],
  [kernel.FAIL_DEPTH, "values are nested deeper than 64, or unknown groups deeper than 100"],
  [kernel.FAIL_GROUP, "a group ends without a start, or has no end"],
  [kernel.FAIL_ATTRIBUTES, `there are more than ${kernel.ATTRIBUTES_MAX} attributes in one message, or entries in one map`],
  [kernel.FAIL_PACKED, "the packed list's length is no multiple of its values'"],
]);

/** One clause for a status below 0 of `Kernel.check`. */
export function describeWireError(status: number): string {
  return MEANINGS.get(status) ?? `kernel status ${status}`;
}
