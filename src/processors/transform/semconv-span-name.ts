/**
 * Span names by the semantic conventions 1.37 to 1.43 (HTTP, RPC, database and messaging spans), the
 * attributes' older names included.
 */
import type { Plain } from "../../otlp/any-value.ts";
import { valueText } from "../../otlp/value-text.ts";

/** The value of an attribute; undefined when there is none. */
export type LookUp = (name: string) => Plain | undefined;

type NameOf = (attributes: LookUp) => string;

/** Which conventions a kind of span may follow, in the order in which they are asked. Numbers are those of Span.SpanKind. */
const BY_KIND: ReadonlyMap<number, readonly NameOf[]> = new Map<number, readonly NameOf[]>([
  [2, [(attributes) => http(attributes, "http.route"), rpc, messaging]],
  [3, [(attributes) => http(attributes, "url.template"), rpc, database, messaging]],
  [4, [messaging]],
  [5, [messaging]],
]);

/** Undefined when no convention gives a name. */
export function semconvSpanName(kind: number, attributes: LookUp): string | undefined {
  for (const nameOf of BY_KIND.get(kind) ?? []) {
    const name = nameOf(attributes);
    if (name !== "") return name;
  }
  return undefined;
}

/** The first of the attributes that is there, as text. */
function text(attributes: LookUp, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = attributes(name);
    if (value !== undefined) return valueText(value);
  }
  return undefined;
}

function http(attributes: LookUp, target: string): string {
  const method = text(attributes, "http.request.method", "http.method");
  if (method === undefined) return "";
  const path = text(attributes, target);
  return path === undefined ? method : `${method} ${path}`;
}

function rpc(attributes: LookUp): string {
  const system = text(attributes, "rpc.system.name", "rpc.system");
  if (system === undefined) return "";
  const method = text(attributes, "rpc.method", "rpc.grpc.method");
  const service = text(attributes, "rpc.service", "rpc.grpc.service");
  if (service === undefined) return method ?? system;
  return `${service}/${method ?? "*"}`;
}

function database(attributes: LookUp): string {
  const system = text(attributes, "db.system.name", "db.system");
  if (system === undefined) return "";
  const summary = text(attributes, "db.query.summary");
  if (summary !== undefined) return summary;
  const operation = text(attributes, "db.operation.name", "db.operation") ?? "";
  const target = databaseTarget(attributes);
  return [operation, target].filter((part) => part !== "").join(" ") || system;
}

function databaseTarget(attributes: LookUp): string {
  const namespace = text(attributes, "db.namespace", "db.name") ?? "";
  const object = text(attributes, "db.collection.name") ?? text(attributes, "db.stored_procedure.name");
  if (object !== undefined) return namespace === "" ? object : `${namespace}.${object}`;
  return namespace === "" ? server(attributes) : namespace;
}

function messaging(attributes: LookUp): string {
  const system = text(attributes, "messaging.system");
  if (system === undefined) return "";
  const operation = text(attributes, "messaging.operation.name", "messaging.operation");
  const destination = messagingDestination(attributes);
  if (destination === "") return operation ?? system;
  return operation === undefined ? destination : `${operation} ${destination}`;
}

function messagingDestination(attributes: LookUp): string {
  if (attributes("messaging.destination.temporary") === true) return "(temporary)";
  if (attributes("messaging.destination.anonymous") === true) return "(anonymous)";
  const named = text(attributes, "messaging.destination.template", "messaging.destination.name", "messaging.destination");
  return named ?? server(attributes);
}

function server(attributes: LookUp): string {
  const address = text(attributes, "server.address");
  if (address === undefined) return "";
  const port = text(attributes, "server.port");
  return port === undefined ? address : `${address}:${port}`;
}
