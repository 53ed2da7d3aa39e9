/**
 * Batches are those of a real Collector (contrib 0.159): requests of these many items, and the sizes
 * that arrived behind its `otlp_http`. It encodes what it received again and writes some fields that
 * are empty, so that the requests here have them, too: with `sizer: bytes` each byte counts.
 */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Signal } from "../../src/base/signal.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { deliveryRig, sizesOf } from "./delivery-rig.ts";

type Case = readonly [signal: Signal, batch: Readonly<Record<string, unknown>>, requests: readonly number[], batches: readonly number[]];

const RECORDED: readonly Case[] = [
  ["traces", { min_size: 10 }, [4, 5, 6, 3, 20, 9], [15, 23, 9]],
  ["traces", { min_size: 5, max_size: 10 }, [23, 4, 17, 3], [10, 10, 7, 10, 7, 3]],
  ["metrics", { min_size: 7, max_size: 20 }, [23, 4, 17, 55, 3], [20, 7, 17, 20, 20, 15, 3]],
  ["traces", { min_size: 4000, max_size: 6000, sizer: "bytes" }, [40, 3, 30, 2], [8, 7, 7, 7, 7, 5, 6, 6, 6, 7, 7, 2]],
  ["logs", { min_size: 3000, max_size: 3000, sizer: "bytes" }, [40, 3, 30, 2], [8, 7, 6, 9, 8, 4, 6, 6, 6, 6, 7, 2]],
  ["metrics", { min_size: 2000, max_size: 5000, sizer: "bytes" }, [60, 3, 50, 2], [17, 18, 11, 14, 15, 9, 15, 14, 2]],
  ["traces", { min_size: 9000, sizer: "bytes" }, [5, 5, 5, 5, 30, 2], [10, 10, 30, 2]],
];

/** What the Collector writes where it is empty, by the list that it lies in. */
const ALWAYS: Readonly<Record<string, Plain>> = {
  resourceSpans: { resource: {} },
  resourceLogs: { resource: {} },
  scopeSpans: { scope: {} },
  scopeLogs: { scope: {} },
  spans: { status: {}, parentSpanId: new Uint8Array(0) },
  logRecords: { body: {}, traceId: new Uint8Array(0), spanId: new Uint8Array(0) },
};

function asWritten(signal: Signal, bytes: Uint8Array): Uint8Array {
  return judge(signal).encode(filled(judge(signal).toObject(bytes)));
}

function filled(message: Plain): Plain {
  const lists = Object.keys(message).filter((key) => Array.isArray(message[key]) && ALWAYS[key] !== undefined);
  return { ...message, ...Object.fromEntries(lists.map((key) => [key, list(message, key).map((one) => filled({ ...ALWAYS[key], ...one }))])) };
}

describe("as behind the Collector", () => {
  it.each(RECORDED)("%s, batch %j, requests of %j items", async (signal, batch, requests, batches) => {
    const rig = deliveryRig({ sending_queue: { num_consumers: 1, batch: { flush_timeout: "1500ms", ...batch } } });
    for (const [index, items] of requests.entries()) {
      await rig.sendBytes(asWritten(signal, payload(signal, { items, seed: index + 1, resources: 1 + ((index + 1) % 4) }).bytes), {}, signal);
      await rig.clock.advance(60);
    }
    await rig.clock.advance(4000);
    expect(sizesOf(rig.arrivals)).toEqual(batches);
    expect(rig.books(signal)).toMatchObject({ queued: 0, dropped: 0 });
  });
});
