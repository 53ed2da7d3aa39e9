/** Ids of their own bytes, or of twice as many hexadecimal digits. Literals are read when configured. */
import { BuildError, define } from "../../contract.ts";
import { Id, StatementError } from "../../value.ts";

const SIZES = { trace: 16, span: 8, profile: 16 } as const;
const NONE = new Uint8Array(0);

/** The id, or what is wrong with the bytes. */
function idOf(kind: Id["kind"], bytes: Uint8Array): Id | string {
  const size = SIZES[kind];
  if (bytes.length === size) return new Id(kind, bytes);
  if (bytes.length !== size * 2) return `expected ${size} bytes or ${size * 2} hexadecimal digits, got ${bytes.length} bytes`;
  const id = new Uint8Array(size);
  for (const [at, byte] of bytes.entries()) {
    const digit = digitOf(byte);
    if (digit < 0) return "it has other characters than hexadecimal digits";
    id[at >> 1] = ((id[at >> 1] ?? 0) << 4) | digit;
  }
  return new Id(kind, id);
}

/** The value of a hexadecimal digit in ASCII, or -1. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function converter(name: string, kind: Id["kind"]) {
  return define(name, [{ name: "target", kind: "bytes_like" }], ({ target }) => {
    if (target.constant !== undefined) {
      const id = idOf(kind, target.constant.value ?? NONE);
      if (typeof id === "string") throw new BuildError(`Cannot read a ${kind} id: ${id}`);
      return () => id;
    }
    return (subject) => {
      const id = idOf(kind, target(subject) ?? NONE);
      if (typeof id === "string") throw new StatementError(`Cannot read a ${kind} id: ${id}`);
      return id;
    };
  });
}

/** `TraceID(target)` */
export const traceId = converter("TraceID", "trace");
/** `SpanID(target)` */
export const spanId = converter("SpanID", "span");
/** `ProfileID(target)` */
export const profileId = converter("ProfileID", "profile");
