/**
 * The other side's address, from what each server passes beside the request: Deno's information,
 * Bun's server, the Node adapter's own request. Empty where nobody says.
 */

/** `host:port`, as `node:http` has it. `beside` is the second argument of the fetch handler. */
export function peerOf(request: Request, beside: unknown): string {
  if (typeof beside !== "object" || beside === null) return "";
  if ("remoteAddr" in beside) return addressOf(beside.remoteAddr, "hostname", "port");
  if ("requestIP" in beside && typeof beside.requestIP === "function") return addressOf(ipOf(beside, request), "address", "port");
  if ("incoming" in beside && isObject(beside.incoming) && "socket" in beside.incoming) return addressOf(beside.incoming.socket, "remoteAddress", "remotePort");
  return "";
}

function ipOf(server: object, request: Request): unknown {
  const found: unknown = Reflect.get(server, "requestIP");
  return typeof found === "function" ? Reflect.apply(found, server, [request]) : undefined;
}

function addressOf(from: unknown, hostKey: string, portKey: string): string {
  if (!isObject(from)) return "";
  const host: unknown = Reflect.get(from, hostKey);
  const port: unknown = Reflect.get(from, portKey);
  return typeof host === "string" ? `${host}:${typeof port === "number" ? port : ""}` : "";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
