/** truncate_all: no text of a map longer than a limit in bytes. */
import { BuildError, define, type OttlFunction } from "../../contract.ts";
import { isMap, StatementError, typeName, type Value } from "../../value.ts";
import { boundaryBefore, byteLength, fromBytes, toBytes } from "./bytes.ts";

export const truncateAll: OttlFunction = define(
  "truncate_all",
  [
    { name: "target", kind: "map_get_setter" },
    { name: "limit", kind: "int" },
    { name: "utf8_safe", kind: "bool", optional: true },
    { name: "truncation_marker", kind: "string", optional: true },
  ],
  ({ target, limit, utf8_safe: whole = true, truncation_marker: marker = "" }) => {
    if (limit < 0n) throw new BuildError(`Cannot truncate to ${limit} bytes: the limit is negative`);
    const markerBytes = byteLength(marker);
    if (BigInt(markerBytes) > limit) throw new BuildError(`Cannot truncate to ${limit} bytes: the marker alone has ${markerBytes}`);
    const bytesMax = limit > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(limit);
    return {
      run: (subject) => {
        const map = mapOf(target.get(subject));
        let changed: Map<string, Value> | undefined;
        for (const [key, value] of map) {
          // A unit of UTF-16 has three bytes at most.
          if (typeof value !== "string" || value.length * 3 <= bytesMax || byteLength(value) <= bytesMax) continue;
          changed ??= new Map(map);
          changed.set(key, truncate(value, bytesMax - markerBytes, whole) + marker);
        }
        if (changed !== undefined) target.set?.(subject, changed);
        return null;
      },
      reads: target.reads,
      writes: target.writes,
    };
  },
);

function truncate(text: string, size: number, whole: boolean): string {
  const bytes = toBytes(text);
  return fromBytes(bytes.subarray(0, whole ? boundaryBefore(bytes, size) : size));
}

export function mapOf(value: Value): ReadonlyMap<string, Value> {
  if (!isMap(value)) throw new StatementError(`Cannot change a value of type ${typeName(value)} as a map: it is none`);
  return value;
}
