/** The paths of a span and of a span event. */
import { Span, SpanEvent, Status } from "../../otlp/tables.ts";
import type { Operand } from "../contract.ts";
import { StatementError } from "../value.ts";
import { attributesEntry } from "./attributes.ts";
import { enumText, fieldNumber, id, type IdOptions, idText, numberIn, text, whole } from "./fields.ts";
import { innerText, innerWhole } from "./inner.ts";
import { message, messages } from "./messages.ts";
import { operand, type Spot } from "./operand.ts";
import { type Entries, type Entry, plain } from "./paths.ts";
import { timeEntries } from "./times.ts";
import { traceStateMember } from "./trace-state.ts";

const SPAN: Spot = { view: ({ cursor }) => cursor.item, level: "item" };
const EVENT: Spot = { view: ({ cursor }) => cursor.inner, level: "event" };

const KINDS = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"];
const UINT32_MAX = 0xffffffffn;

const of = (name: string) => numberIn([Span], name);
const idEntry = (made: Operand, string: Operand): Entry => ({ whole: () => made, inner: { string: plain(string) } });

/** `inEvents`: for statements that run on the span's events, which see how many there are and leave them be. */
export function spanPaths(inEvents: boolean): Entries {
  const frozen = inEvents ? ({ frozen: true } as const) : {};
  const traceId: IdOptions = { done: ({ cursor }) => cursor.traceIdSet(fieldNumber(Span, "trace_id")) };
  const status = { spot: SPAN, parent: of("status") };
  return {
    trace_id: idEntry(id(SPAN, of("trace_id"), "trace", traceId), idText(SPAN, of("trace_id"), "trace", traceId)),
    span_id: idEntry(id(SPAN, of("span_id"), "span"), idText(SPAN, of("span_id"), "span")),
    parent_span_id: idEntry(id(SPAN, of("parent_span_id"), "span"), idText(SPAN, of("parent_span_id"), "span")),
    trace_state: {
      whole: () => text(SPAN, of("trace_state")),
      keyed: (keys) => {
        const [key] = keys;
        return key === undefined || keys.length > 1 ? operand({ get: tooManyKeys, reads: [] }) : traceStateMember(SPAN, of("trace_state"), key);
      },
    },
    name: plain(text(SPAN, of("name"))),
    kind: {
      whole: () => whole(SPAN, of("kind"), "int32"),
      inner: {
        string: plain(enumText(SPAN, of("kind"), KINDS, "")),
        deprecated_string: plain(
          enumText(
            SPAN,
            of("kind"),
            KINDS.map((kind) => `SPAN_KIND_${kind.toUpperCase()}`),
            "",
          ),
        ),
      },
    },
    ...timeEntries(SPAN, "start_time", of("start_time_unix_nano")),
    ...timeEntries(SPAN, "end_time", of("end_time_unix_nano")),
    attributes: attributesEntry(SPAN),
    dropped_attributes_count: plain(whole(SPAN, of("dropped_attributes_count"), "uint32")),
    events: plain(messages(SPAN, of("events"), () => "SpanEvent", { level: "event", ...frozen })),
    dropped_events_count: plain(whole(SPAN, of("dropped_events_count"), "uint32")),
    links: plain(messages(SPAN, of("links"), () => "SpanLink")),
    dropped_links_count: plain(whole(SPAN, of("dropped_links_count"), "uint32")),
    status: {
      whole: () => message(SPAN, of("status"), "Status"),
      inner: {
        code: plain(innerWhole({ ...status, number: fieldNumber(Status, "code") })),
        message: plain(innerText({ ...status, number: fieldNumber(Status, "message") })),
      },
    },
    flags: plain(whole(SPAN, of("flags"), "fixed32", { check: checkFlags })),
  };
}

function tooManyKeys(): never {
  throw new StatementError("Cannot read a trace_state with more than one key");
}

function checkFlags(value: bigint): void {
  if (value < 0n || value > UINT32_MAX) throw new StatementError(`Cannot set flags to ${value}: it must be from 0 to ${UINT32_MAX}`);
}

const eventOf = (name: string) => numberIn([SpanEvent], name);

export const EVENT_PATHS: Entries = {
  ...timeEntries(EVENT, "time", eventOf("time_unix_nano")),
  name: plain(text(EVENT, eventOf("name"))),
  attributes: attributesEntry(EVENT),
  dropped_attributes_count: plain(whole(EVENT, eventOf("dropped_attributes_count"), "uint32")),
  event_index: plain(
    operand({
      get: ({ index }) => BigInt(index),
      set: () => {
        throw new StatementError("Cannot set event_index: it says where the event stands");
      },
      reads: ["event"],
    }),
  ),
};
