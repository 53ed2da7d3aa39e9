/**
 * What a valid configuration comes to: the components that run, each with its settings parsed by its
 * own schema, and the pipelines that join them. Everything that a pipeline names is there. It is a
 * `GatewayPlan` as it stands, with what the command line and the start-up lines need besides.
 */
import type * as z from "zod";
import type { LogLevel } from "../base/host.ts";
import type { Signal } from "../base/signal.ts";
import type { TelemetryConfig } from "./service.ts";
import type { ConnectorDefinition, ExporterDefinition, ProcessorDefinition, ReceiverDefinition } from "../pipeline/component.ts";
import type { ExtensionDefinition } from "../pipeline/extension.ts";

/** A definition whose settings' type is not known here: its schema gives what its `create` takes. */
type Erased<Definition extends { readonly schema: unknown }> = Omit<Definition, "schema"> & { readonly schema: z.ZodType };

export type AnyReceiver = Erased<ReceiverDefinition<never>>;
export type AnyProcessor = Erased<ProcessorDefinition<never>>;
export type AnyExporter = Erased<ExporterDefinition<never>>;
export type AnyConnector = Erased<ConnectorDefinition<never>>;
export type AnyExtension = Erased<ExtensionDefinition<never>>;
export type AnyComponent = AnyReceiver | AnyProcessor | AnyExporter | AnyConnector | AnyExtension;

/** A place in a configuration source. `line` and `column` start at 1. */
export interface Where {
  /** The file as it was named, or `--set`, `yaml:...`, `env:NAME`. */
  readonly source: string;
  readonly line: number;
  readonly column: number;
  /** The whole text of that line. */
  readonly lineText: string;
}

/** One thing to tell the operator: an error or a warning. */
export interface Finding {
  /** "Cannot <verb> <object>: <state>" for an error, a sentence without full stop for a warning. */
  readonly message: string;
  /** What to do about it. */
  readonly cure?: string | undefined;
  /** Dotted path in the configuration, for example `exporters.otlp_http/vendor.timeout`. */
  readonly path?: string | undefined;
  /** Undefined where the finding has no place, for example an absent section. */
  readonly where?: Where | undefined;
}

/** A component as configured. */
export interface PlannedComponent<Definition> {
  /** As written, an alias included, for example `otlphttp/vendor`: its counters and log lines carry it. */
  readonly id: string;
  readonly definition: Definition;
  /** Parsed by `definition.schema`: defaults filled in, durations in milliseconds. */
  readonly config: unknown;
  readonly where: Where;
}

export interface PlannedPipeline {
  /** For example `traces/errors`. */
  readonly id: string;
  readonly signal: Signal;
  /** Ids of receivers and connectors. */
  readonly receivers: readonly string[];
  /** In order. */
  readonly processors: readonly string[];
  /** Ids of exporters and connectors. */
  readonly exporters: readonly string[];
  /** `await: primary`: the exporter whose outcome the sender is told. Undefined: all of them. */
  readonly primary?: string | undefined;
  readonly where: Where;
}

/** A queue that answers before a destination has the data (law 1): bounded, in memory, lost on a crash. */
export interface MemoryQueue {
  /** The component's id. */
  readonly component: string;
  /** Dotted path of its settings. */
  readonly path: string;
  /** For example `1000 requests`. */
  readonly bound: string;
  /** False: asked for, but this version attempts each export once, and the sender is told the truth. */
  readonly inForce: boolean;
  /** What makes it safe, an imperative clause; undefined: give it a storage. */
  readonly cure?: string;
}

export interface Plan {
  /** Only what a pipeline uses; what is defined and unused is validated and named in the warnings. */
  readonly receivers: readonly PlannedComponent<AnyReceiver>[];
  readonly processors: readonly PlannedComponent<AnyProcessor>[];
  readonly exporters: readonly PlannedComponent<AnyExporter>[];
  readonly connectors: readonly PlannedComponent<AnyConnector>[];
  /** Those that `service.extensions` names, in its order. */
  readonly extensions: readonly PlannedComponent<AnyExtension>[];
  readonly pipelines: readonly PlannedPipeline[];
  readonly memoryQueues: readonly MemoryQueue[];
  /** `service.telemetry.logs.level`; undefined: not given. */
  readonly logLevel: LogLevel | undefined;
  /** `service.telemetry.logs.encoding: json`; undefined: not given. */
  readonly logFormat: "json" | "text" | undefined;
  /** `service.telemetry`, parsed; undefined in plans that no text was the source of. */
  readonly telemetry: TelemetryConfig | undefined;
}
