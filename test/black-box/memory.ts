/**
 * What a heavy request costs the server and its other clients: resident memory in bodies of the size
 * that the door takes, above what the server had before. Nothing here depends on how long it took.
 */
import { expect } from "vitest";
import { goodTraces } from "./payloads.ts";
import type { Rig } from "./rig.ts";
import { TARGET } from "./target.ts";

/** Bytes of a body that the door takes without configuration. */
export const BODY_BYTES_MAX = TARGET === "workers" ? 16 << 20 : 64 << 20;

const SAMPLE_MS = 20;
/** Requests of a size and kind like the heavy one are none of these: only what every server holds after its first ones. */
const WARM_UPS = 20;

export interface Cost {
  readonly baselineBytes: number;
  readonly peakBytes: number;
  /** Good requests of another client that were answered meanwhile. */
  readonly served: number;
  /** The longest that one of them took, for people. */
  readonly longestMs: number;
}

/** Runs `action` while another client sends good requests, every one of which must be answered 200. */
export async function costOf(rig: Rig, action: () => Promise<void>): Promise<Cost> {
  for (let sent = 0; sent < WARM_UPS; sent++) await rig.export("traces", "proto", goodTraces().bytes);
  const baselineBytes = rig.target.memoryBytes();
  let peakBytes = baselineBytes;
  const timer = setInterval(() => (peakBytes = Math.max(peakBytes, rig.target.memoryBytes())), SAMPLE_MS);
  const over = new AbortController();
  const done = action().finally(() => over.abort());
  // It is waited for below; a failure before that is no unhandled one.
  done.catch(() => {});
  let served = 0;
  let longestMs = 0;
  try {
    do {
      const from = performance.now();
      const reply = await rig.export("traces", "proto", goodTraces().bytes);
      expect(reply.status, "of another client").toBe(200);
      longestMs = Math.max(longestMs, performance.now() - from);
      served++;
    } while (!over.signal.aborted);
  } finally {
    clearInterval(timer);
  }
  await done;
  return { baselineBytes, peakBytes, served, longestMs };
}

/**
 * For what is refused: what was read of it, and what was made of that before it proved to be too much.
 * On Workers a body is 16 MiB, and workerd's memory moves by more than that with small requests alone
 * (53 to 95 MiB over 400 of them): one body more.
 */
export const REFUSED_BODIES = TARGET === "workers" ? 3 : 2;
/** For what is taken: as it arrived, inflated, converted, the copy that `fetch` sends, and what is not collected yet of one of these. */
export const TAKEN_BODIES = 5;

/** Fails when `action` cost the memory of more than so many bodies. */
export async function expectBounded(rig: Rig, action: () => Promise<void>, bodies: number = REFUSED_BODIES): Promise<void> {
  const { baselineBytes, peakBytes, served, longestMs } = await costOf(rig, action);
  if (process.env["SLUICE_SHOW_COSTS"] !== undefined) {
    const mebibytes = (bytes: number): number => Math.round(bytes / (1 << 20));
    console.log(`${mebibytes(baselineBytes)} + ${mebibytes(peakBytes - baselineBytes)} MiB, ${served} others served, longest ${longestMs.toFixed(0)} ms`);
  }
  expect(peakBytes - baselineBytes, "resident memory above the baseline").toBeLessThanOrEqual(bodies * BODY_BYTES_MAX);
}
