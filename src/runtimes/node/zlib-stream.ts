/**
 * A body through one of zlib's streams, a slice at a time, with a turn for everybody else after each:
 * on Node and Bun the work is done on zlib's threads; on Deno both forms of `zlib.gunzip` and its like
 * stay on the thread to the end, 77 ms for 17 MB at level 9, where no slice here takes more than 4.
 */
import type { Transform } from "node:stream";

/** What is given to zlib at once. Of a bomb it makes a thousand times as much, which comes out in chunks. */
const SLICE_BYTES = 64 * 1024;

/** Output that the taker has no room for. */
export const FULL = Symbol("full");

/**
 * Writes the slices and ends the stream. `take` is given each chunk of output, and says whether it had
 * room for it. Resolves to undefined, to FULL, or to the stream's error. The caller holds the slices
 * until then.
 */
export function through(stream: Transform, slices: readonly Uint8Array[], take: (chunk: Uint8Array) => boolean): Promise<undefined | typeof FULL | Error> {
  return new Promise((resolve) => {
    let ended = false;
    const finish = (how: undefined | typeof FULL | Error) => {
      ended = true;
      stream.destroy();
      resolve(how);
    };
    stream.on("data", (chunk: Uint8Array) => {
      if (!ended && !take(chunk)) finish(FULL);
    });
    stream.on("error", (error: Error) => finish(error));
    stream.on("end", () => finish(undefined));
    let index = 0;
    let at = 0;
    const next = () => {
      if (ended) return;
      const slice = slices[index];
      if (slice === undefined) {
        stream.end();
        return;
      }
      const end = Math.min(at + SLICE_BYTES, slice.length);
      const piece = slice.subarray(at, end);
      at = end;
      if (end === slice.length) {
        index++;
        at = 0;
      }
      stream.write(piece, () => setImmediate(next));
    };
    next();
  });
}
