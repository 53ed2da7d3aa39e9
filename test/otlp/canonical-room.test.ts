/** Mending writes to a block of the request's own size when no text is to be repaired: never a byte behind it. */
import { expect, test } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { SIGNALS } from "../../src/base/signal.ts";
import { canonical } from "../../src/otlp/canonical.ts";
import { field, join, type Bytes } from "../harness/bytes.ts";
import { testEngine } from "../harness/engine.ts";

const GUARD = 0xa5;
const GUARD_BYTES = 4096;

/** Bad ids, fields twice, lengths of every size, and indices that are no index here. */
function mendable(): Bytes[] {
  const ids = (trace: number): Bytes => join(field(1, new Uint8Array(trace).fill(1)), field(2, new Uint8Array(8).fill(1)));
  const link = field(13, field(1, new Uint8Array(3)), field(3, "s".repeat(130)));
  const made: Bytes[] = [];
  for (const size of [0, 1, 60, 120, 126, 127, 128, 129, 200, 16_250, 16_383, 16_384, 20_000]) {
    const status = (text: string): Bytes => field(15, field(2, text.repeat(size)));
    const span = field(2, ids(16), link, status("a"), status("b"), status("c"));
    made.push(field(1, field(2, span)), field(1, field(2, field(2, ids(15), status("x")), span, field(2, ids(0)))));
    made.push(field(1, field(1, field(1, field(1, "k".repeat(size)))), field(2, span), field(1, field(1, field(1, "l")))));
    made.push(field(1, field(2, field(2, ids(16), field(9, field(1, "k"), field(2, Uint8Array.of(0x40, 3)), field(2, field(1, "v".repeat(size))))))));
  }
  return made;
}

test("no longer than the request, and nothing behind it is written", () => {
  const engine = testEngine();
  const traces = mendable().map((bytes) => ({ signal: "traces" as const, bytes }));
  const whole = SIGNALS.map((signal) => ({ signal, bytes: payload(signal, { items: 20, order: "interleaved", unknown: true }).bytes }));
  for (const { signal, bytes } of [...traces, ...whole]) {
    const source = engine.pool.take(bytes.length);
    const target = engine.pool.take(bytes.length + GUARD_BYTES);
    if (source === undefined || target === undefined) throw new Error("The test's pool is full");
    engine.bytes.set(bytes, source.start);
    engine.bytes.fill(GUARD, target.start, target.start + bytes.length + GUARD_BYTES);
    const { end, repairs } = canonical(engine.kernel, signal, source.start, source.start + bytes.length, target.start);
    expect(repairs.textsRepaired).toBe(0);
    expect(end - target.start).toBeLessThanOrEqual(bytes.length);
    const behind = engine.bytes.subarray(target.start + bytes.length, target.start + bytes.length + GUARD_BYTES);
    expect(behind.every((byte) => byte === GUARD)).toBe(true);
    source.release();
    target.release();
  }
});
