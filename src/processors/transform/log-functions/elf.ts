/**
 * ParseELF: W3C's Extended Log Format: directives, `#Name: value`, and lines of values, which the last
 * `#Fields` before them names. Values stand between blanks and tabs, or in quotes with `""` for a quote.
 */
import { trimSpace } from "../../../ottl/functions/text/bytes.ts";
import { StatementError, type Value } from "../../../ottl/value.ts";
import { parser } from "./parser.ts";

const DIRECTIVES: ReadonlyMap<string, string> = new Map([
  ["version", "elf.version"],
  ["software", "elf.software"],
  ["date", "elf.date"],
  ["start-date", "elf.start_date"],
  ["end-date", "elf.end_date"],
  ["remark", "elf.remark"],
]);

/** `ParseELF(target)`: a line with fewer values than fields has "-" for the others, and what it has more is left out. */
export const parseElf = parser("ParseELF", "ELF", (text) => {
  const entries: Value[] = [];
  const parsed = new Map<string, Value>([["elf.entries", entries]]);
  let fields: readonly string[] = [];
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = trimSpace(raw);
    if (line === "") continue;
    if (line.startsWith("#")) fields = readDirective(line.slice(1), parsed) ?? fields;
    else if (fields.length === 0) throw new StatementError("Cannot read ELF: a line of values stands before #Fields");
    else entries.push(entryOf(fields, valuesOf(line)));
  }
  if (!parsed.has("elf.version")) throw new StatementError("Cannot read ELF: there is no #Version");
  return parsed.set("elf.fields", [...fields]);
});

/** Sets what the directive says; gives the names of fields if it has them. Unknown ones are passed over. */
function readDirective(line: string, into: Map<string, Value>): readonly string[] | undefined {
  const colon = line.indexOf(":");
  if (colon < 0) {
    if (/^fields/i.test(trimSpace(line))) throw new StatementError("Cannot read ELF: #Fields has no colon");
    return undefined;
  }
  const name = trimSpace(line.slice(0, colon)).toLowerCase();
  const value = trimSpace(line.slice(colon + 1));
  if (name === "fields") return value.split(/\s+/).filter((field) => field !== "");
  const key = DIRECTIVES.get(name);
  if (key !== undefined) into.set(key, value);
  return undefined;
}

function entryOf(fields: readonly string[], values: readonly string[]): Value {
  return new Map<string, Value>(fields.map((field, index) => [field, values[index] ?? "-"]));
}

function valuesOf(line: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < line.length;) {
    if (line[at] === " " || line[at] === "\t") at++;
    else if (line[at] === '"') {
      const end = quoteEnd(line, at + 1);
      values.push(line.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      const start = at;
      while (at < line.length && line[at] !== " " && line[at] !== "\t") at++;
      values.push(line.slice(start, at));
    }
  }
  return values;
}

/** The quote that ends a value: one that is not doubled. */
function quoteEnd(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 2)) if (line[at + 1] !== '"') return at;
  throw new StatementError("Cannot read ELF: a quoted value has no end");
}
