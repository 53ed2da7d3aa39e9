/**
 * ParseCLF: the Common Log Format of web servers, and the combined one.
 *
 *   host ident user [time] "request" status bytes
 *   host ident user [time] "request" status bytes "referer" "user agent"
 *
 * In quotes Apache's escapes are undone: `\"`, `\\`, `\n` and its kin, `\xhh`.
 */
import { parseInt64 } from "../../../base/go-numbers.ts";
import { BuildError, define } from "../../../ottl/contract.ts";
import { trimSpace } from "../../../ottl/functions/text/bytes.ts";
import { StatementError, type Value } from "../../../ottl/value.ts";
import { given, TARGET } from "./parser.ts";

type Form = "word" | "bracketed" | "quoted";

const COMMON: readonly Form[] = ["word", "word", "word", "bracketed", "quoted", "word", "word"];
const COMBINED: readonly Form[] = [...COMMON, "quoted", "quoted"];

const ESCAPES: Readonly<Record<string, number>> = { "\\": 92, '"': 34, n: 10, t: 9, r: 13, b: 8, f: 12, v: 11 };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** `ParseCLF(target, Optional[format])`: "clf", the default, or "combined". */
export const parseClf = define("ParseCLF", [TARGET, { name: "format", kind: "string", optional: true }], ({ target, format = "clf" }) => {
  if (format !== "clf" && format !== "combined") throw new BuildError(`Cannot read CLF as "${format}": it is no format`, 'Use "clf" or "combined"');
  const forms = format === "clf" ? COMMON : COMBINED;
  return (subject) => {
    const parts = partsOf(trimSpace(given(target(subject), "CLF")), forms);
    if (parts === undefined) throw new StatementError(`Cannot read CLF: the text is not of the form "${format}"`);
    return parsed(parts);
  };
});

function parsed([host = "", ident = "", user = "", time = "", request = "", status = "", bytes = "", ...more]: readonly string[]): Map<string, Value> {
  const line = unescape(request);
  const result = new Map<string, Value>([
    ["clf.remote_host", host],
    ["clf.rfc931", ident],
    ["clf.auth_user", user],
    ["clf.timestamp", time],
    ["clf.request", line],
  ]);
  const [method = "", uri, ...protocol] = line.split(" ");
  if (uri !== undefined && protocol.length > 0) result.set("clf.method", method).set("clf.request_uri", uri).set("clf.protocol", protocol.join(" "));
  result.set("clf.status", whole("status", status));
  if (bytes !== "-") result.set("clf.bytes", whole("number of bytes", bytes));
  const [referer, agent] = more;
  if (referer !== undefined && agent !== undefined) result.set("clf.referer", unescape(referer)).set("clf.user_agent", unescape(agent));
  return result;
}

function whole(what: string, text: string): bigint {
  const value = parseInt64(text);
  if (value === undefined) throw new StatementError(`Cannot read CLF: the ${what} "${text}" is no number`);
  return value;
}

/** The parts with one blank between each, or undefined when the text is of another form. */
function partsOf(text: string, forms: readonly Form[]): string[] | undefined {
  const parts: string[] = [];
  let at = 0;
  for (const form of forms) {
    if (parts.length > 0 && text[at++] !== " ") return undefined;
    const close = form === "word" ? "" : form === "bracketed" ? "]" : '"';
    if (close !== "" && text[at++] !== (form === "bracketed" ? "[" : '"')) return undefined;
    const end = endOf(text, at, form);
    if (end < 0 || (end === at && form !== "quoted")) return undefined;
    parts.push(text.slice(at, end));
    at = end + close.length;
  }
  return at === text.length ? parts : undefined;
}

/** Where a part ends that begins at `at`; -1 when it does not. */
function endOf(text: string, at: number, form: Form): number {
  if (form === "bracketed") return text.indexOf("]", at);
  while (at < text.length) {
    const char = text[at];
    if (form === "word" && (char === " " || char === "\t" || char === "\n" || char === "\f" || char === "\r")) return at;
    if (form === "quoted" && char === '"') return at;
    if (form === "quoted" && char === "\\") {
      if (text[at + 1] === "\n") return -1;
      at++;
    }
    at++;
  }
  return form === "word" ? text.length : -1;
}

/** Escapes may stand for single bytes, which need be no UTF-8: U+FFFD where they are not. What is no escape stays. */
function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  const bytes: number[] = [];
  const source = encoder.encode(text);
  for (let at = 0; at < source.length; at++) {
    const byte = source[at] ?? 0;
    const next = source[at + 1];
    if (byte !== 92 || next === undefined) {
      bytes.push(byte);
      continue;
    }
    at++;
    const escaped = ESCAPES[String.fromCharCode(next)];
    const code = next === 120 ? String.fromCharCode(source[at + 1] ?? 0, source[at + 2] ?? 0) : "";
    if (escaped !== undefined) bytes.push(escaped);
    else if (/^[0-9a-fA-F]{2}$/.test(code)) {
      bytes.push(Number.parseInt(code, 16));
      at += 2;
    } else bytes.push(byte, next);
  }
  return decoder.decode(Uint8Array.from(bytes));
}
