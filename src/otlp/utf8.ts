/** Text that is not UTF-8: found, and written again with U+FFFD. Off the hot path: the kernel has found it first. */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** The text with each broken sequence as U+FFFD (WHATWG Encoding), or undefined when it is UTF-8 already. */
export function repairedText(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const copy = bytes.slice(start, end);
  try {
    strict.decode(copy);
    return undefined;
  } catch {
    // Refusal is the answer looked for; the caller counts the repair.
    return encoder.encode(lenient.decode(copy));
  }
}
