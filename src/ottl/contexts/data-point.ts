/** The paths of a data point, of whichever shape, and of an exemplar. A path that the shape does not have reads as nil. */
import { Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, SummaryDataPoint } from "../../otlp/tables.ts";
import { attributesEntry } from "./attributes.ts";
import { double, id, idText, numberIn, whole } from "./fields.ts";
import { innerNumbers, innerWhole } from "./inner.ts";
import { message, messages, numbers } from "./messages.ts";
import type { Spot } from "./operand.ts";
import { type Entries, type Entry, plain } from "./paths.ts";
import { timeEntries } from "./times.ts";

const POINT: Spot = { view: ({ cursor }) => cursor.point, level: "point" };
const EXEMPLAR: Spot = { view: ({ cursor }) => cursor.inner, level: "exemplar" };

const POINTS = [NumberDataPoint, HistogramDataPoint, ExponentialHistogramDataPoint, SummaryDataPoint];
/** ExponentialHistogramDataPoint.Buckets. */
const OFFSET = 1;
const BUCKET_COUNTS = 2;

const of = (name: string) => numberIn(POINTS, name);

/** `inExemplars`: for statements that run on the point's exemplars. */
export function pointPaths(inExemplars: boolean): Entries {
  const frozen = inExemplars ? ({ frozen: true } as const) : {};
  const oneofs = { double: of("as_double"), int: of("as_int") };
  return {
    attributes: attributesEntry(POINT),
    ...timeEntries(POINT, "start_time", of("start_time_unix_nano")),
    ...timeEntries(POINT, "time", of("time_unix_nano")),
    value_double: plain(double(POINT, oneofs.double, { instead: oneofs.int })),
    value_int: plain(whole(POINT, oneofs.int, "fixed64", { instead: oneofs.double })),
    exemplars: plain(messages(POINT, of("exemplars"), () => "Exemplar", { level: "exemplar", ...frozen })),
    flags: plain(whole(POINT, of("flags"), "uint32")),
    count: plain(whole(POINT, of("count"), "fixed64")),
    // A histogram tells a sum of 0 from none.
    sum: plain(double(POINT, of("sum"), { keep: numberIn([HistogramDataPoint, ExponentialHistogramDataPoint], "sum") })),
    bucket_counts: plain(numbers(POINT, of("bucket_counts"), "fixed64")),
    explicit_bounds: plain(numbers(POINT, of("explicit_bounds"), "double")),
    scale: plain(whole(POINT, of("scale"), "sint32")),
    zero_count: plain(whole(POINT, of("zero_count"), "fixed64")),
    positive: bucketsEntry("positive"),
    negative: bucketsEntry("negative"),
    quantile_values: plain(messages(POINT, of("quantile_values"), () => "ValueAtQuantile")),
  };
}

function bucketsEntry(name: string): Entry {
  const inner = { spot: POINT, parent: of(name) };
  return {
    whole: () => message(POINT, of(name), "Buckets"),
    inner: {
      offset: plain(innerWhole({ ...inner, number: OFFSET }, true)),
      bucket_counts: plain(innerNumbers({ ...inner, number: BUCKET_COUNTS })),
    },
  };
}

const ofExemplar = (name: string) => numberIn([Exemplar], name);

export const EXEMPLAR_PATHS: Entries = {
  ...timeEntries(EXEMPLAR, "time", ofExemplar("time_unix_nano")),
  double_value: plain(double(EXEMPLAR, ofExemplar("as_double"), { instead: ofExemplar("as_int") })),
  int_value: plain(whole(EXEMPLAR, ofExemplar("as_int"), "fixed64", { instead: ofExemplar("as_double") })),
  trace_id: {
    whole: () => id(EXEMPLAR, ofExemplar("trace_id"), "trace"),
    inner: { string: plain(idText(EXEMPLAR, ofExemplar("trace_id"), "trace")) },
  },
  span_id: {
    whole: () => id(EXEMPLAR, ofExemplar("span_id"), "span"),
    inner: { string: plain(idText(EXEMPLAR, ofExemplar("span_id"), "span")) },
  },
  filtered_attributes: attributesEntry(EXEMPLAR),
};
