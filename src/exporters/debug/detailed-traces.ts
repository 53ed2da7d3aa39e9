/** Spans, their events and links, in detail. */
import { id, type Message, message, messages, number, text, whole } from "../../otlp/read.ts";
import { attributeLines, detailedGroups } from "./detailed.ts";
import { timeText } from "./values.ts";

const KINDS = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"] as const;
const STATUS_CODES = ["Unset", "Ok", "Error"] as const;

export function* detailedTraces(request: Message): Generator<string> {
  yield* detailedGroups(request, { field: "resourceSpans", title: "ResourceSpans" }, { field: "scopeSpans", title: "ScopeSpans" }, spans);
}

function* spans(scope: Message): Generator<string> {
  let index = 0;
  for (const span of messages(scope, "spans")) {
    yield `Span #${index++}`;
    yield* spanLines(span);
  }
}

function* spanLines(span: Message): Generator<string> {
  const status = message(span, "status");
  yield `    Trace ID       : ${id(span, "traceId")}`;
  yield `    Parent ID      : ${id(span, "parentSpanId")}`;
  yield `    ID             : ${id(span, "spanId")}`;
  yield `    Name           : ${text(span, "name")}`;
  yield `    Kind           : ${KINDS[number(span, "kind")] ?? ""}`;
  if (text(span, "traceState") !== "") yield `    TraceState     : ${text(span, "traceState")}`;
  yield `    Start time     : ${timeText(whole(span, "startTimeUnixNano"))}`;
  yield `    End time       : ${timeText(whole(span, "endTimeUnixNano"))}`;
  yield `    Status code    : ${STATUS_CODES[number(status, "code")] ?? ""}`;
  yield `    Status message : ${text(status, "message")}`;
  yield `    DroppedAttributesCount: ${number(span, "droppedAttributesCount")}`;
  yield `    DroppedEventsCount: ${number(span, "droppedEventsCount")}`;
  yield `    DroppedLinksCount: ${number(span, "droppedLinksCount")}`;
  yield* attributeLines("Attributes:", messages(span, "attributes"));
  yield* events(messages(span, "events"));
  yield* links(messages(span, "links"));
}

function* events(all: Iterable<Message> & { readonly length: number }): Generator<string> {
  if (all.length > 0) yield "Events:";
  let index = 0;
  for (const event of all) {
    yield `SpanEvent #${index++}`;
    yield `     -> Name: ${text(event, "name")}`;
    yield `     -> Timestamp: ${timeText(whole(event, "timeUnixNano"))}`;
    yield `     -> DroppedAttributesCount: ${number(event, "droppedAttributesCount")}`;
    yield* attributeLines("     -> Attributes::", messages(event, "attributes"), 2);
  }
}

function* links(all: Iterable<Message> & { readonly length: number }): Generator<string> {
  if (all.length > 0) yield "Links:";
  let index = 0;
  for (const link of all) {
    yield `SpanLink #${index++}`;
    yield `     -> Trace ID: ${id(link, "traceId")}`;
    yield `     -> ID: ${id(link, "spanId")}`;
    yield `     -> TraceState: ${text(link, "traceState")}`;
    yield `     -> DroppedAttributesCount: ${number(link, "droppedAttributesCount")}`;
    yield* attributeLines("     -> Attributes::", messages(link, "attributes"), 2);
  }
}
