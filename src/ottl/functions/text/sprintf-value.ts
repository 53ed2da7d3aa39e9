/**
 * A value as a verb writes it, by Go's kinds: what its type says of itself where the verb asks for text,
 * else its parts. A verb that does not fit is written with the value's type. Lists are Go's `[]any`;
 * maps, of which Go would write addresses, are a text of JSON.
 */
import { likeString } from "../../compile/convert.ts";
import { Duration, Id, isList, Time, typeName, type Value } from "../../value.ts";
import { durationText } from "../time/duration.ts";
import { toHex } from "./bytes.ts";
import { formatFloat } from "./sprintf-float.ts";
import { ofInteger } from "./sprintf-integer.ts";
import { bytesText, hexOf, ofText, plainText, quotedBytes } from "./sprintf-text.ts";
import { internals, timeSource, timeText } from "./sprintf-time.ts";
import { padded, type Verb } from "./sprintf-verb.ts";

type Some = Exclude<Value, null>;

/** How a value is come upon. */
interface Way {
  /** What a type says of itself is asked for: not within the message of a verb that does not fit. */
  readonly speaks: boolean;
  /** An item of a list. */
  readonly nested: boolean;
}

const TOP: Way = { speaks: true, nested: false };
const MUTE: Way = { speaks: false, nested: false };
/** Verbs that ask for text. */
const TEXT_VERBS = "vsxXq";

/** The type as Go names it. */
export function goType(value: Value): string {
  if (value === null) return "<nil>";
  if (value instanceof Uint8Array) return "[]uint8";
  if (isList(value)) return "[]interface {}";
  return value instanceof Map ? "pcommon.Map" : typeName(value);
}

/** The value by the verb. */
export function written(verb: Verb, value: Value): string {
  if (value === null) return verb.verb === "v" || verb.verb === "T" ? padded("<nil>", verb) : `%!${verb.verb}(<nil>)`;
  if (verb.verb === "T") return plainText(verb, goType(value));
  // Where Go writes an address there is none here.
  return verb.verb === "p" ? misfit(verb, value) : by(verb, value, TOP);
}

function misfit(verb: Verb, value: Some): string {
  return `%!${verb.verb}(${goType(value)}=${by({ ...verb, verb: "v" }, value, MUTE)})`;
}

function by(verb: Verb, value: Some, way: Way): string {
  return fitting(verb, value, way) ?? misfit(verb, value);
}

/** Undefined for a verb that does not fit. */
function fitting(verb: Verb, value: Some, way: Way): string | undefined {
  switch (typeof value) {
    case "string":
      return ofText(verb, value);
    case "boolean":
      return verb.verb === "t" || verb.verb === "v" ? padded(String(value), verb) : undefined;
    case "bigint":
      return ofInteger(verb, value);
    case "number":
      return formatFloat(verb, value);
    default:
      return ofObject(verb, value, way);
  }
}

function ofObject(verb: Verb, value: Exclude<Some, string | boolean | bigint | number>, way: Way): string | undefined {
  if (value instanceof Uint8Array) return ofBytes(verb, value, way);
  // For errors, of which there are none here.
  if (verb.verb === "w") return undefined;
  if (isList(value)) return ofList(verb, value, way);
  const speaks = way.speaks && !verb.syntax && TEXT_VERBS.includes(verb.verb);
  if (value instanceof Duration) return speaks ? ofText(verb, durationText(value)) : ofInteger(verb, value.nanos);
  if (value instanceof Id) return speaks ? ofText(verb, allZero(value.bytes) ? "" : toHex(value.bytes)) : ofArray(verb, value.bytes, typeName(value));
  if (value instanceof Time) {
    if (speaks) return ofText(verb, timeText(value));
    return verb.syntax && way.speaks ? plainText(verb, timeSource(value)) : internals(verb, value);
  }
  return ofText(verb, likeString(value) ?? "");
}

/** An id of noughts is none, and says nothing. */
function allZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function ofBytes(verb: Verb, bytes: Uint8Array, { nested }: Way): string | undefined {
  switch (verb.verb) {
    case "s":
      return bytesText(verb, bytes);
    case "q":
      return quotedBytes(verb, bytes);
    case "x":
    case "X":
      return hexOf(verb, bytes);
    default:
      return ofArray(verb, bytes, verb.verb === "v" && !nested ? "[]byte" : "[]uint8");
  }
}

function ofArray(verb: Verb, bytes: Uint8Array, type: string): string {
  return listed(
    verb,
    type,
    Array.from(bytes, (byte) => ofByte(verb, BigInt(byte))),
  );
}

function ofByte(verb: Verb, byte: bigint): string {
  return ofInteger(verb, byte, false) ?? `%!${verb.verb}(uint8=${ofInteger({ ...verb, verb: "v" }, byte, false) ?? ""})`;
}

function ofList(verb: Verb, list: readonly Value[], { speaks }: Way): string {
  const items = list.map((item) => (item === null ? noItem(verb) : by(verb, item, { speaks, nested: true })));
  return listed(verb, "[]interface {}", items);
}

function noItem({ syntax }: Verb): string {
  return syntax ? "interface {}(nil)" : "<nil>";
}

function listed({ syntax }: Verb, type: string, items: readonly string[]): string {
  return syntax ? `${type}{${items.join(", ")}}` : `[${items.join(" ")}]`;
}
