/** TLS settings as `node:tls` takes them, read from files once, when a listener or a client is made. */
import { readFileSync } from "node:fs";
import type { SecureContextOptions, SecureVersion } from "node:tls";
import { messageOf, SluiceError } from "../../base/errors.ts";
import type { TlsClientOptions, TlsServerFiles } from "../../base/host.ts";

const VERSIONS: Readonly<Record<string, SecureVersion>> = { "1.0": "TLSv1", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3" };

interface ServerTls extends SecureContextOptions {
  readonly requestCert?: boolean;
  readonly rejectUnauthorized?: boolean;
}

/** `key` is the configuration key of the address, for messages. Throws `config` when a file cannot be read. */
export function serverTls(files: TlsServerFiles, key: string): ServerTls {
  const at = `${key} (tls)`;
  const ca = fromFile(files.clientCaFile, at);
  return {
    ...common(files, at),
    // A client certificate that was asked for and not verified would be worse than none.
    ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }),
  };
}

interface ClientTls extends SecureContextOptions {
  readonly rejectUnauthorized: boolean;
  readonly servername?: string;
}

/** Throws `config` when a file cannot be read. */
export function clientTls(options: TlsClientOptions): ClientTls {
  const ca = options.caPem ?? fromFile(options.caFile, "tls.ca_file");
  return {
    ...common(options, "tls"),
    rejectUnauthorized: !options.insecureSkipVerify,
    ...(ca === undefined ? {} : { ca }),
    ...(options.serverName === undefined ? {} : { servername: options.serverName }),
  };
}

function common(options: TlsServerFiles | TlsClientOptions, at: string): SecureContextOptions {
  const cert = options.certPem ?? fromFile(options.certFile, at);
  const key = options.keyPem ?? fromFile(options.keyFile, at);
  const maxVersion = version(options.maxVersion, at);
  return {
    minVersion: version(options.minVersion, at) ?? "TLSv1.2",
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function version(text: string | undefined, at: string): SecureVersion | undefined {
  if (text === undefined || text === "") return undefined;
  const found = VERSIONS[text];
  if (found === undefined) throw new SluiceError("config", `Cannot use TLS version "${text}" in ${at}: unknown`, { cure: 'Use "1.2" or "1.3"' });
  return found;
}

function fromFile(path: string | undefined, at: string): Buffer | undefined {
  if (path === undefined || path === "") return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new SluiceError("config", `Cannot read "${path}" for ${at}: ${messageOf(error)}`, {
      cure: "Correct the path, or the file's permissions",
      cause: error,
    });
  }
}
