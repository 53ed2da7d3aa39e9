/** ParseCSV: one row of separated values (RFC 4180, with the liberties below) under a header's names. */
import { BuildError, define, type OttlFunction } from "../../contract.ts";
import { StatementError } from "../../value.ts";

type ReadRow = (row: string, delimiter: string) => readonly string[];

const MODES: Readonly<Record<string, ReadRow>> = {
  strict: (row, delimiter) => readRow(row, delimiter, false),
  lazyQuotes: (row, delimiter) => readRow(row, delimiter, true),
  ignoreQuotes: (row, delimiter) => row.split(delimiter),
};

export const parseCsv: OttlFunction = define(
  "ParseCSV",
  [
    { name: "target", kind: "string_getter" },
    { name: "header", kind: "string_getter" },
    { name: "delimiter", kind: "string", optional: true },
    { name: "header_delimiter", kind: "string", optional: true },
    { name: "mode", kind: "string", optional: true },
  ],
  ({ target, header, delimiter = ",", header_delimiter: headerDelimiter = delimiter, mode = "strict" }) => {
    for (const one of [delimiter, headerDelimiter])
      if (Array.from(one).length !== 1) throw new BuildError(`Cannot separate values by ${JSON.stringify(one)}: it is not one character`);
    const read = Object.hasOwn(MODES, mode) ? MODES[mode] : undefined;
    if (read === undefined) throw new BuildError(`Cannot read CSV in mode "${mode}": it is not known`, `Use one of ${Object.keys(MODES).join(", ")}`);
    if (mode !== "ignoreQuotes" && '"\r\n\ufffd'.includes(delimiter))
      throw new BuildError(`Cannot separate values by ${JSON.stringify(delimiter)}: it has a meaning of its own`);
    return (subject) => {
      const row = target(subject);
      const head = header(subject);
      if (head === "") throw new StatementError("Cannot read CSV: the header is empty");
      const names = head.split(headerDelimiter);
      const values = read(row, delimiter);
      if (values.length !== names.length) throw new StatementError(`Cannot read CSV: the row has ${values.length} values, the header ${names.length}`);
      return new Map(names.map((name, index) => [name, values[index] ?? ""]));
    };
  },
);

/**
 * The values of all lines as one row: a line's first value goes on with the last of the line before.
 * A line with a stray quote ends there, with the values before it.
 */
function readRow(row: string, delimiter: string, lazy: boolean): readonly string[] {
  const lines = new Lines(row);
  const joined: string[] = [];
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    if (line === "\n") continue;
    const values: string[] = [];
    const sound = readLine(line, lines, delimiter, lazy, values);
    if (!sound && values.length === 0) throw new StatementError("Cannot read CSV: a quote stands where none may");
    if (joined.length > 0) values[0] = `${joined.pop() ?? ""}\n${values[0] ?? ""}`;
    for (const value of values) joined.push(value);
  }
  if (joined.length === 0) throw new StatementError("Cannot read CSV: there is no row");
  return joined;
}

/** Lines with their end, which is always a line feed; the last may lack it. */
class Lines {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  next(): string | undefined {
    if (this.at >= this.text.length) return undefined;
    const feed = this.text.indexOf("\n", this.at);
    const end = feed < 0 ? this.text.length : feed + 1;
    const line = this.text.slice(this.at, end);
    this.at = end;
    if (feed < 0) return line.endsWith("\r") ? line.slice(0, -1) : line;
    return line.endsWith("\r\n") ? `${line.slice(0, -2)}\n` : line;
  }
}

/** Whether the line was sound. A quoted value takes further lines. */
function readLine(first: string, lines: Lines, delimiter: string, lazy: boolean, values: string[]): boolean {
  let line = first;
  let at = 0;
  for (;;) {
    if (line.charAt(at) !== '"') {
      const end = line.indexOf(delimiter, at);
      const value = line.slice(at, end >= 0 ? end : line.length - (line.endsWith("\n") ? 1 : 0));
      if (!lazy && value.includes('"')) return false;
      values.push(value);
      if (end < 0) return true;
      at = end + delimiter.length;
      continue;
    }
    at++;
    let value = "";
    for (let open = true; open;) {
      const quote = line.indexOf('"', at);
      if (quote >= 0) {
        value += line.slice(at, quote);
        at = quote + 1;
        if (line.charAt(at) === '"') {
          value += '"';
          at++;
        } else if (line.startsWith(delimiter, at)) {
          at += delimiter.length;
          open = false;
        } else if (at === line.length || (at === line.length - 1 && line.endsWith("\n"))) {
          values.push(value);
          return true;
        } else if (lazy) {
          value += '"';
        } else {
          return false;
        }
        continue;
      }
      value += line.slice(at);
      const following = lines.next();
      if (following === undefined) {
        if (!lazy) return false;
        values.push(value);
        return true;
      }
      line = following;
      at = 0;
    }
    values.push(value);
  }
}
