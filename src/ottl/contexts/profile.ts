/**
 * The paths of a profile. What lies in the request's dictionary (names of units, attributes) is refused:
 * a profile says it by indices, which are never edited (ARCHITECTURE.md).
 */
import { Profile } from "../../otlp/tables.ts";
import { StatementError } from "../value.ts";
import { bytes, id, idText, numberIn, text, whole } from "./fields.ts";
import { message, messages, numbers } from "./messages.ts";
import type { Spot } from "./operand.ts";
import { type Entries, type Entry, plain } from "./paths.ts";
import { timeEntries } from "./times.ts";

const PROFILE: Spot = { view: ({ cursor }) => cursor.item, level: "item" };
const of = (name: string) => numberIn([Profile], name);

const duration = whole(PROFILE, of("duration_nano"), "varint64", {
  check: (value) => {
    if (value < 0n) throw new StatementError("Cannot set a duration below 0");
  },
});

const typeEntry = (name: string): Entry => ({
  whole: () => message(PROFILE, of(name), "ValueType"),
  inner: { type: indexed("A profile's type names"), unit: indexed("A profile's unit names") },
});

function indexed(what: string): Entry {
  return { refused: `${what} stand in the request's dictionary, which statements cannot reach here` };
}

export const PROFILE_PATHS: Entries = {
  sample_type: typeEntry("sample_type"),
  sample: plain(messages(PROFILE, of("samples"), () => "Sample")),
  ...timeEntries(PROFILE, "time", of("time_unix_nano")),
  duration_unix_nano: plain(duration),
  duration: plain(duration),
  period_type: typeEntry("period_type"),
  period: plain(whole(PROFILE, of("period"), "varint64")),
  profile_id: {
    whole: () => id(PROFILE, of("profile_id"), "profile", { notEmpty: true }),
    inner: { string: plain(idText(PROFILE, of("profile_id"), "profile", { notEmpty: true })) },
  },
  attribute_indices: plain(numbers(PROFILE, of("attribute_indices"), "int32", false)),
  dropped_attributes_count: plain(whole(PROFILE, of("dropped_attributes_count"), "uint32")),
  original_payload_format: plain(text(PROFILE, of("original_payload_format"))),
  original_payload: plain(bytes(PROFILE, of("original_payload"))),
  attributes: indexed("A profile's attributes"),
};
