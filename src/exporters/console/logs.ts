/** Log records as lines: time, severity, service, trace, body; attributes dim, where the line has room. */
import { id, type Message, message, number, text, whole } from "../../otlp/read.ts";
import { cell, type Line, piece, type Style, textWidth, widest, wrap } from "./paper.ts";
import { attributeLines, exceptionText, type Item, type Page, serviceStyle } from "./page.ts";
import { attributePairs, timeText, valueText } from "./values.ts";

const LEVELS: readonly (readonly [name: string, style: Style])[] = [
  ["TRACE", "dim"],
  ["DEBUG", "dim"],
  ["INFO", "green"],
  ["WARN", "yellow"],
  ["ERROR", "red"],
  ["FATAL", "red"],
];
const STEPS_A_LEVEL = 4;
const LEVEL_COLUMNS = 5;
const SERVICE_COLUMNS_MAX = 18;
const TRACE_DIGITS = 8;
/** Lines of one body: a stack trace shows its head. */
const BODY_LINES_MAX = 8;
const BODY_COLUMNS_MIN = 20;
const PAIR_COLUMNS_MAX = 60;
const GAP = piece("  ");

export function* logLines(items: readonly Item[], page: Page): Generator<Line> {
  const serviceColumns = Math.min(
    SERVICE_COLUMNS_MAX,
    widest(items, ({ service }) => textWidth(service)),
  );
  const timed = items.map(({ item }) => timeText(timeOf(item), page.zone, page.nowMs));
  const timeColumns = widest(timed, textWidth);
  const anyTrace = items.some(({ item }) => id(item, "traceId") !== "");
  for (const [index, { item, service }] of items.entries()) {
    const [level, style] = levelOf(item);
    const front: Line = [
      ...cell([piece(timed[index] ?? "", "dim")], timeColumns),
      piece(" "),
      ...cell([piece(level, style)], LEVEL_COLUMNS),
      piece(" "),
      ...cell([piece(service, serviceStyle(service))], serviceColumns),
      GAP,
      ...(anyTrace ? [...cell([piece(id(item, "traceId").slice(0, TRACE_DIGITS), "dim")], TRACE_DIGITS), GAP] : []),
    ];
    yield* recordLines(item, front, style === "red" ? "red" : "plain", page);
  }
}

function* recordLines(record: Message, front: Line, style: Style, page: Page): Generator<Line> {
  const indent = front.reduce((sum, { text: part }) => sum + textWidth(part), 0);
  // Where the front leaves no room, what follows begins at the left.
  const room = page.columns - indent >= BODY_COLUMNS_MIN;
  const columns = room ? page.columns - indent : page.columns - 2;
  const margin = piece(" ".repeat(room ? indent : 2));
  const lines = bodyLines(record, columns);
  const pairs = page.attributes === "key" ? attributesThatFit(record, columns - textWidth(lines[0] ?? "") - 2, lines.length) : "";
  if (room) yield [...front, piece(lines[0] ?? "", style), ...(pairs === "" ? [] : [GAP, piece(pairs, "dim")])];
  else yield* [front, [margin, piece(lines[0] ?? "", style)]];
  for (const line of lines.slice(1)) yield [margin, piece(line, style)];
  const exception = exceptionText(record);
  if (exception !== "" && page.attributes !== "none") yield [margin, piece(`! ${exception}`, "red")];
  if (page.attributes === "all") yield* attributeLines(record, margin, textWidth(margin.text), page);
}

/** The body, or the event's name where there is none, on as many lines as it has and needs. */
function bodyLines(record: Message, columns: number): string[] {
  const event = text(record, "eventName");
  const body = valueText(message(record, "body"));
  const told = event === "" || body === "" ? event + body : `${event}  ${body}`;
  const lines: string[] = [];
  const sources = told.trimEnd().split(/\r?\n/);
  for (const [index, source] of sources.entries()) {
    const left = BODY_LINES_MAX - lines.length;
    if (left <= 1 && index < sources.length - 1) {
      lines.push(`… and ${sources.length - index} more lines`);
      break;
    }
    lines.push(...wrap(source.replaceAll("\t", "  "), columns, Math.max(1, left)));
  }
  return lines;
}

/** As many attributes as stand whole behind a body of one line. */
function attributesThatFit(record: Message, columns: number, lines: number): string {
  if (lines !== 1) return "";
  let shown = "";
  for (const pair of attributePairs(record, (key) => !key.startsWith("exception."))) {
    const more = shown === "" ? pair : `${shown} ${pair}`;
    if (textWidth(pair) > PAIR_COLUMNS_MAX) continue;
    if (textWidth(more) > columns) break;
    shown = more;
  }
  return shown;
}

function timeOf(record: Message): bigint {
  return whole(record, "timeUnixNano") || whole(record, "observedTimeUnixNano");
}

/** By number; by the first letters of the text where there is none. */
function levelOf(record: Message): readonly [string, Style] {
  const severity = number(record, "severityNumber");
  const level = LEVELS[Math.floor((severity - 1) / STEPS_A_LEVEL)];
  if (severity > 0 && level !== undefined) return level;
  const named = text(record, "severityText").toUpperCase();
  return LEVELS.find(([name]) => named.startsWith(name)) ?? [named, "plain"];
}
