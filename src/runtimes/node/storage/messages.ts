/** What a storage and its thread share, and what crosses between them: plain data, values in one buffer that is handed over. */
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

/** A put has the place of its value in the commit's bytes, a delete has none. */
export type PackedChange =
  | { readonly key: string; readonly start: number; readonly end: number }
  | { readonly key: string; readonly start?: undefined; readonly end?: undefined };

export type Question =
  | { readonly kind: "commit"; readonly id: number; readonly changes: readonly PackedChange[]; readonly bytes: ArrayBuffer }
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
