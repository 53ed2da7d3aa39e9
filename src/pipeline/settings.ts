/**
 * Settings that components share, as the Collector has them: durations, headers, TLS. Each is a zod
 * schema whose input form is also its documentation.
 */
import * as z from "zod";
import type { TlsServerFiles } from "../base/host.ts";

const UNIT_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, "\u00b5s": 1e-3, "\u03bcs": 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gy;
/** Node's and everyone's timers end here: about 24 days. */
const DURATION_MS_MAX = 2 ** 31 - 1;

/** A Go duration (`1m30s`, `500ms`, `0`) in milliseconds, or undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  let ms = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const found = PART.exec(text);
    if (found === null) return undefined;
    ms += Number(found[1]) * (UNIT_MS[found[2] ?? ""] ?? 0);
  }
  return text === "" ? undefined : ms;
}

/**
 * A duration, in milliseconds once parsed. A bare number is nanoseconds, as in the Collector; the
 * schema's `sluiceKind` lets a validator warn of it.
 */
export function duration() {
  return z
    .union([z.string(), z.number().int()])
    .meta({ sluiceKind: "duration", examples: ["30s", "1m30s", "500ms"] })
    .transform((value, context) => {
      const ms = typeof value === "number" ? value * 1e-6 : parseDuration(value.trim());
      if (ms === undefined || ms < 0 || ms > DURATION_MS_MAX) {
        context.issues.push({ code: "custom", input: value, message: `"${value}" is no duration: write it like 30s, 1m30s or 500ms, at most 24 days` });
        return z.NEVER;
      }
      return ms;
    });
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
/** Visible characters, spaces and tabs of Latin-1: nothing that could end the line. */
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

const headerValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** Header names and values; a map, or a list of `{name, value}`. */
export function headers() {
  return z.union([z.record(z.string(), headerValue), z.array(z.strictObject({ name: z.string(), value: headerValue }))]).transform((value, context) => {
    const pairs = Array.isArray(value) ? value.map((one) => [one.name, one.value] as const) : Object.entries(value);
    for (const [name, text] of pairs) {
      // The value may be a secret: it is not repeated.
      if (!HEADER_NAME.test(name)) context.issues.push({ code: "custom", input: name, message: `"${name}" is no header name` });
      else if (!HEADER_VALUE.test(text))
        context.issues.push({ code: "custom", input: name, message: `the value of header "${name}" has characters that no header may have` });
    }
    return Object.fromEntries(pairs);
  });
}

const tlsShape = {
  enabled: z.boolean().default(true).describe("False: as if the section were not there."),
  ca_file: z.string().optional().describe("Path of the certificate authorities, PEM."),
  ca_pem: z.string().optional().describe("The certificate authorities themselves, PEM."),
  cert_file: z.string().optional().describe("Path of the certificate, PEM."),
  cert_pem: z.string().optional().describe("The certificate itself, PEM."),
  key_file: z.string().optional().describe("Path of the private key, PEM."),
  key_pem: z.string().optional().describe("The private key itself, PEM."),
  min_version: z.enum(["1.0", "1.1", "1.2", "1.3"]).default("1.2").describe("The lowest TLS version."),
  max_version: z.enum(["1.0", "1.1", "1.2", "1.3"]).optional().describe("The highest TLS version."),
  include_system_ca_certs_pool: z.boolean().default(false).describe("Besides `ca_file`, trust the system's authorities."),
  cipher_suites: z.array(z.string()).optional().describe("Cipher suites by name."),
  curve_preferences: z.array(z.string()).optional().describe("Curves by name."),
  reload_interval: duration().optional().describe("How often certificates are read again."),
};

/** TLS of a client. */
export const tlsClient = z.strictObject({
  ...tlsShape,
  insecure: z.boolean().default(false).describe("No TLS for an endpoint without a scheme; an https:// endpoint uses TLS all the same."),
  insecure_skip_verify: z.boolean().default(false).describe("Do not verify the server's certificate."),
  server_name_override: z.string().optional().describe("The name that the server's certificate must have."),
});

/** TLS of a server. */
export const tlsServer = z.strictObject({
  ...tlsShape,
  client_ca_file: z.string().optional().describe("Path of the authorities that client certificates must be signed by; given, every client must have one."),
  client_ca_file_reload: z.boolean().default(false).describe("Read that file again when it changes."),
});

/** What such a section asks for; undefined: no TLS. */
export function tlsFilesOf(tls: z.output<typeof tlsServer> | null | undefined): TlsServerFiles | undefined {
  if (tls?.enabled !== true) return undefined;
  return {
    certFile: tls.cert_file,
    certPem: tls.cert_pem,
    keyFile: tls.key_file,
    keyPem: tls.key_pem,
    clientCaFile: tls.client_ca_file,
    minVersion: tls.min_version,
    maxVersion: tls.max_version,
  };
}

/** Keys of TLS sections that are not in force yet, for `notInForce`. `prefix` is the section's path. */
export function tlsNotInForce(prefix: string): Readonly<Record<string, string>> {
  return {
    [`${prefix}.include_system_ca_certs_pool`]: "the system's authorities are trusted only while no ca_file or ca_pem is given",
    [`${prefix}.cipher_suites`]: "the runtime's own choice of cipher suites is used",
    [`${prefix}.curve_preferences`]: "the runtime's own choice of curves is used",
    [`${prefix}.reload_interval`]: "certificates are read once, at the start",
  };
}
