/** Metrics as one small table a resource: name, kind, value in its unit, attributes. */
import { type Message, message, messages, number, text, whole } from "../../otlp/read.ts";
import { cell, escaped, type Line, piece, textWidth, widthOf, wrap } from "./paper.ts";
import { type Page, serviceStyle } from "./page.ts";
import { type Bucket, explicitBuckets, exponentialBuckets, quantileOf } from "./quantiles.ts";
import { attributePairs, counted, isScaled, numberText, quantityText, serviceOf, timeText } from "./values.ts";

const DELTA = 1;
const NO_RECORDED_VALUE = 1;
/** Columns that attributes are given before values move beneath names. */
const ATTRIBUTE_COLUMNS = 20;
const ATTRIBUTE_LINES_MAX = 6;
const GAP = piece("  ");
const GAP_COLUMNS = 2;
const INDENT = 2;

interface Row {
  readonly name: string;
  readonly kind: string;
  /** As wide as those of the metric's other points, so that they stand beneath one another. */
  readonly parts: readonly string[];
  readonly attributes: string;
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
        for (const { row, time } of rowsOf(metric, left, page)) {
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

function rowsOf(metric: Message, pointsMax: number, page: Page): { readonly row: Row; readonly time: bigint }[] {
  const shape = SHAPES.find((field) => metric[field] !== undefined);
  if (shape === undefined) return [];
  const data = message(metric, shape);
  const unit = text(metric, "unit");
  const name = text(metric, "name") || "(no name)";
  const kind = kindOf(shape, data);
  const points = [...messages(data, "dataPoints")].slice(0, pointsMax);
  const parts = aligned(points.map((point) => partsOf(shape, point, unit)));
  const attributes = attributeTexts(points, page);
  return points.map((point, index) => ({
    row: { name, kind, parts: parts[index] ?? [], attributes: attributes[index] ?? "" },
    time: whole(point, "timeUnixNano"),
  }));
}

/** Every part as wide as the widest in its place; the last one as it is. */
function aligned(rows: readonly (readonly string[])[]): string[][] {
  const widths: number[] = [];
  for (const row of rows) for (const [index, part] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, textWidth(part));
  return rows.map((row) => row.map((part, index) => (index === row.length - 1 ? part : part + " ".repeat((widths[index] ?? 0) - textWidth(part)))));
}

/** The attributes of each point. With `key`, those first in which the points differ, under the last word of their keys where that is clear. */
function attributeTexts(points: readonly Message[], { attributes }: Page): string[] {
  if (attributes === "none") return points.map(() => "");
  if (attributes === "all") return points.map((point) => attributePairs(point).join(" "));
  const all = points.map((point) => attributePairs(point));
  const common = new Set(points.length < 2 ? [] : all[0]?.filter((pair) => all.every((pairs) => pairs.includes(pair))));
  const keys = new Set(points.flatMap((point) => [...messages(point, "attributes")].map((pair) => text(pair, "key"))));
  const short = shortKeys([...keys]);
  return all.map((pairs) =>
    [...pairs.filter((pair) => !common.has(pair)), ...pairs.filter((pair) => common.has(pair))].map((pair) => shortened(pair, short)).join(" "),
  );
}

/** The last word of each key, where no other key ends in it. */
function shortKeys(keys: readonly string[]): ReadonlyMap<string, string> {
  return new Map(keys.map((key) => [key, keys.some((other) => other !== key && lastWord(other) === lastWord(key)) ? key : lastWord(key)]));
}

function lastWord(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}

function shortened(pair: string, short: ReadonlyMap<string, string>): string {
  const equals = pair.indexOf("=");
  const key = pair.slice(0, equals);
  return `${short.get(key) ?? key}${pair.slice(equals)}`;
}

function kindOf(shape: Shape, data: Message): string {
  const delta = number(data, "aggregationTemporality") === DELTA ? "Δ " : "";
  if (shape === "sum") return delta + (data["isMonotonic"] === true ? "counter" : "up-down");
  return delta + (shape === "exponentialHistogram" ? "exp histogram" : shape);
}

const NO_VALUE = "no value";

function partsOf(shape: Shape, point: Message, unit: string): string[] {
  if ((number(point, "flags") & NO_RECORDED_VALUE) !== 0) return [NO_VALUE];
  if (shape === "gauge" || shape === "sum") return [scalarText(point, unit)];
  const parts =
    shape === "summary" ? summaryParts(point, unit) : histogramParts(point, shape === "histogram" ? explicitBuckets(point) : exponentialBuckets(point), unit);
  // A unit that is only a word is said once.
  return isScaled(unit) || unit === "" || unit === "1" ? parts : [...parts, unit];
}

function scalarText(point: Message, unit: string): string {
  const value = point["asInt"] ?? point["asDouble"];
  return typeof value === "bigint" || typeof value === "number" ? quantityText(value, unit) : NO_VALUE;
}

/** Count, mean, median, 95th percentile and the greatest, of those that can be told. */
function histogramParts(point: Message, buckets: readonly Bucket[], unit: string): string[] {
  const parts = countAndMean(point, unit, point["sum"] !== undefined);
  for (const [name, quantile] of [
    ["p50", 0.5],
    ["p95", 0.95],
  ] as const) {
    const value = quantileOf(buckets, quantile);
    if (value !== undefined) parts.push(`${name} ${measured(value, unit)}`);
  }
  if (point["max"] !== undefined) parts.push(`max ${measured(number(point, "max"), unit)}`);
  return parts;
}

function summaryParts(point: Message, unit: string): string[] {
  const quantiles = [...messages(point, "quantileValues")].map((one) => {
    const quantile = number(one, "quantile");
    const name = quantile === 0 ? "min" : quantile === 1 ? "max" : `p${numberText(quantile * 100)}`;
    return `${name} ${measured(number(one, "value"), unit)}`;
  });
  return [...countAndMean(point, unit, true), ...quantiles];
}

function countAndMean(point: Message, unit: string, summed: boolean): string[] {
  const count = Number(whole(point, "count"));
  const parts = [`n=${numberText(count)}`];
  if (count > 0 && summed) parts.push(`mean ${measured(number(point, "sum") / count, unit)}`);
  return parts;
}

function measured(value: number, unit: string): string {
  return quantityText(value, isScaled(unit) ? unit : "");
}

function* table(service: string, rows: readonly Row[], time: bigint, page: Page): Generator<Line> {
  yield [
    piece("metrics ", "dim"),
    piece(service, serviceStyle(service)),
    piece(`  ${timeText(time, page.zone, page.nowMs)}  ${counted(rows.length, "point")}`, "dim"),
  ];
  // Distributions are long: where they do not fit beside their names, they stand beneath.
  const beside = isRoomFor(rows, page) ? rows : rows.filter(({ parts }) => parts.length === 1);
  const name = widest(beside, (row) => row.name);
  const kind = widest(beside, (row) => row.kind);
  const value = widest(beside, valueText);
  const beneath = Math.min(page.columns - 2 * INDENT - GAP_COLUMNS - ATTRIBUTE_COLUMNS, widest(rows, valueText));
  const narrow = !isRoomFor(beside, page);
  let before: Row | undefined;
  for (const row of rows) {
    const same = before?.name === row.name && before.kind === row.kind;
    before = row;
    if (narrow || !beside.includes(row)) {
      const padding = piece(" ".repeat(Math.max(0, name - textWidth(escaped(row.name)))));
      if (!same) yield [GAP, piece(row.name, "bold"), padding, GAP, piece(row.kind, "dim")];
      yield* pointLines(row, [GAP, GAP], beneath, page);
      continue;
    }
    const left = [GAP, ...cell([piece(same ? "" : row.name, "bold")], name), GAP, ...cell([piece(same ? "" : row.kind, "dim")], kind), GAP];
    yield* pointLines(row, left, value, page);
  }
  yield [];
}

/** Whether names, kinds and values fit side by side, and some of the attributes. */
function isRoomFor(rows: readonly Row[], { columns }: Page): boolean {
  const attributes = Math.min(
    widest(rows, (row) => row.attributes),
    ATTRIBUTE_COLUMNS,
  );
  const [name, kind, value] = [widest(rows, (row) => row.name), widest(rows, (row) => row.kind), widest(rows, valueText)];
  return INDENT + name + GAP_COLUMNS + kind + GAP_COLUMNS + value + (attributes && GAP_COLUMNS + attributes) <= columns;
}

function* pointLines(row: Row, left: Line, value: number, page: Page): Generator<Line> {
  const shown = valueText(row);
  const told = piece(shown, shown === NO_VALUE ? "dim" : "plain");
  if (row.attributes === "") {
    yield [...left, told];
    return;
  }
  const line = [...left, ...cell([told], value), GAP];
  const columns = page.columns - widthOf(line);
  const texts = page.attributes === "all" && columns >= ATTRIBUTE_COLUMNS / 2 ? wrap(row.attributes, columns, ATTRIBUTE_LINES_MAX) : [row.attributes];
  yield [...line, ...(columns > 1 ? [piece(texts[0] ?? "", "dim")] : [])];
  for (const more of texts.slice(1)) yield [piece(" ".repeat(page.columns - columns)), piece(more, "dim")];
}

function valueText({ parts }: Row): string {
  return parts.join("  ");
}

function widest(rows: readonly Row[], textOf: (row: Row) => string): number {
  return rows.reduce((most, row) => Math.max(most, textWidth(escaped(textOf(row)))), 0);
}
