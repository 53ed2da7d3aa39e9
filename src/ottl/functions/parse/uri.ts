/**
 * A URI's parts (RFC 3986), read as the Collector's library reads them: percent signs are undone in
 * user, host, path and fragment, and the whole can be written again. StatementError for what is none.
 */
import { StatementError } from "../../value.ts";
import { fromBytes, toBytes } from "../text/bytes.ts";

export interface Uri {
  readonly scheme: string;
  /** What follows a scheme without a slash, as in `mailto:a@b`. */
  readonly opaque: string;
  readonly user: { readonly name: string; readonly password: string | undefined } | undefined;
  /** With its port. */
  readonly host: string;
  readonly path: string;
  readonly rawPath: string;
  readonly query: string;
  /** A question mark without a query. */
  readonly emptyQuery: boolean;
  readonly fragment: string;
  readonly rawFragment: string;
  /** A path from the root behind the scheme, without a host: `file:/a`. */
  readonly withoutHost: boolean;
}

type Part = "host" | "path" | "user" | "fragment" | "query";

export function refusal(why: string): StatementError {
  return new StatementError(`Cannot read a URI: ${why}`);
}

export function parseUri(text: string): Uri {
  const [main, rawFragment] = cut(text, "#");
  if (Array.from(main).some((char) => char < " " || char === "\u007f")) throw refusal("it has a control character");
  const empty = {
    scheme: "",
    opaque: "",
    user: undefined,
    host: "",
    path: "",
    rawPath: "",
    query: "",
    emptyQuery: false,
    fragment: unescape(rawFragment, "fragment"),
    rawFragment,
    withoutHost: false,
  };
  if (main === "*") return { ...empty, path: "*" };
  const [scheme, rest] = schemeOf(main);
  const emptyQuery = rest.endsWith("?") && rest.indexOf("?") === rest.length - 1;
  const [beforeQuery, query] = cut(rest, "?");
  const known = { ...empty, scheme, query, emptyQuery };
  if (!beforeQuery.startsWith("/")) {
    if (scheme !== "") return { ...known, opaque: beforeQuery };
    if (cut(beforeQuery, "/")[0].includes(":")) throw refusal("its first segment has a colon");
  }
  if (!beforeQuery.startsWith("//") || (scheme === "" && beforeQuery.startsWith("///"))) {
    return { ...known, ...pathOf(beforeQuery), withoutHost: scheme !== "" && beforeQuery.startsWith("/") };
  }
  const slash = beforeQuery.indexOf("/", 2);
  const authority = slash < 0 ? beforeQuery.slice(2) : beforeQuery.slice(2, slash);
  return { ...known, ...authorityOf(authority), ...pathOf(slash < 0 ? "" : beforeQuery.slice(slash)) };
}

function cut(text: string, at: string): readonly [string, string] {
  const place = text.indexOf(at);
  return place < 0 ? [text, ""] : [text.slice(0, place), text.slice(place + at.length)];
}

function schemeOf(text: string): readonly [string, string] {
  const found = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(text)?.[0];
  if (found !== undefined) return [found.slice(0, -1).toLowerCase(), text.slice(found.length)];
  if (text.startsWith(":")) throw refusal("the scheme before its colon is missing");
  return ["", text];
}

function pathOf(raw: string): { readonly path: string; readonly rawPath: string } {
  return { path: unescape(raw, "path"), rawPath: raw };
}

function authorityOf(authority: string): { readonly user: Uri["user"]; readonly host: string } {
  const at = authority.lastIndexOf("@");
  const host = hostOf(authority.slice(at + 1));
  if (at < 0) return { user: undefined, host };
  const info = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(info)) throw refusal("its user has a character that is not allowed");
  const [name, password] = cut(info, ":");
  return { user: { name: unescape(name, "user"), password: info.includes(":") ? unescape(password, "user") : undefined }, host };
}

function hostOf(host: string): string {
  const bracket = host.lastIndexOf("[");
  if (bracket > 0) throw refusal("its host has a bracket within");
  const close = host.lastIndexOf("]");
  if (bracket === 0 && close < 0) throw refusal("its host lacks the closing bracket");
  const colon = bracket === 0 ? close + 1 : host.indexOf(":");
  const port = colon < 0 ? "" : host.slice(colon);
  if (!/^(?::\d*)?$/.test(port)) throw refusal("its port is no number");
  if (bracket === 0 && !isAddress(host.slice(1, close))) throw refusal("its host in brackets is no address");
  return unescape(host, "host");
}

