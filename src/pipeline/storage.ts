/**
 * Storage, as a stage or a delivery queue is given it: keys and bytes, asynchronous, in one namespace
 * a component. Files, SQLite and Durable Objects stand behind it in later layers.
 *
 * Contract: what `commit` resolved for survives the process where the storage is durable; a batch of
 * changes is kept whole or not at all; a failed `commit` kept nothing and may be tried again. Bytes
 * are copied on the way in and belong to the caller on the way out. Keys are of at most 256
 * characters, values of at most 1.8 MB.
 */
export type { Change, OpenStorageOptions, Storage } from "../base/host.ts";

export const STORAGE_KEY_CHARACTERS_MAX = 256;
export const STORAGE_VALUE_BYTES_MAX = 1_800_000;
