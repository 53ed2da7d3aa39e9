/**
 * What a component needs from outside, as small asynchronous interfaces of ours. A runtime adapter
 * (src/runtimes/) provides them; tests stand in with their own. Nothing here names a runtime.
 */
import type { Broker, JetStreamOptions, PlatformQueue } from "./broker.ts";
import type { ErrorCode } from "./errors.ts";
import type { ObjectPlace, ObjectStore } from "./objects.ts";
import type { Block } from "./pool.ts";
import type { Signal } from "./signal.ts";

export interface Clock {
  /** Milliseconds since 1970, may jump. */
  nowMs(): number;
  /** Milliseconds that never run backwards, from an arbitrary start. */
  monotonicMs(): number;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Lines for the operator. `fields` are appended as `key=value`; values from telemetry are escaped. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, string | number>>): void;
}

/** Where `console` and `debug` write. */
export interface Terminal {
  write(text: string): void;
  readonly colours: boolean;
  readonly columns: number;
}

/** Content codings that a body can have. */
export type Coding = "gzip" | "deflate" | "zstd";

export type Inflated =
  | {
      readonly kind: "ok";
      readonly block: Block;
      readonly start: number;
      readonly end: number;
      /** One gzip member or zstd frame and nothing behind it: safe to forward as it is. */
      readonly single: boolean;
    }
  | { readonly kind: "too_large" }
  | { readonly kind: "over_budget" }
  | { readonly kind: "damaged"; readonly message: string };

export interface Compressed {
  readonly block: Block;
  readonly start: number;
  readonly end: number;
}

export interface Codecs {
  /** Inflates all members or frames of `body` into a block of the pool, at most `maxBytes` of output. */
  inflate(coding: Coding, body: Uint8Array, maxBytes: number): Promise<Inflated>;
  /**
   * Compresses the slices as one body into a block of the pool, the caller's to release. `level` undefined:
   * gzip 1, zstd 1. Rejects with `over_budget` when the pool has no room.
   */
  compress(coding: Coding, slices: readonly Uint8Array[], level: number | undefined): Promise<Compressed>;
}

/** A request as the handler first sees it, before a byte of the body is read. */
export interface RequestHead {
  readonly method: string;
  /** Path without query, not decoded. */
  readonly path: string;
  /** A header's value by lower-case name; several are joined with ", ". */
  header(name: string): string | undefined;
  /** Every header, lower-case names. Costs an object: for those who asked for metadata. */
  headers(): Readonly<Record<string, string>>;
  /** The other side's address, for example `127.0.0.1:51000`. */
  readonly peer: string;
  /** Declared length of the body, undefined when chunked. */
  readonly contentLength: number | undefined;
}

export type BodyResult =
  | { readonly kind: "ok"; readonly block: Block; readonly start: number; readonly end: number }
  | { readonly kind: "too_large" }
  | { readonly kind: "over_budget" }
  | { readonly kind: "aborted" }
  /** Not whole in time, where the adapter and not the server beneath it keeps the time. */
  | { readonly kind: "timeout" };

/** The second phase of an exchange: the body, read once into a block that the caller then owns. */
export interface RequestBody {
  read(maxBytes: number): Promise<BodyResult>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** An answer given without reading the body closes the connection where the protocol needs it: the adapter sees to that. */
export type Handler = (head: RequestHead, body: RequestBody) => Promise<Answer>;

/** A certificate and its key, each from a file or as PEM text. */
export interface TlsServerFiles {
  readonly certFile?: string | undefined;
  readonly certPem?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly keyPem?: string | undefined;
  /** Given: every client must show a certificate that this authority signed. */
  readonly clientCaFile?: string | undefined;
  /** For example `1.2`, which is also the default. */
  readonly minVersion?: string | undefined;
  readonly maxVersion?: string | undefined;
}

export interface ListenOptions {
  /** Empty: every interface. `localhost` is 127.0.0.1, as in the Collector. */
  readonly hostname: string;
  readonly port: number;
  readonly tls?: TlsServerFiles | undefined;
  /** Whole request, head to last byte, ms. 0: the adapter's own limit. */
  readonly requestTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** The configuration key that sets the address: an error's cure names it. */
  readonly key: string;
}

export interface Listener {
  /** The port that was bound, which differs from the option when that was 0. */
  readonly port: number;
  /** Stops accepting, lets running exchanges end until `deadlineMs` from now, then cuts them. */
  stop(deadlineMs: number): Promise<void>;
}

export interface HttpServer {
  listen(options: ListenOptions, handler: Handler): Promise<Listener>;
}

export interface TlsClientOptions {
  readonly insecureSkipVerify: boolean;
  readonly caFile?: string | undefined;
  readonly caPem?: string | undefined;
  readonly certFile?: string | undefined;
  readonly certPem?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly keyPem?: string | undefined;
  readonly serverName?: string | undefined;
  readonly minVersion?: string | undefined;
  readonly maxVersion?: string | undefined;
}

export interface HttpRequest {
  /** Default POST. A GET has no body: no slices, and a length of 0. So has a DELETE. */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in order as one body. They stay untouched until `onReleased` is called. */
  readonly slices: readonly Uint8Array[];
  readonly length: number;
  /** From the call to the last byte of the response. */
  readonly timeoutMs: number;
  /** Response bytes read at the most; past it the result is `response_too_large`. */
  readonly responseMaxBytes: number;
  /**
   * Called exactly once, when nothing can read the slices any more: the last byte was handed to the
   * operating system and the exchange is over, or the socket is closed. May come after the result.
   */
  readonly onReleased: () => void;
}

export type HttpResult =
  | { readonly kind: "response"; readonly status: number; header(name: string): string | undefined; readonly body: Uint8Array }
  | { readonly kind: "failed"; readonly reason: "timeout" | "connect" | "reset" | "response_too_large" | "tls"; readonly message: string };

/** One request, one attempt. Redirects are not followed, response codings are not undone, nothing is sent again. */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpResult>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  readonly tls: TlsClientOptions;
  readonly maxIdleConnections: number;
  /** 0: no limit. */
  readonly maxConnections: number;
  readonly idleTimeoutMs: number;
}

