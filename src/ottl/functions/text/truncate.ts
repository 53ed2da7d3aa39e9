/** truncate_all: no text of a map longer than a limit in bytes. */
import { BuildError, define, type OttlFunction } from "../../contract.ts";
import { editTexts } from "../maps/texts.ts";
import { boundaryBefore, byteLength, fromBytes, isAscii, toBytes } from "./bytes.ts";

export const truncateAll: OttlFunction = define(
  "truncate_all",
  [
    { name: "target", kind: "map_get_setter" },
    { name: "limit", kind: "int" },
    { name: "utf8_safe", kind: "bool", optional: true },
    { name: "truncation_marker", kind: "string", optional: true },
  ],
  ({ target, limit, utf8_safe: whole = true, truncation_marker: marker = "" }, { engine }) => {
    if (limit < 0n) throw new BuildError(`Cannot truncate to ${limit} bytes: the limit is negative`);
    const markerBytes = byteLength(marker);
    if (BigInt(markerBytes) > limit) throw new BuildError(`Cannot truncate to ${limit} bytes: the marker alone has ${markerBytes}`);
    const bytesMax = limit > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(limit);
    const edit = editTexts(target, engine, () => ({
      concerns: (_, start, end) => end - start > bytesMax,
      // A unit of UTF-16 has three bytes at most.
      change: (text) => (text.length * 3 <= bytesMax || byteLength(text) <= bytesMax ? undefined : truncate(text, bytesMax - markerBytes, whole) + marker),
    }));
    return {
      run: (subject) => {
        edit(subject);
        return null;
      },
      reads: target.reads,
      writes: target.writes,
    };
  },
);

function truncate(text: string, size: number, whole: boolean): string {
  if (isAscii(text)) return text.slice(0, size);
  const bytes = toBytes(text);
  return fromBytes(bytes.subarray(0, whole ? boundaryBefore(bytes, size) : size));
}
