/** What a gateway is to the harness: how to find it, how to start it for a row, and whose CPU counts. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { collectorConfig, type Row } from "./works.ts";

/** A program and its arguments; no shell is asked. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

export interface Placement {
  readonly row: Row;
  /** Folder for its configuration and temporary files. */
  readonly folder: string;
  readonly port: number;
  readonly sinkPort: number;
}

export type Found =
  | {
      readonly kind: "present";
      readonly version: string;
      /** What a reader of the figures must know; empty when nothing. */
      readonly note: string;
      readonly command: (placement: Placement) => Command;
    }
  | { readonly kind: "absent"; readonly why: string };

/** Processes of a name, but for those with this in their command line. */
export interface CountOnly {
  readonly name: string;
  without(port: number): string;
}

export interface Gateway {
  readonly id: string;
  readonly name: string;
  /** It edits nothing: a floor, not a rival. */
  readonly copies: boolean;
  /** Which of its processes count; undefined: all. */
  readonly countOnly: CountOnly | undefined;
  /** What the sink must read in User-Agent; undefined: anything. */
  readonly agent: string | undefined;
  find(options: FindOptions): Found;
}

/** Which form of ours is started: what `npm run build` made, the sources, or the build unless it is older. */
export type Form = "auto" | "dist" | "sources";

export interface FindOptions {
  /** Path of an OpenTelemetry Collector. */
  readonly collector: string | undefined;
  readonly form: Form;
}

/** Writes the Collector's YAML of a row, and gives its path. */
export function writeConfig({ row, folder, port, sinkPort }: Placement): string {
  const file = join(folder, `config-${port}.yaml`);
  writeFileSync(file, collectorConfig(row, port, sinkPort));
  return file;
}
