/**
 * The host on Workers: plain memory of fixed size, fetch for sending, console for what is told.
 * Only globals that `nodejs_compat` gives, so that the same host checks a configuration on Node.
 *
 * Invariant: nothing here lets a request wait for another one. What outlives its request (a branch
 * that the sender does not wait for) is handed to the request's own `waitUntil`.
 */
import { SluiceError } from "../../base/errors.ts";
import type { Codecs, Host, HttpClient, HttpClientOptions, Logger, LogLevel } from "../../base/host.ts";
import { createKernel } from "../../kernel/kernel.ts";
import { Engine } from "../../otlp/engine.ts";
import { fetchClient } from "../fetch/client.ts";
import { MountedServer } from "../fetch/server.ts";
import { nodeCodecs } from "../node/codecs.ts";
import { nodeLogger } from "../node/logger.ts";

/**
 * An isolate has 128 MB for everything: code, heap, what zlib puts out, and the copy that fetch sends.
 * Half of it leaves room for one body of 16 MiB inflated and sent, and for three such blocks here.
 */
export const WORKERS_MEMORY_BYTES = 64 << 20;
/** Law 4: bytes of a body before and after decompression, unless the configuration says otherwise. */
const BODY_BYTES_MAX = 16 << 20;
const PAGE_BYTES = 65_536;
const COLUMNS = 100;

/** A promise that the current request must outlive its answer for. */
export type KeepAlive = (promise: Promise<unknown>) => void;

/** A kernel over plain memory. `module` comes compiled: a Worker may not compile. */
export function workersEngine(module: WebAssembly.Module): Engine {
  const pages = WORKERS_MEMORY_BYTES / PAGE_BYTES;
  return new Engine(createKernel({ module, memory: new WebAssembly.Memory({ initial: pages, maximum: pages }) }));
}

/** One JSON object a line, which the platform indexes. `level`: lines below it are not written. */
export function consoleLogger(level: LogLevel): Logger {
  return nodeLogger({ format: "json", level, write: (line) => console.log(line.replace(/\n$/, "")), nowMs: () => Date.now() });
}

/** `level`: lines below it are not written. `keepAlive` belongs to whatever request runs when it is called. */
export function workersHost(engine: Engine, level: LogLevel, keepAlive: KeepAlive): Host & { readonly server: MountedServer } {
  return {
    runtime: "workers",
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    random: () => Math.random(),
    sleep,
    logger: consoleLogger(level),
    terminal: { write: (text) => console.log(text.replace(/\n$/, "")), colours: false, columns: COLUMNS },
    codecs: keptCodecs(nodeCodecs(engine.pool), keepAlive),
    server: new MountedServer("on Workers", sleep),
    bodyBytesMax: BODY_BYTES_MAX,
    client: (options) => keptClient(checked(options, engine), keepAlive),
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Throws `config` for what only a connection of our own could do. */
function checked({ tls, maxConnections }: HttpClientOptions, engine: Engine): HttpClient {
  const refused: readonly (readonly [key: string, given: unknown])[] = [
    ["tls.insecure_skip_verify", tls.insecureSkipVerify],
    ["tls.ca_file", tls.caFile],
    ["tls.ca_pem", tls.caPem],
    ["tls.cert_file", tls.certFile],
    ["tls.cert_pem", tls.certPem],
    ["tls.key_file", tls.keyFile],
    ["tls.key_pem", tls.keyPem],
    ["tls.server_name_override", tls.serverName],
    ["tls.min_version 1.3", tls.minVersion === "1.3"],
    ["tls.max_version", tls.maxVersion],
    ["max_conns_per_host", maxConnections],
  ];
  for (const [key, given] of refused) {
    if (given === undefined || given === "" || given === false || given === 0) continue;
    throw new SluiceError("config", `Cannot use ${key} on Workers: the platform makes the connections`, {
      cure: "Remove it; a destination needs a certificate of a public authority there",
    });
  }
  return fetchClient({ memory: engine.bytes, fetch: (...request) => fetch(...request) });
}

function keptClient(client: HttpClient, keepAlive: KeepAlive): HttpClient {
  return {
    send(request) {
      const result = client.send(request);
      keepAlive(result);
      return result;
    },
    close: () => client.close(),
  };
}

function keptCodecs(codecs: Codecs, keepAlive: KeepAlive): Codecs {
  return {
    inflate: (...body) => codecs.inflate(...body),
    compress(...body) {
      const result = codecs.compress(...body);
      keepAlive(result);
      return result;
    },
  };
}
