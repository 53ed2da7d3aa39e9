/**
 * One error class for the whole of Sluice. A `code` narrows it, `retryable` says whether the same
 * bytes may succeed later, `cure` says what to do. How an export ended is never an exception: that
 * is an `Outcome` (pipeline/outcome.ts).
 */

/** Everything that can go wrong, as one union, so that `switch (error.code)` narrows. */
export type ErrorCode =
  /** The configuration text, or a value in it, is wrong. */
  | "config"
  /** A request's protobuf is damaged: length, tag, wire type or depth. */
  | "malformed_protobuf"
  /** A request's JSON is damaged or has a value of the wrong type. */
  | "malformed_json"
  /** A compressed body is damaged. */
  | "malformed_compression"
  /** Content type, or content coding, that is not served. */
  | "unsupported_media"
  /** More bytes or items than a limit allows. */
  | "too_large"
  /** The budget of bytes in flight is spent: try again later. */
  | "over_budget"
  /** The sender went away. */
  | "aborted"
  /** The sender did not finish in time. */
  | "timeout"
  /** No such path, or no pipeline for this signal. */
  | "not_found"
  /** The listener could not be opened. */
  | "listen"
  /** What is to be kept cannot be, or what was kept cannot be read. */
  | "storage"
  /** A buffer was used after its release, or released twice: a defect in Sluice. */
  | "ownership"
  /** An invariant of Sluice's own does not hold: a defect in Sluice. */
  | "internal";

export interface ErrorDetail {
  /** What to do about it, one sentence. */
  readonly cure?: string;
  /** Field path in the telemetry or the configuration, for example `resourceSpans[0].scopeSpans[2]`. */
  readonly path?: string;
  /** Byte offset in the decompressed request body. */
  readonly offset?: number;
  /** Whether sending the same bytes again may succeed. Default false. */
  readonly retryable?: boolean;
  /** Of `storage`: what is kept there is damaged. Trying again helps where the disk has misread. Default false. */
  readonly damaged?: boolean;
  readonly cause?: unknown;
}

export class SluiceError extends Error {
  override readonly name = "SluiceError";
  readonly code: ErrorCode;
  readonly cure: string | undefined;
  readonly path: string | undefined;
  readonly offset: number | undefined;
  readonly retryable: boolean;
  readonly damaged: boolean;

  /** `message` follows "Cannot <verb> <object>: <state>", without a full stop. */
  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.cure = detail.cure;
    this.path = detail.path;
    this.offset = detail.offset;
    this.retryable = detail.retryable ?? false;
    this.damaged = detail.damaged ?? false;
  }
}

/** The text of anything thrown, for a log line or a message. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Whether an error says that the pool has no room now. */
export function isOverBudget(error: unknown): boolean {
  return error instanceof SluiceError && error.code === "over_budget";
}

/** Whether an error says that what a storage has is damaged. */
export function isDamaged(error: unknown): boolean {
  return error instanceof SluiceError && error.damaged;
}
