/**
 * Traces as waterfalls: a heading, a scale, and a line a span with its place in the tree, its service,
 * its bar and its duration. Errors have a line of their own beneath their span.
 */
import { id, type Message, message, messages, number, text } from "../../otlp/read.ts";
import { cell, type Line, piece, type Piece, textWidth, widest } from "./paper.ts";
import { attributeLines, exceptionText, firstLine, type Item, type Page, serviceStyle } from "./page.ts";
import { type Row, type Span, spanOf, treeRows } from "./tree.ts";
import { counted, durationText, nanosText, timeText, valueText } from "./values.ts";

const STATUS_ERROR = 2;
const KINDS = ["", "", "server", "client", "producer", "consumer"] as const;
const KIND_COLUMNS = 8;
const SERVICE_COLUMNS_MAX = 18;
const DURATION_COLUMNS = 7;
const BAR_COLUMNS_MIN = 10;
const BAR_COLUMNS_MAX = 60;
/** Widths from which spans have columns for their kind and their service. */
const KINDS_FROM = 90;
const SERVICES_FROM = 72;
/** The name's part of the width. */
const NAME_PART = 0.44;
const EXCEPTIONS_MAX = 3;
/** What a long statement adds to the width of the names. */
const DETAIL_COLUMNS = 20;
const GAP = piece("  ");

export function* traceLines(items: readonly Item[], page: Page): Generator<Line> {
  for (const [traceId, spans] of byTrace(items)) {
    yield* waterfall(traceId, spans, page);
    yield [];
  }
}

function byTrace(items: readonly Item[]): Map<string, Span[]> {
  const traces = new Map<string, Span[]>();
  for (const { service, item } of items) {
    const traceId = id(item, "traceId");
    const spans = traces.get(traceId) ?? [];
    spans.push(spanOf(service, item));
    traces.set(traceId, spans);
  }
  return traces;
}

/** A row with what stands behind its name. */
interface Told extends Row {
  readonly detail: string;
}

interface Layout {
  readonly name: number;
  readonly kind: number;
  readonly service: number;
  readonly bar: number;
  readonly from: bigint;
  readonly nanos: bigint;
}

function* waterfall(traceId: string, spans: readonly Span[], page: Page): Generator<Line> {
  const rows = treeRows(spans).map((row): Told => ({ ...row, detail: detailOf(row.span, page) }));
  const services = [...new Set(rows.map(({ service }) => service))];
  const layout = layoutOf(rows, services, page);
  const errors = rows.filter(isError).length;
  yield [
    piece("trace ", "dim"),
    piece(traceId, "bold"),
    piece(`  ${timeText(layout.from, page.zone, page.nowMs)}  ${counted(rows.length, "span")}  `, "dim"),
    piece(nanosText(layout.nanos)),
    ...(errors === 0 ? [] : [piece("  "), piece(counted(errors, "error"), "red")]),
  ];
  yield scaleLine(services, layout);
  for (const row of rows) {
    yield spanLine(row, layout);
    yield* noteLines(row, page);
  }
}

function layoutOf(rows: readonly Told[], services: readonly string[], page: Page): Layout {
  const { columns } = page;
  // Spans without a time would stretch the scale back to 1970.
  const timed = rows.filter(({ start }) => start > 0n);
  const from = timed.reduce((least, { start }) => (start < least ? start : least), timed[0]?.start ?? 0n);
  const to = timed.reduce((most, { end }) => (end > most ? end : most), from);
  const name = Math.min(
    Math.floor(columns * NAME_PART),
    Math.max(
      20,
      widest(rows, (row) => textWidth(row.branch) + textWidth(text(row.span, "name")) + Math.min(DETAIL_COLUMNS, row.detail.length) + 6),
    ),
  );
  const wide = columns >= KINDS_FROM;
  const service = services.length > 1 && columns >= SERVICES_FROM ? Math.min(SERVICE_COLUMNS_MAX, widest(services, textWidth)) : 0;
  const kind = wide && rows.some(({ span }) => kindOf(span) !== "") ? KIND_COLUMNS : 0;
  const taken = 2 + name + 2 + (kind && kind + 2) + (service && service + 2) + 2 + DURATION_COLUMNS;
  const bar = Math.min(BAR_COLUMNS_MAX, columns - taken);
  if (bar >= BAR_COLUMNS_MIN) return { name, kind, service, bar, from, nanos: to - from };
  return { name: Math.max(1, name + Math.min(0, bar)), kind, service, bar: 0, from, nanos: to - from };
}

/** The services where the names will stand, and the scale over the bars. */
function scaleLine(services: readonly string[], layout: Layout): Line {
  const left = layout.name + (layout.kind && layout.kind + 2) + (layout.service && layout.service + 2);
  const names = services.flatMap((service, index) => [...(index === 0 ? [] : [piece(", ", "dim")]), piece(service, serviceStyle(service))]);
  return [GAP, ...cell(names, left), GAP, piece(scaleOf(layout), "dim")];
}

function scaleOf({ bar, nanos }: Layout): string {
  if (bar === 0 || nanos === 0n) return "";
  const end = nanosText(nanos);
  const middle = durationText(Number(nanos) / 2e9);
  const half = Math.floor((bar - textWidth(middle)) / 2);
  const line = `0${" ".repeat(Math.max(1, half - 1))}${middle}`;
  if (textWidth(line) + textWidth(end) + 1 > bar) return `0${" ".repeat(Math.max(1, bar - 1 - textWidth(end)))}${end}`;
  return `${line}${" ".repeat(bar - textWidth(line) - textWidth(end))}${end}`;
}

