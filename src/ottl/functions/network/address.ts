/** Internet addresses and networks as text, read as Go's `net` reads them. */
const V4_BYTES = 4;
const V6_BYTES = 16;
const GROUPS = 8;
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255);

/** Four bytes, also for an IPv4 address in IPv6's form; sixteen otherwise. Undefined: no address. Zones are none. */
export function parseAddress(text: string): Uint8Array | undefined {
  const bytes = parseAsWritten(text);
  return bytes === undefined ? undefined : shortest(bytes);
}

/** As many bytes as the way that it is written. */
function parseAsWritten(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseV6(text) : parseV4(text);
}

function shortest(bytes: Uint8Array): Uint8Array {
  return bytes.length === V6_BYTES && MAPPED.every((byte, at) => byte === bytes[at]) ? bytes.slice(MAPPED.length) : bytes;
}

function parseV4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== V4_BYTES || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return undefined;
  return Uint8Array.from(parts, Number);
}

function parseV6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => groupsOf(half));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const given = head.length + (tail?.length ?? 0);
  if (halves.length === 1 ? given !== GROUPS : given >= GROUPS) return undefined;
  // An IPv4 address stands at the very end.
  if (halves.length === 2 && (halves[0] ?? "").includes(".")) return undefined;
  const groups = [...head, ...Array.from({ length: GROUPS - given }, () => 0), ...(tail ?? [])];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

/** Sixteen bits each. */
function groupsOf(half: string): number[] | undefined {
  if (half === "") return [];
  const parts = half.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes(".")) {
      const [a, b, c, d] = parseV4(part) ?? [];
      if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
      groups.push((a << 8) | b, (c << 8) | d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

export interface Network {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** An address and the length of its prefix, "10.0.0.0/8". Undefined: no network. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const written = parseAsWritten(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (written === undefined || !/^\d{1,6}$/.test(length) || Number(length) > written.length * 8) return undefined;
  const bits = Number(length);
  const bytes = shortest(written.map((byte, at) => byte & mask(bits, at)));
  return { bytes, bits: Math.max(0, bits - (written.length - bytes.length) * 8) };
}

/** Both of one length: an IPv4 address is in no network of IPv6. */
export function contains({ bytes, bits }: Network, address: Uint8Array): boolean {
  return bytes.length === address.length && bytes.every((byte, at) => ((address[at] ?? 0) & mask(bits, at)) === byte);
}

/** The bits of byte `at` that belong to a prefix. */
function mask(bits: number, at: number): number {
  return (0xff00 >> Math.min(8, Math.max(0, bits - at * 8))) & 0xff;
}
