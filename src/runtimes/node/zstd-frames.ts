/**
 * Where the frames of a zstd body begin and end (RFC 8878, section 3), without inflating any: Node's
 * own function inflates the first frame and says nothing of the rest.
 *
 *   frame    = magic(4) descriptor(1) window(0|1) dictionary(0|1|2|4) content size(0|1|2|4|8) block+ checksum(0|4)
 *   block    = header(3: last 1 bit, type 2 bits, size 21 bits) content
 *   skippable = 0x184D2A5?(4) size(4) content
 */

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const SIZE_BYTES = [0, 2, 4, 8] as const;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

export interface ZstdFrame {
  readonly start: number;
  readonly end: number;
  /** Nothing in it: to be stepped over. */
  readonly skippable: boolean;
  /** Bytes of content that the sender declares; undefined when it does not. Never to be trusted. */
  readonly declaredBytes: number | undefined;
}

/** Every frame of `body`, which they fill to the last byte; a sentence when they do not. */
export function zstdFrames(body: Uint8Array): readonly ZstdFrame[] | string {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const frames: ZstdFrame[] = [];
  for (let at = 0; at < body.length;) {
    const frame = readFrame(view, at);
    if (frame === undefined) return `no whole zstd frame at byte ${at}`;
    frames.push(frame);
    at = frame.end;
  }
  return frames.length === 0 ? "an empty body is no zstd frame" : frames;
}

function readFrame(view: DataView, start: number): ZstdFrame | undefined {
  const size = view.byteLength;
  if (start + 5 > size) return undefined;
  const magic = view.getUint32(start, true);
  if (magic >>> 4 === SKIPPABLE_MAGIC >>> 4) {
    if (start + 8 > size) return undefined;
    const end = start + 8 + view.getUint32(start + 4, true);
    return end > size ? undefined : { start, end, skippable: true, declaredBytes: undefined };
  }
  if (magic !== MAGIC) return undefined;
  const descriptor = view.getUint8(start + 4);
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >>> 6;
  const sizeBytes = sizeFlag === 0 && single ? 1 : (SIZE_BYTES[sizeFlag] ?? 0);
  const sizeAt = start + 5 + (single ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0);
  if (sizeAt + sizeBytes > size) return undefined;
  const blocksEnd = skipBlocks(view, sizeAt + sizeBytes);
  if (blocksEnd === undefined) return undefined;
  const end = blocksEnd + ((descriptor & 4) === 0 ? 0 : 4);
  return end > size ? undefined : { start, end, skippable: false, declaredBytes: readSize(view, sizeAt, sizeBytes) };
}

function skipBlocks(view: DataView, at: number): number | undefined {
  for (;;) {
    if (at + 3 > view.byteLength) return undefined;
    const header = view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16);
    const type = (header >>> 1) & 3;
    if (type === RESERVED_BLOCK) return undefined;
    at += 3 + (type === RLE_BLOCK ? 1 : header >>> 3);
    if (at > view.byteLength) return undefined;
    if ((header & 1) === 1) return at;
  }
}

function readSize(view: DataView, at: number, bytes: number): number | undefined {
  switch (bytes) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + 256;
    case 4:
      return view.getUint32(at, true);
    case 8:
      return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
    default:
      return undefined;
  }
}
