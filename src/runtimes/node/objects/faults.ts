/** Errors of the file system, as the operator reads them. */
import { messageOf, SluiceError } from "../../../base/errors.ts";

interface State {
  readonly state: string;
  readonly cure?: string;
  readonly retryable?: boolean;
}

const FORBIDDEN: State = { state: "permission denied", cure: "Check the owner and the permissions of the directory, and of what is in it" };
const FULL: State = { state: "the disk is full", cure: "Make room on the disk", retryable: true };
const LINKLESS: State = { state: "the file system has no hard links", cure: "Name a directory on another file system" };

const BY_ERRNO: Readonly<Record<string, State>> = {
  ENOENT: { state: "there is no such directory", cure: "Make it" },
  ENOTDIR: { state: "a part of it is no directory", cure: "Name a directory" },
  EACCES: FORBIDDEN,
  EPERM: { ...FORBIDDEN, cure: "Check the owner of the directory, and that its file system has hard links" },
  EROFS: { state: "the file system is read-only", cure: "Name a directory that can be written" },
  ENOSPC: FULL,
  EDQUOT: { ...FULL, state: "the quota is used up" },
  ENOTSUP: LINKLESS,
  EOPNOTSUPP: LINKLESS,
  EIO: { state: "the disk failed", cure: "Check the disk: the system's log says more", retryable: true },
  EMFILE: { state: "the process has too many files open", cure: "Raise its limit (ulimit -n)", retryable: true },
};

/** What a call rejects with; an error of ours stays as it is. */
export function systemError(error: unknown, doing: string, path: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const { state, cure, retryable = false } = BY_ERRNO[errnoOf(error)] ?? { state: "the system refused it", retryable: true };
  return new SluiceError("storage", `Cannot ${doing} "${path}": ${state} (${messageOf(error)})`, {
    retryable,
    cause: error,
    ...(cure === undefined ? {} : { cure }),
  });
}

export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(errnoOf(error));
}

function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