function spanLine(row: Told, layout: Layout): Line {
  const error = isError(row);
  const style = serviceStyle(row.service);
  const name: Line = [
    piece(row.branch, "dim"),
    ...(row.orphan ? [piece("⋯ ", "dim")] : []),
    ...(error ? [piece("✗ ", "red")] : []),
    piece(text(row.span, "name") || "(no name)", error ? "red" : "plain"),
    ...(row.detail === "" ? [] : [GAP, piece(row.detail, "dim")]),
  ];
  const duration = row.start === 0n ? "" : nanosText(row.end - row.start);
  return [
    GAP,
    ...cell(name, layout.name),
    GAP,
    ...(layout.kind === 0 ? [] : [...cell([piece(kindOf(row.span), "dim")], layout.kind), GAP]),
    ...(layout.service === 0 ? [] : [...cell([piece(row.service, style)], layout.service), GAP]),
    ...(layout.bar === 0 ? [] : cell(barOf(row, layout, error ? "red" : style), layout.bar)),
    GAP,
    piece(" ".repeat(Math.max(0, DURATION_COLUMNS - textWidth(duration)))),
    piece(duration, error ? "red" : "plain"),
  ];
}

/** A bar in halves of a column, half a column at the least. */
function barOf({ start, end }: Row, { bar, from, nanos }: Layout, style: Piece["style"]): Line {
  if (start === 0n) return [];
  const halves = bar * 2;
  const at = (time: bigint): number => (nanos === 0n ? 0 : Math.round((Number(time - from) / Number(nanos)) * halves));
  const first = Math.min(at(start), halves - 1);
  const last = nanos === 0n ? halves : Math.max(at(end), first + 1);
  let drawn = "";
  for (let half = first - (first % 2); half < last; half += 2) drawn += half < first ? "╺" : half + 1 < last ? "━" : "╸";
  return [piece(" ".repeat(Math.floor(first / 2))), piece(drawn, style)];
}

function* noteLines(row: Row, page: Page): Generator<Line> {
  const indent = [GAP, piece(row.trunk, "dim")];
  const exceptions = [...messages(row.span, "events")]
    .filter((event) => text(event, "name") === "exception")
    .slice(0, EXCEPTIONS_MAX)
    .map(exceptionText);
  const status = isError(row) ? firstLine(text(message(row.span, "status"), "message")) : "";
  const notes = exceptions.some((exception) => exception.includes(status)) ? exceptions : [status, ...exceptions];
  for (const note of notes) if (note !== "") yield [...indent, piece(`! ${note}`, "red")];
  if (page.attributes === "all") {
    const trunk = piece(`  ${row.trunk}`, "dim");
    yield* attributeLines(row.span, trunk, textWidth(trunk.text), page);
    for (const event of messages(row.span, "events")) yield* eventLines(event, row, trunk, page);
  }
}

function* eventLines(event: Message, row: Row, trunk: Piece, page: Page): Generator<Line> {
  const at = event["timeUnixNano"];
  const since = typeof at === "bigint" && at >= row.start ? `  +${nanosText(at - row.start)}` : "";
  yield [trunk, piece("• ", "dim"), piece(text(event, "name") || "(no name)"), piece(since, "dim")];
  yield* attributeLines(event, piece(`${trunk.text}  `, "dim"), textWidth(trunk.text) + 2, page);
}

function isError({ span }: Span): boolean {
  return number(message(span, "status"), "code") === STATUS_ERROR;
}

function kindOf(span: Message): string {
  return KINDS[number(span, "kind")] ?? "";
}

/** Attributes that say what a span did, new names and old: the first of each row that is there. */
const KEYS: readonly (readonly string[])[] = [
  ["http.request.method", "http.method"],
  ["http.route", "url.path", "http.target", "url.full", "http.url"],
  ["http.response.status_code", "http.status_code"],
  ["db.system.name", "db.system"],
  ["db.query.summary", "db.query.text", "db.statement", "db.operation.name", "db.operation"],
  ["rpc.system.name", "rpc.system"],
  ["rpc.method"],
  ["rpc.grpc.status_code", "rpc.response.status_code"],
  ["messaging.system"],
  ["messaging.destination.name", "messaging.destination"],
  ["gen_ai.request.model"],
  ["faas.name"],
  ["error.type"],
];

const KNOWN_KEYS: ReadonlySet<string> = new Set(KEYS.flat());
const NOTHING: Message = {};

/** The values of the key attributes, without what the span's name says already. */
function detailOf(span: Message, page: Page): string {
  if (page.attributes === "none") return "";
  const name = text(span, "name").toLowerCase();
  const known = new Map<string, Message>();
  for (const pair of messages(span, "attributes")) {
    const key = text(pair, "key");
    if (KNOWN_KEYS.has(key)) known.set(key, message(pair, "value"));
  }
  if (known.size === 0) return "";
  const values = KEYS.map((keys) => keys.map((key) => valueText(known.get(key) ?? NOTHING)).find((value) => value !== "") ?? "");
  const told = values.filter((value, index) => value !== "" && !name.includes(value.toLowerCase()) && values.indexOf(value) === index);
  return told.map((value) => value.replaceAll(/\s+/g, " ")).join(" ");
}
