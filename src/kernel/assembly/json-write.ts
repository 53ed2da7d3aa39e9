/**
 * Protobuf to OTLP/JSON, without an object in between. The request was checked, and its repeated
 * singular fields reduced, before. A strict writer: lowerCamelCase keys, ids in lower-case hexadecimal,
 * 64-bit integers as strings, enums as integers, other bytes in padded base64. Members come in the
 * order of the fields on the wire; a list comes whole where its first element was. Zeros without
 * presence, empty lists and unknown fields are left out.
 *
 * `writeJson` returns the bytes that it wrote, or -1 when the output is too small. It wants 512 bytes
 * more than it writes, and 16 readable ones behind the request.
 */
import { writeRequest } from "./json-writers";

/** What one member takes without its text, with the ends of all open objects. */
const SLACK: usize = 512;

/** The last place where a member, or the rest of a text, may begin. */
export let outLimit: usize = 0;
/** Where `tagAt` and `varint` stopped, or a list of fields. */
export let behind: usize = 0;

export function writeJson(signal: i32, start: usize, end: usize, out: usize, outEnd: usize): i32 {
  if (outEnd < out || outEnd - out < SLACK) return -1;
  outLimit = outEnd - SLACK;
  const stop = writeRequest(signal, start, end, out);
  return stop == 0 ? -1 : <i32>(stop - out);
}

/** Ends the object whose last member ends with a comma at `out`, unless there is none. */
@inline
export function closeObject(out: usize): usize {
  const last = out - <usize>(load<u8>(out - 1) == 0x2c);
  store<u8>(last, 0x7d);
  return last + 1;
}

export function setBehind(at: usize): void {
  behind = at;
}

/** The varint at `at`; it ends at `behind`. */
export function varint(at: usize): u64 {
  let byte = <u64>load<u8>(at);
  let value = byte & 0x7f;
  if (byte < 0x80) {
    behind = at + 1;
    return value;
  }
  byte = <u64>load<u8>(at, 1);
  value |= (byte & 0x7f) << 7;
  if (byte < 0x80) {
    behind = at + 2;
    return value;
  }
  at += 2;
  let shift: u64 = 14;
  do {
    byte = <u64>load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte > 0x7f);
  behind = at;
  return value;
}

/** The tag at `at`; it ends at `behind`. */
export function tagAt(at: usize): u32 {
  return <u32>varint(at);
}

/** Behind the field at `at`. */
export function skipField(at: usize): usize {
  const tag = tagAt(at);
  const body = behind;
  switch (tag & 7) {
    case 0:
      varint(body);
      return behind;
    case 1:
      return body + 8;
    case 2: {
      const size = <usize>varint(body);
      return behind + size;
    }
    case 3:
      return skipGroup(body);
    default:
      return body + 4;
  }
}

/** Behind the end of the group whose start was read. */
function skipGroup(at: usize): usize {
  for (let depth = 1; depth > 0; ) {
    const wire = tagAt(at) & 7;
    if (wire == 3) depth++;
    if (wire == 4) depth--;
    at = wire == 3 || wire == 4 ? behind : skipField(at);
  }
  return at;
}