/** What became of a request whose bytes could not be taken as they are. Plain data. */
export type Canonical =
  | {
      readonly kind: "ok";
      /** Protobuf in canonical form. */
      readonly bytes: Uint8Array;
      /** Items cut, why, and what else was mended: as admission tells it. */
      readonly rejected: number;
      readonly message: string;
      readonly repairs: Readonly<Record<"spansCut" | "idsCleared" | "textsRepaired" | "fieldsMerged" | "indicesCleared", number>>;
    }
  | { readonly kind: "malformed"; readonly code: ErrorCode; readonly message: string; readonly offset: number; readonly path: string };

/** Long work on one large body, where it keeps nobody waiting (law 4). */
export interface Aside {
  /**
   * Converts JSON, or mends protobuf. One at a time; the others wait. `bytes` must stay until it is
   * settled, or `take` was called: what that is given is there only for as long as it runs.
   * Rejects with `over_budget`, `too_large`, and what `take` throws.
   */
  canonical<Taken>(signal: Signal, encoding: "proto" | "json", bytes: Uint8Array, take: (made: Canonical) => Taken): Promise<Taken>;
}

/** The memory of the whole process. */
export interface ProcessMemory {
  /** Bytes that are resident now. A system call: not for every request. */
  residentBytes(): number;
  /** Bytes that the process may have: its container's limit, or else the machine's memory. */
  totalBytes(): number;
}

/** One change of a commit. */
export type Change =
  | {
      readonly kind: "put";
      readonly key: string;
      readonly value: Uint8Array;
      /** The value is the storage's from now on: nobody else reads or writes it. Default false: it is copied. */
      readonly given?: boolean;
    }
  | { readonly kind: "delete"; readonly key: string };

/** Keys and bytes that are kept: the contract is in pipeline/storage.ts. */
export interface Storage {
  /** Whether what was committed survives the end of the process. */
  readonly durable: boolean;
  /** The value, the caller's own; undefined where there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Keys with this prefix, ascending by code point, at most `limit`, those behind `after` when it is given. */
  list(prefix: string, limit: number, after?: string): Promise<readonly string[]>;
  /** All changes or none; resolves when they are kept. */
  commit(changes: readonly Change[]): Promise<void>;
  /** Ends it, once what was asked before has been answered. */
  close(): Promise<void>;
}

/** Where a storage lies. */
export interface OpenStorageOptions {
  readonly directory: string;
  /** Make the directory where it is missing. */
  readonly create: boolean;
  /** Permissions of a directory that is made, minus the process's umask. Default 0o750. */
  readonly permissions?: number | undefined;
  /** Whether a commit resolves only when it would survive a power cut, too. */
  readonly fsync: boolean;
  /** How long another process that has it may take to let go of it, ms. */
  readonly timeoutMs: number;
  /** Of the file in the directory, without suffix: letters, digits and what else a file name may have. */
  readonly name: string;
  /** Bytes that the file may have. 0 or undefined: no limit but the disk's. */
  readonly bytesMax?: number | undefined;
  /** Put a file that is damaged aside, and begin with an empty one. Default false: it is an error. */
  readonly recreate?: boolean | undefined;
}

/** Everything a runtime gives to the components. */
export interface Host {
  readonly runtime: "node" | "bun" | "deno" | "workers" | "test";
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
  /** Resolves after `ms`, and keeps nothing alive that would end otherwise. */
  sleep(ms: number): Promise<void>;
  /** Lets whoever waits for the thread have it. Undefined where a request may be cut off meanwhile, for good: on Workers. */
  readonly turn?: (() => Promise<void>) | undefined;
  readonly logger: Logger;
  readonly terminal: Terminal;
  readonly codecs: Codecs;
  readonly server: HttpServer;
  /** Bytes of a body that a receiver takes where its configuration says nothing. Undefined: the receiver's own default. */
  readonly bodyBytesMax?: number | undefined;
  /** Undefined where there are no threads: on Workers. */
  readonly aside?: Aside | undefined;
  /** Undefined where the runtime does not tell: on Workers. */
  readonly memory?: ProcessMemory | undefined;
  client(options: HttpClientOptions): HttpClient;
  /** Opens or makes a storage on disk. Rejects with `storage`. Undefined where the platform has no disk: on Workers. */
  openStorage?(options: OpenStorageOptions): Promise<Storage>;
  /** Connects to a NATS JetStream. Rejects with `config` or `storage`. Undefined where requests cannot share a connection: on Workers. */
  openJetStream?(options: JetStreamOptions): Promise<Broker>;
  /** The queue of the platform that is bound under this name. Throws `config` when none is. Undefined but in a Worker itself. */
  platformQueue?(binding: string): PlatformQueue;
  /** Objects in a directory, or behind S3's API. Rejects with `storage`. Undefined where there are neither files nor credentials: on Workers. */
  openObjects?(place: ObjectPlace): Promise<ObjectStore>;
  /** The bucket of the platform that is bound under this name. Throws `config` when none is. Undefined but on Workers. */
  boundObjects?(binding: string): ObjectStore;
}
