/**
 * Where requests go and what they carry: from flags, or from the variables that every OpenTelemetry
 * SDK reads. A flag's URL with a path is used as it is; OTEL_EXPORTER_OTLP_ENDPOINT is a base always,
 * as its specification says.
 */
import { SluiceError } from "../../base/errors.ts";
import { splitPair, unquoted } from "./attributes.ts";
import type { SentSignal } from "./content.ts";
import type { Flags } from "./options.ts";

export interface Endpoint {
  readonly url: string;
  /** The URL as it may be shown: without credentials and query. */
  readonly shown: string;
  /** The path was given, and nothing was added to it. */
  readonly asItIs: boolean;
}

/** A process's environment. */
export type Env = (name: string) => string | undefined;

const DEFAULT_ENDPOINT = "http://localhost:4318";

/** Throws `config`. */
export function endpointOf(signal: SentSignal, flags: Flags, env: Env): Endpoint {
  const given = flags.endpoint ?? flags.otlpEndpoint;
  const insecure = flags.insecure === true || flags.otlpInsecure === true;
  if (given !== undefined) return fromText(given, "--endpoint", insecure, signal, flags.otlpHttpUrlPath);
  const own = variable(env, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`);
  if (own !== undefined) return asItIs(parseUrl(own.value, own.name, insecure));
  const base = variable(env, "OTEL_EXPORTER_OTLP_ENDPOINT");
  const url = parseUrl(base?.value ?? DEFAULT_ENDPOINT, base?.name ?? "--endpoint", insecure);
  url.pathname = flags.otlpHttpUrlPath ?? `${url.pathname.replace(/\/+$/, "")}/v1/${signal}`;
  return { url: url.href, shown: shownUrl(url), asItIs: false };
}

function fromText(text: string, name: string, insecure: boolean, signal: SentSignal, path: string | undefined): Endpoint {
  const url = parseUrl(text, name, insecure);
  if (path !== undefined) url.pathname = path;
  else if (url.pathname !== "/") return asItIs(url);
  else url.pathname = `/v1/${signal}`;
  return { url: url.href, shown: shownUrl(url), asItIs: path !== undefined };
}

function asItIs(url: URL): Endpoint {
  return { url: url.href, shown: shownUrl(url), asItIs: true };
}

function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

const THIS_MACHINE = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Without a scheme it is https, as telemetrygen has it, so that no key leaves in the clear by accident. */
function parseUrl(text: string, name: string, insecure: boolean): URL {
  const trimmed = text.trim();
  const url = parsed(SCHEME.test(trimmed) ? trimmed : `https://${trimmed}`);
  const plain = !SCHEME.test(trimmed) && (insecure || THIS_MACHINE.test(url?.hostname ?? ""));
  const whole = plain ? parsed(`http://${trimmed}`) : url;
  if (whole !== undefined && (whole.protocol === "http:" || whole.protocol === "https:")) return whole;
  throw new SluiceError("config", `Cannot use ${name}: it is no http or https URL`, { cure: "For example http://localhost:4318" });
}

function parsed(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** Lower-case names. Flags stand before variables, a signal's variable before the common one. Throws `config`. */
export function headersOf(signal: SentSignal, flags: Flags, env: Env): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (const name of ["OTEL_EXPORTER_OTLP_HEADERS", `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`]) {
    for (const pair of (variable(env, name)?.value ?? "").split(",")) {
      if (pair.trim() !== "") add(headers, pair, name, decoded);
    }
  }
  for (const pair of [...flags.otlpHeader, ...flags.header]) add(headers, pair, "--header", unquoted);
  return Object.fromEntries(headers);
}

function add(headers: Map<string, string>, pair: string, name: string, read: (value: string) => string): void {
  const { key, value } = splitPair(pair, name);
  const text = read(value).trim();
  // RFC 9110: a token, and text without control characters.
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(key) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
    throw new SluiceError("config", `Cannot use ${name}: "${key}" and its value are no header`, { cure: `For example ${name} api-key=abc` });
  }
  headers.set(key.toLowerCase(), text);
}

/** Values of the variables are percent-encoded, as baggage is (OTLP exporter specification). */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Not encoded after all: taken as it is.
    return value;
  }
}

/** Empty is not set, as the specification has it. */
function variable(env: Env, name: string): { readonly name: string; readonly value: string } | undefined {
  const value = env(name);
  return value === undefined || value.trim() === "" ? undefined : { name, value };
}
