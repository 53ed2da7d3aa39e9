/** SQLite's errors, and the file system's, as the operator reads them. Plain data: they cross from the thread. */
import { messageOf, SluiceError } from "../../../base/errors.ts";

/** A `SluiceError` of code `storage` that crosses between threads. */
export interface Fault {
  readonly message: string;
  readonly cure?: string | undefined;
  /** Whether the same may succeed later. */
  readonly retryable: boolean;
  /** Whether the file is to blame, and not the disk, the room or another process. */
  readonly damaged: boolean;
}

interface State {
  readonly state: string;
  readonly cure?: string;
  readonly retryable?: boolean;
}

const DAMAGED: State = {
  state: "the file is damaged, or no database",
  cure: "Move it away, or set recreate: true, which puts it aside and begins with an empty one",
};
const TAKEN: State = { state: "another process or gateway has it", cure: "Stop that one, or give this one a directory of its own" };
const UNWRITABLE: State = { state: "it cannot be opened for writing", cure: "Check the owner and the permissions of the directory and of the file" };

/** By primary result code (sqlite.org/rescode.html). */
const BY_CODE: Readonly<Record<number, State>> = {
  3: UNWRITABLE,
  5: TAKEN,
  6: TAKEN,
  8: UNWRITABLE,
  10: { state: "the disk failed", cure: "Check the disk: the system's log says more", retryable: true },
  11: DAMAGED,
  13: { state: "the disk is full, or the file has its max_size", cure: "Make room on the disk, or raise max_size", retryable: true },
  14: UNWRITABLE,
  26: DAMAGED,
};

/** By the code of a system call. */
const BY_ERRNO: Readonly<Record<string, State>> = {
  EACCES: UNWRITABLE,
  EPERM: UNWRITABLE,
  EROFS: UNWRITABLE,
  ENOSPC: { state: "the disk is full", cure: "Make room on the disk", retryable: true },
  ENAMETOOLONG: { state: "the name is too long", cure: "Give the extension a shorter id" },
};

/** The codes behind SQLite's words: what Deno's `exec` throws has no code. */
const BY_TEXT: Readonly<Record<string, number>> = {
  "database is locked": 5,
  "attempt to write a readonly database": 8,
  "disk I/O error": 10,
  "database disk image is malformed": 11,
  "database or disk is full": 13,
  "unable to open database file": 14,
  "file is not a database": 26,
};

const PRIMARY_CODE = 0xff;
const DISK_FULL_CODE = 13;
const CODES_OF_DAMAGE: readonly (number | undefined)[] = [11, 26];

/** `doing` is the beginning of the message, for example `commit to`. */
export function faultOf(error: unknown, doing: string, path: string): Fault {
  if (error instanceof SluiceError) return { message: error.message, cure: error.cure, retryable: error.retryable, damaged: error.damaged };
  const code = primaryCode(error);
  const known = code === undefined ? BY_ERRNO[errnoOf(error)] : BY_CODE[code];
  const { state, cure, retryable = false } = known ?? { state: "SQLite failed" };
  // SQLite's own words tell the cases apart that share a code.
  return { message: `Cannot ${doing} the storage "${path}": ${state} (${messageOf(error)})`, cure, retryable, damaged: isDamage(error) };
}

/** For what is refused before it is tried. */
export const DISK_FULL: Error = Object.assign(new Error("database or disk is full"), { errcode: DISK_FULL_CODE });

export function isFull(error: unknown): boolean {
  return primaryCode(error) === DISK_FULL_CODE;
}

export function isDamage(error: unknown): boolean {
  return CODES_OF_DAMAGE.includes(primaryCode(error));
}

/** What a call rejects with. */
export function errorOf({ message, cure, damaged, retryable }: Fault): SluiceError {
  return new SluiceError("storage", message, { retryable, damaged, ...(cure === undefined ? {} : { cure }) });
}

/** SQLite's result code without its extension; undefined for what is none of SQLite's. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("errcode" in error && typeof error.errcode === "number") return error.errcode & PRIMARY_CODE;
  const text = Object.keys(BY_TEXT).find((words) => error.message.startsWith(words));
  return text === undefined ? undefined : BY_TEXT[text];
}

function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
