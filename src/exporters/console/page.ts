/** What the printers of every signal are given, and what they share. */
import { type Message, messages } from "../../otlp/read.ts";
import { type Line, piece, type Piece, type Style, wrap } from "./paper.ts";
import { attribute, attributePairs, serviceOf, type Zone } from "./values.ts";

export interface Page {
  readonly columns: number;
  readonly attributes: "none" | "key" | "all";
  readonly zone: Zone;
  readonly nowMs: number;
}

export interface Item {
  readonly service: string;
  readonly group: Message;
  readonly item: Message;
}

/** The first `itemsMax` items of a request; no more of them are read. */
export function itemsOf(request: Message, [groups, scopes, items]: readonly [string, string, string], itemsMax: number): Item[] {
  const found: Item[] = [];
  for (const group of messages(request, groups)) {
    const service = serviceOf(group);
    for (const scope of messages(group, scopes)) {
      for (const item of messages(scope, items)) {
        if (found.length >= itemsMax) return found;
        found.push({ service, group, item });
      }
    }
  }
  return found;
}

const SERVICE_STYLES: readonly Style[] = ["cyan", "blue", "green", "magenta"];

/** The same style for the same service, for as long as the gateway runs and beyond. */
export function serviceStyle(service: string): Style {
  let sum = 0;
  for (let i = 0; i < service.length; i++) sum = (sum * 31 + service.charCodeAt(i)) >>> 0;
  return SERVICE_STYLES[sum % SERVICE_STYLES.length] ?? "cyan";
}

const ATTRIBUTE_LINES_MAX = 8;

/** All attributes, dim, behind `indent`, over as many lines as they need. */
export function attributeLines(of: Message, indent: Piece, indentColumns: number, page: Page): Line[] {
  const pairs = attributePairs(of);
  if (pairs.length === 0) return [];
  return wrap(pairs.join("  "), page.columns - indentColumns, ATTRIBUTE_LINES_MAX).map((text) => [indent, piece(text, "dim")]);
}

/** `type: message` of an exception's attributes; empty without either. */
export function exceptionText(of: Message): string {
  return [attribute(of, "exception.type"), firstLine(attribute(of, "exception.message"))].filter((part) => part !== "").join(": ");
}

export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
