/**
 * Storage, as a stage or a delivery queue is given it: keys and bytes, asynchronous. SQLite stands
 * behind it, in a file (runtimes/node/storage) or in a Durable Object (runtimes/workers/storage.ts).
 *
 * Contract: what `commit` resolved for survives the process where the storage is durable; a commit is
 * kept whole or not at all; one that failed kept nothing and may be tried again. Several that are under
 * way together may share one fsync, and take effect in any order; each resolves when its own changes are
 * kept. Bytes are copied on the way in, before the call returns, but for those that are given away
 * (`Change.given`), and belong to the caller on the way out.
 *
 * An extension has one storage, which all who ask for it share: a component begins its keys with its own
 * id, and leaves closing to the extension. Keys are well-formed text of 1 to 256 UTF-16 units without
 * U+0000, values have at most 1.8 MB: a Durable Object's limit for a row is 2 MB.
 */
import { SluiceError } from "../base/errors.ts";
import type { Change } from "../base/host.ts";

export type { Change, OpenStorageOptions, Storage } from "../base/host.ts";

export const STORAGE_KEY_CHARACTERS_MAX = 256;
export const STORAGE_VALUE_BYTES_MAX = 1_800_000;

/** Throws `internal` for a key that no storage takes, `too_large` for a value over the limit: nothing of the commit is kept then. */
export function checkChanges(changes: readonly Change[]): void {
  for (const change of changes) {
    checkKey(change.key);
    if (change.kind === "put" && change.value.length > STORAGE_VALUE_BYTES_MAX) {
      throw new SluiceError("too_large", `Cannot store a value: it has ${change.value.length} bytes, ${STORAGE_VALUE_BYTES_MAX} at the most`);
    }
  }
}

function checkKey(key: string): void {
  if (key.length > 0 && key.length <= STORAGE_KEY_CHARACTERS_MAX && key.isWellFormed() && !key.includes("\0")) return;
  throw new SluiceError("internal", `Cannot store under a key of ${key.length} characters: it is empty, too long, or no well-formed text`);
}
