import { describe, expect, it } from "vitest";
import { nearest } from "../../src/base/nearest.ts";

const KEYS = ["endpoint", "compression", "timeout", "tls", "headers", "sending_queue", "retry_on_failure"];

describe("nearest", () => {
  it.each([
    ["endpont", "endpoint"],
    ["endpiont", "endpoint"],
    ["Endpoint", "endpoint"],
    ["sendingQueue", "sending_queue"],
    ["sending-queue", "sending_queue"],
    ["compresion", "compression"],
    ["header", "headers"],
    ["tsl", "tls"],
    ["retry", undefined],
    ["x", undefined],
    ["ab", undefined],
    ["12", undefined],
    ["something_else", undefined],
    ["endpoint", undefined],
    ["e".repeat(1000), undefined],
  ])("%s: %s", (name, expected) => {
    expect(nearest(name, KEYS)).toBe(expected);
  });
});
