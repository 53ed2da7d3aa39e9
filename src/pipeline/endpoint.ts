/** Addresses to listen on, as the Collector writes them. */
import { SluiceError } from "../base/errors.ts";

const ENDPOINT = /^(?:\[(?<v6>[\da-fA-F:.%\w]+)\]|(?<host>[^:/[\]]*)):(?<port>\d{1,5})$/;

export interface Endpoint {
  /** Empty: every interface. */
  readonly hostname: string;
  readonly port: number;
}

/** `host:port`, `[::1]:port` or `:port`. `key` is the configuration key, for the message. Throws `config`. */
export function parseEndpoint(endpoint: string, key: string): Endpoint {
  const groups = ENDPOINT.exec(endpoint)?.groups;
  const port = Number(groups?.["port"]);
  if (groups === undefined || port > 65_535) {
    throw new SluiceError("config", `Cannot listen on "${endpoint}": not an address`, {
      path: key,
      cure: `Write "${key}" as host:port, for example localhost:4318 or 0.0.0.0:4318`,
    });
  }
  return { hostname: groups["v6"] ?? groups["host"] ?? "", port };
}

/** `scheme://host:port`, for people: `port` is the one that was bound. */
export function addressOf(scheme: "http" | "https", hostname: string, port: number): string {
  const shown = hostname === "" ? "0.0.0.0" : hostname;
  return `${scheme}://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;
}
