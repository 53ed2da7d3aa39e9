/**
 * The contracts of a component. A component is one file: its id, its schema (which is also its
 * documentation), the signals it serves and the function that builds it.
 */
import type * as z from "zod";
import { type Signal, SIGNALS } from "../base/signal.ts";
import type { Broker, PlatformQueue } from "../base/broker.ts";
import type { Host, Logger, Storage } from "../base/host.ts";
import type { ObjectStore } from "../base/objects.ts";
import type { Engine } from "../otlp/engine.ts";
import type { Batch, Origin } from "./batch.ts";
import type { Connector, Joins, Wiring } from "./connector.ts";
import type { Counters } from "./counters.ts";
import type { ExtensionDefinition } from "./extension.ts";
import type { Health } from "./health.ts";
import type { Outcome } from "./outcome.ts";
import type { Stage } from "./stage.ts";
import type { Step } from "./step.ts";

/** What every component is given when it is built. */
export interface Context {
  /** The id as configured, for example `otlp_http/vendor`. */
  readonly id: string;
  readonly host: Host;
  /** The kernel, the pool and what walks and edits. */
  readonly engine: Engine;
  readonly logger: Logger;
  readonly counters: Counters;
  /** Where it tells how it does. Undefined: nobody asks. */
  readonly health?: Health | undefined;
  /**
   * What the extension of this id keeps, as `sending_queue.storage` names it; resolves once that is open.
   * Rejects with `config` when no such extension is configured, and with what its start failed with.
   */
  readonly storage: (id: string) => Promise<Storage>;
  /** The broker of the extension of this id, for a queue, once that is open; rejects with what its start failed with. Undefined: it is none. */
  readonly broker?: ((id: string) => Promise<Broker> | undefined) | undefined;
  /** The same, of one that keeps objects, for dead letters. */
  readonly objects?: ((id: string) => Promise<ObjectStore> | undefined) | undefined;
  /** The same, of a queue that the platform keeps. */
  readonly platformQueue?: ((id: string) => PlatformQueue | undefined) | undefined;
}

/** Where a receiver puts what it took. The batch is the callee's to retain: the receiver releases its own hold after the outcome. */
export interface Intake {
  /** Signals for which a pipeline exists. */
  readonly signals: ReadonlySet<Signal>;
  consume(batch: Batch): Promise<Outcome>;
}

export interface Running {
  /** What it listens on or writes to, for the start-up lines; may be empty. */
  readonly addresses: readonly string[];
  stop(deadlineMs: number): Promise<void>;
}

export interface Receiver {
  start(intake: Intake): Promise<Running>;
}

export interface Exporter {
  /** As a stage's: `process` where requests share memory or turns, as in a queue. Default `none`. Workers run `none` alone. */
  readonly state?: Stage["state"];
  /** Called once, when extensions have started, and before a receiver does. What it throws stops the start. */
  start?(): Promise<void>;
  /** Called once, when everything is started. */
  ready?(): Promise<void>;
  /** Resolves with the outcome; never rejects. Retains the batch for as long as it reads it. */
  consume(batch: Batch): Promise<Outcome>;
  /**
   * Given by an exporter that counts by itself what becomes of its items. Called for those of a failure
   * that it answered with and of which no sender hears, because other destinations took the batch.
   */
  unheard?(signal: Signal, items: number): void;
  /** Delivers what it holds and ends, before `deadlineMs` from now. */
  stop(deadlineMs: number): Promise<void>;
}

/** Makes one batch of another, at once and without memory: what needs all of it to decide on an item. */
export interface Regroup {
  /** The same batch, retained once more, or a new one; the caller holds it either way. Throws `over_budget`. */
  run(batch: Batch): Batch;
}

/** Stateless rules that fuse, a regrouping of a batch, or a stage that holds or waits. */
export type Processor = { readonly steps: readonly Step[] } | { readonly regroup: Regroup } | { readonly stage: Stage };

interface Definition<Kind extends string, Config> {
  readonly kind: Kind;
  /** The Collector's id, snake_case. */
  readonly id: string;
  /** Older ids, accepted with a warning. */
  readonly aliases?: readonly string[];
  readonly signals: readonly Signal[];
  /** One line for `sluice components` and the docs. */
  readonly summary: string;
  /** Strict object; every key described, with its default and unit. */
  readonly schema: z.ZodType<Config>;
  /** Dotted keys that are accepted but not in force yet, with what to expect instead: each present one is a warning. */
  readonly notInForce?: Readonly<Record<string, string>>;
}

export interface ReceiverDefinition<Config = unknown> extends Definition<"receiver", Config> {
  create(config: Config, context: Context): Receiver;
}

/** A queue in memory that a component is, for the operator (law 1). */
export interface HeldInMemory {
  /** For example `67108864 bytes`. */
  readonly bound: string;
  /** What makes it safe, an imperative clause without full stop. */
  readonly cure: string;
}

export interface ProcessorDefinition<Config = unknown> extends Definition<"processor", Config> {
  /** What its stage may need, whatever its settings (pipeline/stage.ts). Default `none`. Workers run `none` alone. */
  readonly state?: Stage["state"];
  /** Given when it answers before a destination has the data; undefined for settings with which it does not. */
  heldInMemory?(config: Config): HeldInMemory | undefined;
  create(config: Config, context: Context, signal: Signal): Processor;
}

export interface ExporterDefinition<Config = unknown> extends Definition<"exporter", Config> {
  /** Given when its `sending_queue` answers before the destination has the data; undefined for settings with which it does not. */
  heldInMemory?(config: Config): HeldInMemory | undefined;
  /** Ids of the extensions that its settings name to store with. Each must be one that runs and stores. */
  storages?(config: Config): readonly string[];
  create(config: Config, context: Context): Exporter;
}

/** What is wrong with a component's settings that its schema cannot know. */
export interface Complaint {
  /** Below the settings. */
  readonly path: readonly (string | number)[];
  /** What is wrong, without a full stop: it follows the setting's path and a colon. */
  readonly message: string;
  readonly cure?: string | undefined;
  /** The character of a text where the trouble is, in UTF-16 units. */
  readonly index?: number | undefined;
}

export interface ConnectorDefinition<Config = unknown> extends Definition<"connector", Config> {
  /** What it can stand between. `signals` are those that it takes. */
  readonly joins: Joins;
  /** Judges settings where they stand: `id` is the component's as configured. */
  check?(config: Config, id: string, wiring: Wiring): readonly Complaint[];
  /** Called once for each pair of signals that is in use. */
  create(config: Config, context: Context, wiring: Wiring): Connector;
}

export type ComponentDefinition =
  | ReceiverDefinition<never>
  | ProcessorDefinition<never>
  | ExporterDefinition<never>
  | ConnectorDefinition<never>
  | ExtensionDefinition<never>;

export function defineReceiver<Config>(definition: Omit<ReceiverDefinition<Config>, "kind">): ReceiverDefinition<Config> {
  return { kind: "receiver", ...definition };
}

export function defineProcessor<Config>(definition: Omit<ProcessorDefinition<Config>, "kind">): ProcessorDefinition<Config> {
  return { kind: "processor", ...definition };
}

export function defineExporter<Config>(definition: Omit<ExporterDefinition<Config>, "kind">): ExporterDefinition<Config> {
  return { kind: "exporter", ...definition };
}

export function defineConnector<Config>(definition: Omit<ConnectorDefinition<Config>, "kind" | "signals">): ConnectorDefinition<Config> {
  return { kind: "connector", signals: SIGNALS.filter((signal) => definition.joins[signal] !== undefined), ...definition };
}

export type { Batch, Origin };
