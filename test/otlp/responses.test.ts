/** Responses and statuses in both encodings: round trips, what an independent decoder says, hostile answers. */
import { describe, expect, test } from "vitest";
import { SIGNALS } from "../../src/base/signal.ts";
import { cutMessage, MESSAGE_BYTES_MAX, readExportResponse, readStatus, writeExportResponse, writeStatus, type Encoding } from "../../src/otlp/responses.ts";

const encodings: Encoding[] = ["proto", "json"];
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const utf8 = (value: string) => new TextEncoder().encode(value);

describe.each(encodings)("%s", (encoding) => {
  test.each(SIGNALS)("round trips of %s", (signal) => {
    for (const partial of [
      { rejected: 0, message: "" },
      { rejected: 1, message: "" },
      { rejected: 300, message: "too old, \u00e4\u{1f600}" },
      { rejected: 2 ** 40, message: "x" },
      { rejected: 0, message: "only a warning" },
    ]) {
      expect(readExportResponse(signal, encoding, writeExportResponse(signal, encoding, partial))).toEqual(partial);
    }
  });

  test("statuses", () => {
    for (const status of [
      { code: 3, message: "bad" },
      { code: 14, message: "" },
      { code: 0, message: "fine" },
    ]) {
      expect(readStatus(encoding, writeStatus(encoding, status))).toEqual(status);
    }
  });

  test("nothing that is cut anywhere makes it throw", () => {
    const whole = writeExportResponse("traces", encoding, { rejected: 300, message: "a message" });
    for (let cut = 0; cut < whole.length; cut++) {
      readExportResponse("traces", encoding, whole.subarray(0, cut));
      readStatus(encoding, whole.subarray(0, cut));
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Uint8Array.from(whole);
        flipped[cut] = (flipped[cut] ?? 0) ^ (1 << bit);
        readExportResponse("traces", encoding, flipped);
        readStatus(encoding, flipped);
      }
    }
  });
});

test("bytes as the specification has them", () => {
  expect(writeExportResponse("traces", "proto", { rejected: 0, message: "" }).length).toBe(0);
  expect(text(writeExportResponse("traces", "json", { rejected: 0, message: "" }))).toBe("{}");
  expect(Buffer.from(writeExportResponse("logs", "proto", { rejected: 300, message: "m" })).toString("hex")).toBe("0a0608ac0212016d");
  expect(text(writeExportResponse("metrics", "json", { rejected: 3, message: "m" }))).toBe('{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"m"}}');
  expect(Buffer.from(writeStatus("proto", { code: 3, message: "m" })).toString("hex")).toBe("080312016d");
});

test.each([
  ['{"partial_success":{"rejected_log_records":7}}', { rejected: 7, message: "" }],
  ['{"partialSuccess":null}', { rejected: 0, message: "" }],
  ['{"partialSuccess":{"rejectedLogRecords":"-3"}}', { rejected: 0, message: "" }],
  ['{"partialSuccess":{"rejectedLogRecords":1e300}}', { rejected: 0, message: "" }],
  ['{"__proto__":{"partialSuccess":{"rejectedLogRecords":9}}}', { rejected: 0, message: "" }],
  ['{"partialSuccess":5}', undefined],
  ["[]", undefined],
  ["", undefined],
  ["nonsense", undefined],
])("JSON answer %s", (json, expected) => {
  expect(readExportResponse("logs", "json", utf8(json))).toEqual(expected);
});

test.each([
  ["0a00", { rejected: 0, message: "" }],
  ["12030102030a020805", { rejected: 5, message: "" }],
  ["0a0b08ffffffffffffffffff01", { rejected: 0, message: "" }],
  ["0a05", undefined],
  ["0a0308", undefined],
  ["0b", undefined],
  ["00", undefined],
  ["0affffffffffffffffff7f", undefined],
])("protobuf answer %s", (hex, expected) => {
  expect(readExportResponse("logs", "proto", Uint8Array.from(Buffer.from(hex, "hex")))).toEqual(expected);
});

test("messages are cut between characters, at the limit", () => {
  expect(cutMessage("a".repeat(MESSAGE_BYTES_MAX))).toBe("a".repeat(MESSAGE_BYTES_MAX));
  for (const character of ["a", "\u00e4", "\u20ac", "\u{1f600}"]) {
    for (const before of ["", "x", "xy", "xyz"]) {
      const cut = cutMessage(before + character.repeat(MESSAGE_BYTES_MAX + 1));
      expect(utf8(cut).length).toBeLessThanOrEqual(MESSAGE_BYTES_MAX);
      expect(utf8(cut).length).toBeGreaterThan(MESSAGE_BYTES_MAX - 8);
      expect(cut.endsWith("...")).toBe(true);
      expect(cut).not.toContain("\ufffd");
    }
  }
});
