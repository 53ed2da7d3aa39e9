/** Functions of spans only. */
import { SPAN_PARENT_SPAN_ID } from "../../otlp/tables.ts";
import { define, type OttlFunction } from "../contract.ts";

/** `IsRootSpan()`: whether the span has no parent, or one whose id is all zeros. */
const isRootSpan = define("IsRootSpan", [], () => ({
  reads: ["item"],
  run: ({ cursor: { item, bytes } }) => {
    for (let at = item.field(SPAN_PARENT_SPAN_ID), end = item.fieldEnd(SPAN_PARENT_SPAN_ID); at < end; at++) if (bytes[at] !== 0) return false;
    return true;
  },
}));

export const SPAN_FUNCTIONS: readonly OttlFunction[] = [isRootSpan];
