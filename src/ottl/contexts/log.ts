/** The paths of a log record. */
import { decodeAnyValue, encodeAnyValue, STRING_VALUE } from "../../otlp/any-value.ts";
import { LogRecord } from "../../otlp/tables.ts";
import { valueText } from "../../otlp/value-text.ts";
import type { Operand, Place } from "../contract.ts";
import type { Subject } from "../subject.ts";
import { isList, isMap, StatementError, typeName, type Value } from "../value.ts";
import { attributesEntry, placeNothing, placeValue } from "./attributes.ts";
import { expectPlain, expectText } from "./expect.ts";
import { fieldNumber, id, type IdOptions, idText, numberIn, text, whole } from "./fields.ts";
import { getNested, setNested } from "./nested.ts";
import { type Spot, spotOperand } from "./operand.ts";
import { type Entries, plain } from "./paths.ts";
import { timeEntries } from "./times.ts";

const LOG: Spot = { view: ({ cursor }) => cursor.item, level: "item" };
const BODY = fieldNumber(LogRecord, "body");
const encoder = new TextEncoder();

const of = (name: string) => numberIn([LogRecord], name);
const traceId: IdOptions = { done: ({ cursor }) => cursor.traceIdSet(fieldNumber(LogRecord, "trace_id")) };

export const LOG_PATHS: Entries = {
  ...timeEntries(LOG, "time", of("time_unix_nano")),
  ...timeEntries(LOG, "observed_time", of("observed_time_unix_nano")),
  severity_number: plain(whole(LOG, of("severity_number"), "int32")),
  severity_text: plain(text(LOG, of("severity_text"))),
  body: { whole: wholeBody, keyed: keyedBody, inner: { string: plain(bodyText()) } },
  attributes: attributesEntry(LOG),
  dropped_attributes_count: plain(whole(LOG, of("dropped_attributes_count"), "uint32")),
  flags: plain(whole(LOG, of("flags"), "fixed32")),
  trace_id: { whole: () => id(LOG, of("trace_id"), "trace", traceId), inner: { string: plain(idText(LOG, of("trace_id"), "trace", traceId)) } },
  span_id: { whole: () => id(LOG, of("span_id"), "span"), inner: { string: plain(idText(LOG, of("span_id"), "span")) } },
  event_name: plain(text(LOG, of("event_name"))),
};

function readBody({ cursor: { item } }: Subject) {
  const start = item.field(BODY);
  return start < 0 ? null : decodeAnyValue(item.bytes, start, item.fieldEnd(BODY));
}

function writeBody({ cursor: { item } }: Subject, value: Value): void {
  item.setContent(BODY, encodeAnyValue(expectPlain(value)));
}

function placeBody({ cursor: { item } }: Subject, place: Place): void {
  const start = item.field(BODY);
  if (start < 0) placeNothing(place);
  else placeValue(item.bytes, start, item.fieldEnd(BODY), place);
}

function wholeBody(): Operand {
  return spotOperand(LOG, {
    get: readBody,
    set: writeBody,
    place: placeBody,
    setBody: ({ cursor: { item } }, start, end) => item.setBytes(BODY, start, end),
  });
}

function indexable(subject: Subject): Value {
  const body: Value = readBody(subject);
  if (isMap(body) || isList(body)) return body;
  throw new StatementError(`Cannot use a key on a log body of type ${typeName(body)}: only maps and lists have keys`);
}

function keyedBody(keys: readonly Operand[]): Operand {
  return spotOperand(LOG, {
    get: (subject) => getNested(indexable(subject), keys, 0, subject),
    set: (subject, value) => writeBody(subject, setNested(indexable(subject), keys, 0, subject, value)),
  });
}

/** The body as text: a text as it is, other values as the Collector's AsString has them. */
function bodyText(): Operand {
  return spotOperand(LOG, {
    get: (subject) => valueText(readBody(subject)),
    set: (subject, value) => writeBody(subject, expectText(value)),
    place: (subject, place) => {
      placeBody(subject, place);
      place.valueStart = -1;
      place.valueEnd = -1;
      if (place.kind === STRING_VALUE) return;
      const made = encoder.encode(valueText(readBody(subject)));
      place.kind = STRING_VALUE;
      place.start = subject.cursor.write(made);
      place.end = place.start + made.length;
    },
  });
}
