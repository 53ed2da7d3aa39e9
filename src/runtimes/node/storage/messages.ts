/** What a storage and its thread share, and what crosses between them: plain data, values in buffers that are handed over. */
import { join } from "node:path";
import type { OpenStorageOptions } from "../../../base/host.ts";
import type { Fault } from "./faults.ts";

type Place = Pick<OpenStorageOptions, "directory" | "name">;

/** Where the file lies. */
export function pathOf({ directory, name }: Place): string {
  return join(directory, `${name}.db`);
}

/** Where the room is kept that a full disk leaves it. */
export function reservePathOf({ directory, name }: Place): string {
  return join(directory, `${name}.reserve`);
}

/** A put has the place of its value in one of the commit's buffers, a delete has none. */
export type PackedChange =
  | { readonly key: string; readonly buffer: number; readonly start: number; readonly end: number }
  | { readonly key: string; readonly start?: undefined };

export interface PackedCommit {
  readonly changes: readonly PackedChange[];
  /** The first has the values that were copied, end to end; each other is one that was given. */
  readonly buffers: readonly ArrayBuffer[];
  /** Of all values. */
  readonly bytes: number;
}

export type Question =
  | ({ readonly kind: "commit"; readonly id: number } & PackedCommit)
  | { readonly kind: "get"; readonly id: number; readonly key: string }
  | { readonly kind: "list"; readonly id: number; readonly prefix: string; readonly limit: number; readonly after: string }
  | { readonly kind: "close"; readonly id: number };

/** What a question is answered with; a fault where it failed. */
export interface Reply {
  readonly id: number;
  readonly value?: Uint8Array | readonly string[] | undefined;
  readonly fault?: Fault | undefined;
}

/** The thread's first message is one, of this id: the file is open, or is not. */
export const OPENED = 0;
