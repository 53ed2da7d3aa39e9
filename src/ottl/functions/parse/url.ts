/** URL: a URI's parts under the names of the semantic conventions; of a text from `?` on, its parameters. */
import { define, type OttlFunction } from "../../contract.ts";
import { StatementError, type Value } from "../../value.ts";
import { hostAndPort, parseUri, queryOf, refusal, type Uri, uriText } from "./uri.ts";

export const url: OttlFunction = define("URL", [{ name: "uri", kind: "string_getter" }], ({ uri }) => (subject) => {
  const text = uri(subject);
  if (text === "") throw new StatementError("Cannot read a URI: the text is empty");
  if (!text.startsWith("?")) return partsOf(parseUri(text));
  const query = queryOf(text.slice(1));
  return query.size === 0 ? new Map() : new Map([["query", query]]);
});

function partsOf(uri: Uri): ReadonlyMap<string, Value> {
  const { name, port } = hostAndPort(uri.host);
  const parts = new Map<string, Value>([
    ["url.original", uriText(uri)],
    ["url.domain", name],
    ["url.scheme", uri.scheme],
    ["url.path", uri.path],
  ]);
  if (port.length > 18) throw refusal("its port is too large");
  if (port !== "") parts.set("url.port", BigInt(port));
  if (uri.fragment !== "") parts.set("url.fragment", uri.fragment);
  if (uri.user !== undefined) setUser(parts, uri, uri.user);
  if (uri.query !== "") parts.set("url.query", uri.query);
  const point = uri.path.lastIndexOf(".");
  if (point >= 0 && point < uri.path.length - 1) parts.set("url.extension", uri.path.slice(point + 1));
  return parts;
}

function setUser(parts: Map<string, Value>, uri: Uri, user: NonNullable<Uri["user"]>): void {
  // As it stands in the whole, where it is escaped.
  parts.set(
    "url.user_info",
    uriText({ ...uri, scheme: "", opaque: "", host: "", path: "", rawPath: "", query: "", emptyQuery: false, fragment: "", withoutHost: false }).slice(2, -1),
  );
  if (user.name !== "") parts.set("url.username", user.name);
  if (user.password !== undefined) parts.set("url.password", user.password);
}
