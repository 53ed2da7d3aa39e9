/**
 * An envelope as bytes, for storage: the length of the head in four bytes, little end first; the head,
 * JSON in UTF-8; the requests, end to end. What reads it trusts it: only our own storage has such bytes.
 */
import { SluiceError } from "../../base/errors.ts";
import type { Signal } from "../../base/signal.ts";
import type { Envelope, PlainOrigin } from "../stage.ts";

const LENGTH_BYTES = 4;

interface Head {
  readonly signal: Signal;
  readonly items: number;
  readonly id: string;
  readonly origin: PlainOrigin;
  /** Bytes of each request. */
  readonly lengths: readonly number[];
}

/** A copy, without what says of the envelope where it is kept. */
export function envelopeToBytes({ signal, items, id, origin, requests }: Envelope): Uint8Array {
  const head: Head = { signal, items, id, origin, lengths: requests.map(({ length }) => length) };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const bytes = new Uint8Array(requests.reduce((sum, { length }) => sum + length, LENGTH_BYTES + text.length));
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, LENGTH_BYTES);
  let at = LENGTH_BYTES + text.length;
  for (const request of requests) {
    bytes.set(request, at);
    at += request.length;
  }
  return bytes;
}

/** The requests lie in `bytes`, which are the envelope's from now on. Throws `storage` for what is cut short. */
export function envelopeFromBytes(bytes: Uint8Array): Envelope {
  const start = LENGTH_BYTES + (bytes.length < LENGTH_BYTES ? Infinity : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true));
  if (start > bytes.length) throw cutShort();
  // Written above.
  const { lengths, ...head }: Head = JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, start)));
  const requests: Uint8Array[] = [];
  let at = start;
  for (const length of lengths) {
    requests.push(bytes.subarray(at, at + length));
    at += length;
  }
  if (at !== bytes.length) throw cutShort();
  return { ...head, requests };
}

function cutShort(): SluiceError {
  return new SluiceError("internal", "Cannot read what a stage held: its bytes are cut short");
}
