/** Every request of the suite, by name. Deterministic; small, since answers are kept whole. */
import type { Signal } from "../../src/base/signal.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { LOGS } from "./payloads/logs.ts";
import { METRICS } from "./payloads/metrics.ts";
import { SANITIZER_LOGS, SANITIZER_TRACES } from "./payloads/sanitizers.ts";
import { SERIES } from "./payloads/series.ts";
import { TRACES } from "./payloads/traces.ts";

const PAYLOADS: Readonly<Record<string, Readonly<Record<string, Plain>>>> = {
  traces: { ...TRACES, ...SANITIZER_TRACES },
  metrics: { ...METRICS, ...SERIES },
  logs: { ...LOGS, ...SANITIZER_LOGS },
};
const encoded = new Map<string, Uint8Array<ArrayBuffer>>();

/** The request's bytes, fields ascending. */
export function payloadBytes(signal: Signal, name: string): Uint8Array<ArrayBuffer> {
  const key = `${signal} ${name}`;
  const known = encoded.get(key);
  if (known !== undefined) return known;
  const message = PAYLOADS[signal]?.[name];
  if (message === undefined) throw new Error(`There is no payload "${name}" of ${signal}`);
  const made = judge(signal).encode(message);
  encoded.set(key, made);
  return made;
}
