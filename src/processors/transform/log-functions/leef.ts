/**
 * ParseLEEF: QRadar's Log Event Extended Format, 1.0 and 2.0.
 *
 *   [anything] LEEF:1.0|vendor|product|version|event id[|attributes]
 *   [anything] LEEF:2.0|vendor|product|version|event id[|delimiter][|attributes]
 *
 * Attributes are `key=value`, between them a tab or 2.0's own delimiter: one character, or its code as
 * 0x and two digits. Of two with one key the later counts; what has no key is left out.
 */
import { StatementError, type Value } from "../../../ottl/value.ts";
import { parser, type Parsed } from "./parser.ts";

const HEADER = ["leef.vendor", "leef.product.name", "leef.product.version", "leef.event.id"];
const MARK = "LEEF:";

export const parseLeef = parser("ParseLEEF", "LEEF", (text) => {
  const start = text.indexOf(MARK);
  if (start < 0) throw new StatementError(`Cannot read LEEF: there is no "${MARK}"`);
  const [version = "", ...fields] = text.slice(start + MARK.length).split("|");
  if (fields.length === 0) throw new StatementError("Cannot read LEEF: its header has no bars");
  if (version !== "1.0" && version !== "2.0") throw new StatementError(`Cannot read LEEF: version "${version}" is neither 1.0 nor 2.0`);
  if (fields.length < HEADER.length) throw new StatementError(`Cannot read LEEF: its header has ${fields.length} of ${HEADER.length} fields`);
  const parsed = new Map<string, Value>([["leef.version", version]]);
  for (const [index, name] of HEADER.entries()) parsed.set(name, fields[index] ?? "");
  return parsed.set("leef.attributes", attributesOf(fields.slice(HEADER.length), version));
});

function attributesOf(fields: readonly string[], version: string): Parsed {
  const [first = "", ...others] = fields;
  // What has an equals sign is an attribute: the delimiter was left out.
  const delimited = version === "2.0" && fields.length > 0 && !first.includes("=");
  const delimiter = delimited ? delimiterOf(first) : "\t";
  const attributes = new Map<string, Value>();
  for (const pair of (delimited ? others : fields).join("|").split(delimiter)) {
    const equals = pair.indexOf("=");
    if (equals > 0) attributes.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return attributes;
}

function delimiterOf(text: string): string {
  if (text === "") return "\t";
  if (/^0[xX][0-9a-fA-F]{2}$/.test(text)) return String.fromCharCode(Number.parseInt(text.slice(2), 16));
  if (text.length === 1 && text.charCodeAt(0) < 128) return text;
  throw new StatementError(`Cannot read LEEF: "${text}" is no delimiter`);
}
