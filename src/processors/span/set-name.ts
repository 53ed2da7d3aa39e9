/** Sets a span's name, from text. */
import type { Staging } from "../../otlp/staging.ts";
import { SPAN_NAME } from "../../otlp/tables.ts";
import { isText } from "../../otlp/text.ts";
import type { View } from "../../otlp/view.ts";

const encoder = new TextEncoder();

/** Changes nothing when the name is this one already. Throws `over_budget`. */
export function setName(span: View, name: string, staging: Staging): void {
  if (name === "") return span.clear(SPAN_NAME);
  staging.place(encoder.encode(name));
  try {
    const start = span.field(SPAN_NAME);
    if (start < 0 || !isText(span.bytes, start, span.fieldEnd(SPAN_NAME), staging)) span.setBytes(SPAN_NAME, staging.start, staging.end);
  } finally {
    staging.done();
  }
}
