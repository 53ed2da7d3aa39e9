/**
 * ParseCEF: ArcSight's Common Event Format.
 *
 *   [anything] CEF:version|vendor|product|version|class id|name|severity[|extensions]
 *
 * `\|` and `\\` stand for themselves in the header. Extensions are `key=value` with a blank between; a
 * value goes on to the next key, and `\\`, `\=`, `\n`, `\r` are escaped in it.
 */
import { StatementError, type Value } from "../../../ottl/value.ts";
import { parser, type Parsed } from "./parser.ts";

const HEADER = ["cef.version", "cef.device_vendor", "cef.device_product", "cef.device_version", "cef.device_event_class_id", "cef.name", "cef.severity"];
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\", "=": "=", n: "\n", r: "\r" };

export const parseCef = parser("ParseCEF", "CEF", (text) => {
  const start = text.indexOf("CEF:");
  if (start < 0) throw new StatementError('Cannot read CEF: there is no "CEF:"');
  const { fields, rest } = headerOf(text.slice(start + "CEF:".length));
  if (fields.length < HEADER.length) throw new StatementError(`Cannot read CEF: its header has ${fields.length} of ${HEADER.length} fields`);
  if (fields[0] === "") throw new StatementError("Cannot read CEF: it has no version");
  const parsed = new Map<string, Value>(HEADER.map((name, index) => [name, index === 0 ? (fields[0] ?? "") : unescapeHeader(fields[index] ?? "")]));
  return parsed.set("cef.extensions", extensionsOf(rest));
});

/** The seven fields between unescaped bars, as they are written, and what follows them. */
function headerOf(text: string): { readonly fields: readonly string[]; readonly rest: string } {
  const fields: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\" && (text[at + 1] === "|" || text[at + 1] === "\\")) at++;
    else if (text[at] === "|") {
      fields.push(text.slice(from, at));
      from = at + 1;
      if (fields.length === HEADER.length) return { fields, rest: text.slice(from) };
    }
  }
  fields.push(text.slice(from));
  return { fields, rest: "" };
}

function unescapeHeader(text: string): string {
  return text.replace(/\\([|\\])/g, "$1");
}

function extensionsOf(text: string): Parsed {
  const extensions = new Map<string, Value>();
  let key = "";
  let valueStart = 0;
  for (let at = 0; at < text.length;) {
    const length = at === 0 || text[at - 1] === " " ? keyLength(text, at) : 0;
    if (length === 0) at++;
    else {
      if (key !== "") extensions.set(key, unescapeValue(text.slice(valueStart, at)));
      key = text.slice(at, at + length);
      at += length + 1;
      valueStart = at;
    }
  }
  if (key !== "") extensions.set(key, unescapeValue(text.slice(valueStart)));
  return extensions;
}

/** Letters, digits and underscores before an equals sign; 0 when there is no key here. */
function keyLength(text: string, start: number): number {
  let at = start;
  while (isKeyUnit(text.charCodeAt(at))) at++;
  return text[at] === "=" ? at - start : 0;
}

function isKeyUnit(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || unit === 95 || (unit >= 97 && unit <= 122);
}

function unescapeValue(text: string): string {
  let end = text.length;
  while (text[end - 1] === " ") end--;
  return text.slice(0, end).replace(/\\([\\=nr])/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
}
