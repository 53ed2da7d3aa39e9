/** Metrics as one small table a resource: name, kind, value in its unit, attributes. */
import { type Message, message, messages, number, text, whole } from "../../otlp/read.ts";
import { cell, type Line, piece, textWidth, wrap } from "./paper.ts";
import { type Page, serviceStyle } from "./page.ts";
import { type Bucket, explicitBuckets, exponentialBuckets, quantileOf } from "./quantiles.ts";
import { attributePairs, counted, numberText, quantityText, serviceOf, timeText } from "./values.ts";

const DELTA = 1;
const NO_RECORDED_VALUE = 1;
const KIND_COLUMNS_MAX = 15;
const NAME_PART = 0.34;
const VALUE_PART = 0.42;
const ATTRIBUTE_COLUMNS_MIN = 8;
const ATTRIBUTE_LINES_MAX = 6;
const GAP = piece("  ");

interface Row {
  readonly name: string;
  readonly kind: string;
  readonly value: string;
  readonly attributes: readonly string[];
}

/** Lines of the first `pointsMax` points of a request; what they show is counted in the result. */
export function* metricLines(request: Message, pointsMax: number, page: Page): Generator<Line, number> {
  let left = pointsMax;
  for (const group of messages(request, "resourceMetrics")) {
    const rows: Row[] = [];
    let latest = 0n;
    for (const scope of messages(group, "scopeMetrics")) {
      for (const metric of messages(scope, "metrics")) {
        if (left <= 0) break;
        for (const { row, time } of rowsOf(metric, left)) {
          rows.push(row);
          left--;
          if (time > latest) latest = time;
        }
      }
    }
    if (rows.length > 0) yield* table(serviceOf(group), rows, latest, page);
    if (left <= 0) break;
  }
  return pointsMax - left;
}

const SHAPES = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;
type Shape = (typeof SHAPES)[number];

function rowsOf(metric: Message, pointsMax: number): { readonly row: Row; readonly time: bigint }[] {
  const shape = SHAPES.find((field) => metric[field] !== undefined);
  if (shape === undefined) return [];
  const data = message(metric, shape);
  const unit = text(metric, "unit");
  const name = text(metric, "name") || "(no name)";
  const kind = kindOf(shape, data);
  return [...messages(data, "dataPoints")].slice(0, pointsMax).map((point) => ({
    row: { name, kind, value: valueOf(shape, point, unit), attributes: attributePairs(point) },
    time: whole(point, "timeUnixNano"),
  }));
}

function kindOf(shape: Shape, data: Message): string {
  const delta = number(data, "aggregationTemporality") === DELTA ? "Δ " : "";
  if (shape === "sum") return delta + (data["isMonotonic"] === true ? "counter" : "up-down");
  return delta + (shape === "exponentialHistogram" ? "exp histogram" : shape);
}

function valueOf(shape: Shape, point: Message, unit: string): string {
  if ((number(point, "flags") & NO_RECORDED_VALUE) !== 0) return "no value";
  if (shape === "gauge" || shape === "sum") return scalarText(point, unit);
  if (shape === "summary") return summaryText(point, unit);
  return histogramText(point, shape === "histogram" ? explicitBuckets(point) : exponentialBuckets(point), unit);
}

function scalarText(point: Message, unit: string): string {
  const value = point["asInt"] ?? point["asDouble"];
  return typeof value === "bigint" || typeof value === "number" ? quantityText(value, unit) : "no value";
}

/** Count, mean, median, 95th percentile and the greatest, of those that can be told. */
function histogramText(point: Message, buckets: readonly Bucket[], unit: string): string {
  const count = Number(whole(point, "count"));
  const parts = [`n=${numberText(count)}`];
  if (count > 0 && point["sum"] !== undefined) parts.push(`mean ${quantityText(number(point, "sum") / count, unit)}`);
  for (const [name, quantile] of [["p50", 0.5], ["p95", 0.95]] as const) {
    const value = quantileOf(buckets, quantile);
    if (value !== undefined) parts.push(`${name} ${quantityText(value, unit)}`);
  }
  if (point["max"] !== undefined) parts.push(`max ${quantityText(number(point, "max"), unit)}`);
  return parts.join("  ");
}

function summaryText(point: Message, unit: string): string {
  const count = Number(whole(point, "count"));
  const parts = [`n=${numberText(count)}`];
  if (count > 0) parts.push(`mean ${quantityText(number(point, "sum") / count, unit)}`);
  for (const one of messages(point, "quantileValues")) {
    const quantile = number(one, "quantile");
    const name = quantile === 0 ? "min" : quantile === 1 ? "max" : `p${numberText(quantile * 100)}`;
    parts.push(`${name} ${quantityText(number(one, "value"), unit)}`);
  }
  return parts.join("  ");
}

function* table(service: string, rows: readonly Row[], time: bigint, page: Page): Generator<Line> {
  const { columns } = page;
  const name = widest(rows, (row) => row.name, Math.floor(columns * NAME_PART));
  const kind = widest(rows, (row) => row.kind, KIND_COLUMNS_MAX);
  const value = widest(rows, (row) => row.value, Math.floor(columns * VALUE_PART));
  const attributes = columns - 2 - name - 2 - kind - 2 - value - 2;
  yield [
    piece("metrics ", "dim"),
    piece(service, serviceStyle(service)),
    piece(`  ${timeText(time, page.zone, page.nowMs)}  ${counted(rows.length, "point")}`, "dim"),
  ];
  let before: Row | undefined;
  for (const row of rows) {
    const same = before?.name === row.name && before.kind === row.kind;
    before = row;
    const pairs = page.attributes === "none" ? "" : row.attributes.join(" ");
    const lines = page.attributes === "all" && attributes >= ATTRIBUTE_COLUMNS_MIN ? wrap(pairs, attributes, ATTRIBUTE_LINES_MAX) : [pairs];
    yield [
      GAP,
      ...cell([piece(same ? "" : row.name, "bold")], name),
      GAP,
      ...cell([piece(same ? "" : row.kind, "dim")], kind),
      GAP,
      ...cell([piece(row.value, row.value === "no value" ? "dim" : "plain")], value),
      GAP,
      piece(lines[0] ?? "", "dim"),
    ];
    for (const line of lines.slice(1)) yield [piece(" ".repeat(columns - attributes)), piece(line, "dim")];
  }
  yield [];
}

function widest(rows: readonly Row[], textOf: (row: Row) => string, most: number): number {
  return Math.min(most, Math.max(...rows.map((row) => textWidth(textOf(row)))));
}
