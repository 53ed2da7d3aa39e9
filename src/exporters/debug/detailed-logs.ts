/** Log records in detail. */
import { id, type Message, message, messages, number, text, whole } from "../../otlp/read.ts";
import { attributeLines, detailedGroups, typedText } from "./detailed.ts";
import { timeText } from "./values.ts";

const LEVELS = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"] as const;
const STEPS_A_LEVEL = 4;

export function* detailedLogs(request: Message): Generator<string> {
  yield* detailedGroups(request, { field: "resourceLogs", title: "ResourceLog" }, { field: "scopeLogs", title: "ScopeLogs" }, records);
}

function* records(scope: Message): Generator<string> {
  let index = 0;
  for (const record of messages(scope, "logRecords")) {
    const severity = number(record, "severityNumber");
    yield `LogRecord #${index++}`;
    yield `ObservedTimestamp: ${timeText(whole(record, "observedTimeUnixNano"))}`;
    yield `Timestamp: ${timeText(whole(record, "timeUnixNano"))}`;
    yield `SeverityText: ${text(record, "severityText")}`;
    yield `SeverityNumber: ${severityName(severity)}(${severity})`;
    if (text(record, "eventName") !== "") yield `EventName: ${text(record, "eventName")}`;
    yield `Body: ${typedText(message(record, "body"))}`;
    yield* attributeLines("Attributes:", messages(record, "attributes"));
    yield `Trace ID: ${id(record, "traceId")}`;
    yield `Span ID: ${id(record, "spanId")}`;
    yield `Flags: ${number(record, "flags")}`;
  }
}

/** `Info` for 9, `Info2` for 10; nothing for numbers that OpenTelemetry does not have. */
function severityName(severity: number): string {
  if (severity === 0) return "Unspecified";
  const level = LEVELS[Math.floor((severity - 1) / STEPS_A_LEVEL)];
  if (level === undefined) return "";
  const step = (severity - 1) % STEPS_A_LEVEL;
  return step === 0 ? level : `${level}${step + 1}`;
}
