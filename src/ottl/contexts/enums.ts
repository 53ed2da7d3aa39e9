/** The names that stand for numbers in statements, by context: OTLP's enums, and the kinds of metric. */
import { type EnumSchema, AggregationTemporality, SeverityNumber, SpanKind, StatusCode } from "../../otlp/tables.ts";

export type Enums = ReadonlyMap<string, bigint>;

export const NO_ENUMS: Enums = new Map();

export const SPAN_ENUMS: Enums = new Map([...entries(SpanKind), ...entries(StatusCode)]);

export const LOG_ENUMS: Enums = entries(SeverityNumber);

/** In the order of the numbers that the Collector gives them. */
export const METRIC_TYPES = ["NONE", "GAUGE", "SUM", "HISTOGRAM", "EXPONENTIAL_HISTOGRAM", "SUMMARY"] as const;

export const METRIC_ENUMS: Enums = new Map([
  ...entries(AggregationTemporality),
  ...METRIC_TYPES.map((name, number) => [`METRIC_DATA_TYPE_${name}`, BigInt(number)] as const),
]);

export const POINT_ENUMS: Enums = new Map([...METRIC_ENUMS, ["FLAG_NONE", 0n], ["FLAG_NO_RECORDED_VALUE", 1n]]);

function entries(schema: EnumSchema): Map<string, bigint> {
  return new Map(Object.entries(schema).map(([name, number]) => [name, BigInt(number)]));
}
