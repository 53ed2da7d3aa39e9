/**
 * Objects: bytes under names, in a directory, an R2 bucket, or whatever speaks S3's API. For what is
 * written once, read seldom, and shared by several gateways. Nothing is ever overwritten.
 *
 * Names are parts with slashes between, of ASCII letters, digits and `.` `_` `~` `%` `!` `'` `(` `)` `*` `-`:
 * what `encodeURIComponent` makes of any text. No part begins with a dot, and no name is the beginning of
 * another with a slash behind it. At most 512 characters, 255 a part: a file system's limit.
 */
import { SluiceError } from "./errors.ts";

export const OBJECT_NAME_CHARACTERS_MAX = 512;
const NAME = /^(?!\.)[\w.~%!'()*-]{1,255}(?:\/(?!\.)[\w.~%!'()*-]{1,255})*$/;

export interface ObjectStore {
  /**
   * `kept`: whole, and it would survive a power cut. `taken`: there is one of this name, which stays as it is.
   * Rejects with `storage`: it may be there, whole, or not at all. The bytes stay untouched until then.
   */
  put(name: string, bytes: Uint8Array): Promise<"kept" | "taken">;
  /** The bytes, the caller's own; undefined where there is none. Rejects with `storage`, `damaged` where it is no object, or has more than `bytesMax`. */
  get(name: string, bytesMax: number): Promise<Uint8Array | undefined>;
  /** Names with this prefix, ascending, in pages. What was put or deleted meanwhile may be in them or not; what has no such name is not. Rejects with `storage`. */
  list(prefix: string): AsyncGenerator<readonly string[], undefined>;
  /** Resolves when none of them is there. Rejects with `storage`: some may be. */
  delete(names: readonly string[]): Promise<void>;
}

/** Where objects are. */
export type ObjectPlace =
  | { readonly kind: "directory"; readonly directory: string }
  | {
      readonly kind: "s3";
      /** Scheme, host and port. */
      readonly endpoint: string;
      readonly bucket: string;
      readonly region: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
    };

export function isObjectName(name: string): boolean {
  return name.length <= OBJECT_NAME_CHARACTERS_MAX && NAME.test(name);
}

/** Throws `internal` for a name that no store takes. */
export function checkObjectName(name: string): void {
  if (!isObjectName(name)) throw new SluiceError("internal", `Cannot name an object ${JSON.stringify(name)}: it is empty, too long, or has other characters`);
}

/** The same store, of which only names behind `prefix` and a slash are seen. Empty: all of it. */
export function objectsUnder(prefix: string, store: ObjectStore): ObjectStore {
  if (prefix === "") return store;
  const before = `${prefix}/`;
  return {
    put: (name, bytes) => store.put(before + name, bytes),
    get: (name, bytesMax) => store.get(before + name, bytesMax),
    async *list(wanted) {
      for await (const names of store.list(before + wanted)) yield names.map((name) => name.slice(before.length));
      return undefined;
    },
    delete: (names) => store.delete(names.map((name) => before + name)),
  };
}
