import type { IncomingMessage } from "node:http";

/** The whole body; undefined when the other side went away in the middle of it: it gave up, was stopped, or was killed. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of request) pieces.push(piece as Uint8Array); // no encoding is set
  } catch {
    return undefined;
  }
  return Buffer.concat(pieces);
}
