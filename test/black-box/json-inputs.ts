/** OTLP/JSON requests that the cases are made of, and what is expected of all of them. */
import { expect } from "vitest";
import type { Plain } from "../harness/judge.ts";
import { sendBoth, spansIn } from "./arrivals.ts";
import { expectAccepted, expectRefused, type Rig } from "./rig.ts";

/** A valid trace id, and a span id. */
export const TRACE = "0102030405060708090a0b0c0d0e0f10";
export const SPAN = "0102030405060708";
/** Members of a span with valid ids. */
export const IDS = `"traceId":"${TRACE}","spanId":"${SPAN}"`;

/** A request with one span of these members, and no other. */
export function bare(members: string): string {
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[{${members}}]}]}]}`;
}

/** A request with one span that has valid ids, and these members. */
export function span(members: string): string {
  return bare(`${IDS},${members}`);
}

/** A request with one log record whose body is this AnyValue. */
export function log(body: string): string {
  return `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${body}}]}]}]}`;
}

/** A request with one gauge's point of these members. */
export function point(members: string): string {
  return `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{${members}}]}}]}]}]}`;
}

/** `depth` values, one in the other; the innermost is empty. */
export function nestedValue(depth: number): string {
  return `${'{"arrayValue":{"values":['.repeat(depth - 1)}{}${"]}}".repeat(depth - 1)}`;
}

/** The one span that arrives of an accepted request. */
export async function acceptSpan(rig: Rig, json: string | Uint8Array, see: (span: Plain) => void): Promise<void> {
  await sendBoth(rig, "traces", "json", json, (reply, arrived) => {
    expectAccepted(reply, "json");
    const [one, ...others] = spansIn(arrived);
    expect(others).toEqual([]);
    expect(one).toBeDefined();
    if (one !== undefined) see(one);
  });
}

/** Each text is refused with 400 and these words, and nothing of it is delivered. */
export async function refuse(
  rig: Rig,
  signal: "traces" | "logs" | "metrics",
  texts: readonly (string | Uint8Array)[],
  ...words: readonly (RegExp | string)[]
): Promise<void> {
  for (const one of texts) {
    await sendBoth(rig, signal, "json", one, (reply, arrived) => {
      expectRefused(reply, 400, "json", /, at byte \d+$/, ...words);
      expect(arrived).toEqual([]);
    });
  }
}
