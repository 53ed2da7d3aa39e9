/** What `sluice explain` tells of a configuration, as data: `--json` prints it, text.ts puts it in words. */
import type { Coding } from "../../base/host.ts";
import type { Signal } from "../../base/signal.ts";
import type { Stage } from "../../pipeline/stage.ts";
import type { ApartReason, Fields, Level, Step } from "../../pipeline/step.ts";

/** One pipeline as it will run, in the order of the way. */
export interface PipelineFacts {
  readonly id: string;
  readonly signal: Signal;
  /** What feeds it. */
  readonly from: readonly Source[];
  readonly parts: readonly PartFacts[];
  /** Processors that have no rule for the signal: they are in no part. */
  readonly idle: readonly string[];
  /** Whose outcome the sender is told; null: that of all exporters. */
  readonly primary: string | null;
  readonly exporters: readonly (ExporterFacts | ConnectorFacts)[];
}

export interface Source {
  readonly kind: "receiver" | "connector";
  readonly id: string;
  /** Those that feed the connector; of a receiver none. */
  readonly pipelines: readonly string[];
}

/** `number` is the part's place on the way, from 1. */
export type PartFacts = WalkFacts | RegroupFacts | StageFacts;

export interface WalkFacts {
  readonly kind: "walk";
  readonly number: number;
  readonly steps: readonly StepFacts[];
  /** `nothing`: it only looks. `edits`: an unchanged request is passed on as it is, an edited one gets new values and lengths. */
  readonly copies: "nothing" | "edits";
  /** Whether what comes may lie in pieces, which are laid end to end first. */
  readonly joinsPieces: boolean;
  /** Why the walk behind it is another one; null where none follows at once. */
  readonly apart: ApartFacts | null;
}

export interface RegroupFacts {
  readonly kind: "regroup";
  readonly number: number;
  readonly component: string;
  /** A request that it leaves as it is: nothing; another one is written anew. */
  readonly copies: "changed";
  readonly joinsPieces: boolean;
}

export interface StageFacts {
  readonly kind: "stage";
  readonly number: number;
  readonly component: string;
  readonly state: Stage["state"];
  /** Every request leaves the pool as an envelope, and what is passed on is copied in again. */
  readonly copies: "request";
  /** What it answers for before a destination has it; null: the sender waits for what follows. */
  readonly holds: { readonly bound: string; readonly cure: string | null } | null;
}

export interface StepFacts extends Pick<Step, "component" | "level" | "reads" | "writes" | "drops"> {
  /** OTTL's name of the context: `span`, `datapoint`. */
  readonly each: string;
  /** Null where the step does not say. */
  readonly fields: Fields | null;
  readonly prunes: "resources" | "parents" | null;
  readonly replaces: boolean;
}

export interface ApartFacts {
  readonly reason: ApartReason;
  readonly first: StepName;
  readonly next: StepName;
  readonly levels: readonly Level[];
  /** The same in words. */
  readonly text: string;
}

export type StepName = Pick<Step, "component" | "level">;

export interface ExporterFacts {
  readonly kind: "exporter";
  readonly id: string;
  readonly primary: boolean;
  /** Null for one that encodes nothing. */
  readonly form: Form | null;
  /** The exporter before it in this pipeline that has the very same form. */
  readonly sharesWith: string | null;
  /** Whether a request that nothing changed leaves in the compressed bytes that it came in, where its coding is the same. */
  readonly asArrived: boolean;
  /** Bound of its queue in memory, which answers before the destination has the request; null: there is none. */
  readonly queue: string | null;
}

export interface Form {
  readonly encoding: "proto" | "json";
  readonly compression: Coding | "none";
  /** Null: the codec's default. */
  readonly level: number | null;
}

export interface ConnectorFacts {
  readonly kind: "connector";
  readonly id: string;
  readonly primary: boolean;
  /** Where it leads, by signal. */
  readonly to: readonly { readonly signal: Signal; readonly pipelines: readonly string[] }[];
  /** `request`: every request, as of a stage. `changed`: what it divides or makes. */
  readonly copies: "request" | "changed";
}