/** By its characters: hexadecimal digits, points and at least one colon, then a zone or none. */
function isAddress(text: string): boolean {
  return text.includes(":") && /^[0-9A-Fa-f:.]+(?:%.+)?$/.test(text);
}

/** The host without its port and brackets, and the port. */
export function hostAndPort(host: string): { readonly name: string; readonly port: string } {
  const colon = host.lastIndexOf(":");
  const withPort = colon >= 0 && /^\d*$/.test(host.slice(colon + 1));
  const name = withPort ? host.slice(0, colon) : host;
  return { name: name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name, port: withPort ? host.slice(colon + 1) : "" };
}

/** A query's parameters in order; a name may occur more than once. */
export function queryOf(query: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const pair of query.split("&")) {
    if (pair.includes(";")) throw refusal("its query has a semicolon");
    if (pair === "") continue;
    const [name, value] = cut(pair, "=");
    const key = unescape(name, "query");
    const values = found.get(key);
    if (values === undefined) found.set(key, [unescape(value, "query")]);
    else values.push(unescape(value, "query"));
  }
  return found;
}

const HOST_REFUSED = new Set(" #%/?@\\^`{|}");

function unescape(text: string, part: Part): string {
  const plain = part === "query" ? text.replaceAll("+", " ") : text;
  if (part === "host") for (const char of plain) if (char !== "%" && HOST_REFUSED.has(char)) throw refusal(`its host has a ${JSON.stringify(char)}`);
  if (!plain.includes("%")) return plain;
  const bytes = toBytes(plain);
  const out = new Uint8Array(bytes.length);
  let size = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0x25) {
      out[size++] = bytes[i] ?? 0;
      continue;
    }
    const digits = String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0);
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) throw refusal("a percent sign lacks its two digits");
    const byte = Number.parseInt(digits, 16);
    if (part === "host" && byte < 0x80 && byte !== 0x25) throw refusal("its host has an escaped character");
    out[size++] = byte;
    i += 2;
  }
  return fromBytes(out.subarray(0, size));
}

const PLAIN: Readonly<Record<Part, RegExp>> = {
  host: /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]$/,
  path: /^[A-Za-z0-9\-_.~$&+,/:;=@]$/,
  user: /^[A-Za-z0-9\-_.~$&+,;=]$/,
  fragment: /^[A-Za-z0-9\-_.~$&+,/:;=?@!()*]$/,
  query: /^[A-Za-z0-9\-_.~]$/,
};

function escape(text: string, part: Part): string {
  let escaped = "";
  for (const char of text) {
    if (PLAIN[part].test(char)) escaped += char;
    else for (const byte of toBytes(char)) escaped += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}

/** As it was written, when every character that must be escaped was. */
function escapedAs(raw: string, text: string, part: "path" | "fragment"): string {
  const sound = Array.from(raw).every((char) => PLAIN[part].test(char) || "!$&'()*+,;=:@[]%".includes(char));
  if (raw !== "" && sound) return raw;
  return text === "*" && part === "path" ? "*" : escape(text, part);
}

/** The URI in its normal form. */
export function uriText(uri: Uri): string {
  let text = uri.scheme === "" ? "" : `${uri.scheme}:`;
  if (uri.opaque !== "") text += uri.opaque;
  else text += hierarchyText(uri, text === "");
  if (uri.emptyQuery || uri.query !== "") text += `?${uri.query}`;
  return uri.fragment === "" ? text : `${text}#${escapedAs(uri.rawFragment, uri.fragment, "fragment")}`;
}

function hierarchyText(uri: Uri, first: boolean): string {
  let text = "";
  const present = uri.host !== "" || uri.user !== undefined;
  if (present || (uri.scheme !== "" && !uri.withoutHost && uri.path !== "")) {
    text += "//";
    if (uri.user !== undefined) text += `${escape(uri.user.name, "user")}${uri.user.password === undefined ? "" : `:${escape(uri.user.password, "user")}`}@`;
    text += escape(uri.host, "host");
  }
  const path = escapedAs(uri.rawPath, uri.path, "path");
  if (path !== "" && !path.startsWith("/") && uri.host !== "") text += "/";
  if (first && text === "" && cut(path, "/")[0].includes(":")) text += "./";
  return text + path;
}
