/**
 * An extension stands beside the pipelines: it keeps what components store, or answers questions about
 * the gateway. It is built with everything else, starts before anything that may use it, and ends last.
 */
import type * as z from "zod";
import type { Broker, PlatformQueue } from "../base/broker.ts";
import type { Host, Logger, Storage } from "../base/host.ts";
import type { ObjectStore } from "../base/objects.ts";
import type { Engine } from "../otlp/engine.ts";
import type { Complaint } from "./component.ts";
import type { Counters } from "./counters.ts";
import type { Health } from "./health.ts";

/** What the gateway is doing. `ready`: everything is started. */
export type GatewayState = "starting" | "ready" | "stopping";

/** What an extension is given at its start. */
export interface ExtensionParts {
  readonly host: Host;
  readonly counters: Counters;
  readonly engine: Engine;
  readonly health: Health;
}

export interface Extension {
  /**
   * Given by an extension that stores. One storage an extension, the same object for everyone who asks.
   * May be asked for before the start, and resolves once it is open; rejects when that failed.
   */
  storage?(): Promise<Storage>;
  /** Given instead by one that keeps queues, and nothing else. The same terms. */
  broker?(): Promise<Broker>;
  /** The same, of one that the platform keeps. */
  readonly platformQueue?: PlatformQueue;
  /** Given instead by one that keeps objects, for dead letters, and nothing else. The terms of `storage`. */
  objects?(): Promise<ObjectStore>;
  /** Opens it, before exporters, stages and receivers start. Throws `config`, `listen` or `storage`; nothing of it is open then. */
  start(parts: ExtensionParts): Promise<void>;
  /** What it listens on, once started. */
  readonly addresses?: readonly string[];
  /** Called with what changes: "starting" once it has started itself, "ready", "stopping" before receivers stop. */
  onState?(state: GatewayState): void;
  /** Ends it, after everything else. Called also where it never started. */
  stop(deadlineMs: number): Promise<void>;
}

/** What an extension is given when it is built. */
export interface ExtensionContext {
  /** The id as configured, for example `file_storage/queue`. */
  readonly id: string;
  readonly host: Host;
  readonly logger: Logger;
}

export interface ExtensionDefinition<Config = unknown> {
  readonly kind: "extension";
  /** The Collector's id, snake_case. */
  readonly id: string;
  /** Older ids, accepted with a warning. */
  readonly aliases?: readonly string[];
  /** None: it takes no telemetry. */
  readonly signals: readonly [];
  /** One line for `sluice components` and the docs. */
  readonly summary: string;
  /** Whether components can store with it. Default false. */
  readonly stores?: boolean;
  /** Whether a Worker can store with it without a Durable Object. Default false. */
  readonly inWorker?: boolean;
  /** Whether it works in a Durable Object. Default true. */
  readonly inObject?: boolean;
  /** Judges the settings of an exporter that stores with it, in which it is called `id`. */
  checkExporter?(config: unknown, id: string): readonly Complaint[];
  /** Strict object; every key described, with its default and unit. */
  readonly schema: z.ZodType<Config>;
  /** Dotted keys that are accepted but not in force, with what to expect instead: each present one is a warning. */
  readonly notInForce?: Readonly<Record<string, string>>;
  /** Opens nothing. */
  create(config: Config, context: ExtensionContext): Extension;
}

export function defineExtension<Config>(definition: Omit<ExtensionDefinition<Config>, "kind" | "signals">): ExtensionDefinition<Config> {
  return { kind: "extension", signals: [], ...definition };
}
