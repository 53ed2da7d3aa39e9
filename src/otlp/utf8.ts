/**
 * Text that is not UTF-8: found, and written again with U+FFFD. Off the hot path, for the kernel has
 * found it first, but still over every text of its request: so no decoder, no exception, no allocation.
 *
 * Each maximal subpart of a broken sequence becomes one U+FFFD (WHATWG Encoding, "UTF-8 decoder").
 */

/** The address of the first byte of [start, end) that begins no whole sequence; `end` when all is UTF-8. */
export function invalidAt(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end;) {
    if ((bytes[at] ?? 0) < 0x80) at++;
    else {
      const length = sequence(bytes, at, end);
      if (length < 0) return at;
      at += length;
    }
  }
  return end;
}

/** Writes the text [start, end) to `target`, repaired; returns the address behind it. At most three times as long. */
export function writeRepaired(bytes: Uint8Array, start: number, end: number, target: number): number {
  let to = target;
  for (let at = start; at < end;) {
    const length = sequence(bytes, at, end);
    if (length < 0) {
      bytes[to++] = 0xef;
      bytes[to++] = 0xbf;
      bytes[to++] = 0xbd;
      at -= length;
    } else {
      for (const next = at + length; at < next;) bytes[to++] = bytes[at++] ?? 0;
    }
  }
  return to;
}

/**
 * The length of the sequence at `at`; that of a broken one, as far as it is a beginning, below 0.
 *
 *   00..7F | C2..DF t | E0 A0..BF t | E1..EC t t | ED 80..9F t | EE..EF t t
 *          | F0 90..BF t t | F1..F3 t t t | F4 80..8F t t          t = 80..BF   (Unicode, table 3-7)
 */
function sequence(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  const second = at + 1 < end ? (bytes[at + 1] ?? 0) : 0;
  if (second < low || second > high) return -1;
  for (let index = 2; index < length; index++) {
    const trail = at + index < end ? (bytes[at + index] ?? 0) : 0;
    if (trail < 0x80 || trail > 0xbf) return -index;
  }
  return length;
}
