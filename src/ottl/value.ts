/**
 * OTTL's values while they are computed with: those of an AnyValue, and four kinds that exist only
 * between functions (times, durations, ids). Integers are bigint and always within 64 bits, so that
 * they are exact and differ from doubles. Lists and maps are never changed in place.
 */
export type Value = null | boolean | bigint | number | string | Uint8Array | Time | Duration | Id | readonly Value[] | ReadonlyMap<string, Value>;

/** An instant, with the time zone in which its parts are asked for. */
export class Time {
  /** Nanoseconds since 1970-01-01T00:00:00Z; may lie outside 64 bits, as the year 0001 does. */
  readonly unixNano: bigint;
  /** An IANA name, "UTC", or a fixed offset as "+02:00". */
  readonly zone: string;

  constructor(unixNano: bigint, zone = "UTC") {
    this.unixNano = unixNano;
    this.zone = zone;
  }
}

/** A length of time in nanoseconds, within 64 bits. */
export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A trace id (16 bytes), a span id (8) or a profile id (16). */
export class Id {
  readonly kind: "trace" | "span" | "profile";
  readonly bytes: Uint8Array;

  constructor(kind: "trace" | "span" | "profile", bytes: Uint8Array) {
    this.kind = kind;
    this.bytes = bytes;
  }
}

/** Whether a value is a list. `Array.isArray` does not narrow a readonly array. */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether a value is a map. */
export function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}

/** What the Collector calls the value's type in its messages. */
export function typeName(value: Value): string {
  if (value === null) return "nil";
  if (typeof value === "bigint") return "int64";
  if (typeof value === "number") return "float64";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Time) return "time.Time";
  if (value instanceof Duration) return "time.Duration";
  if (value instanceof Id) return value.kind === "trace" ? "pcommon.TraceID" : value.kind === "span" ? "pcommon.SpanID" : "pprofile.ProfileID";
  return isList(value) ? "list" : "map";
}

/** A statement failed on the item at hand; `error_mode` says what follows. */
export class StatementError extends Error {}
