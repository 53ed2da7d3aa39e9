/** Log records: text and structured bodies, half of them tied to a span, some events. */
import type { Plain } from "../test/harness/judge.ts";
import { attributes, nanos, spread, text, whole } from "./payload-parts.ts";
import type { Random } from "./random.ts";

const NAMES = { groups: "resourceLogs", scopes: "scopeLogs", items: "logRecords" } as const;
const LINES = [
  (r: Random) => `Handled request ${r.hex(12)} in ${r.below(900)} ms`,
  (r: Random) => `Could not reach payment provider, attempt ${r.below(5)} of 5: connection reset by peer`,
  (r: Random) => `Nutzer „${r.hex(6)}“ wurde nicht gefunden: 見つかりません`,
] as const;

export function makeLogs(random: Random, items: number, resources: number): Plain {
  return spread(random, items, resources, NAMES, (number) => makeRecord(random, number));
}

function makeRecord(random: Random, number: number): Plain {
  const severity = random.pick([5, 9, 9, 9, 13, 17]);
  const at = number * 700 + random.below(700);
  const line = random.chance(5) ? LINES[2] : random.pick([LINES[0], LINES[1]]);
  const body = random.chance(10)
    ? { kvlistValue: { values: [text("event", "login"), whole("attempt", random.below(9)), { key: "ok", value: { boolValue: true } }] } }
    : { stringValue: line(random) };
  return {
    ...(random.chance(90) ? { timeUnixNano: nanos(at) } : {}),
    severityNumber: severity,
    severityText: severity < 9 ? "DEBUG" : severity < 13 ? "INFO" : severity < 17 ? "WARN" : "ERROR",
    body,
    attributes: attributes(random, 4),
    ...(random.chance(2) ? { droppedAttributesCount: 3 } : {}),
    ...(random.chance(50) ? { flags: 1, traceId: random.bytes(16), spanId: random.bytes(8) } : {}),
    observedTimeUnixNano: nanos(at + 30),
    ...(random.chance(5) ? { eventName: "device.app.lifecycle" } : {}),
  };
}
