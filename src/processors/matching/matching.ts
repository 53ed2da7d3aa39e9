/**
 * Which items a processor acts on: `include` must hold, `exclude` must not, as the Collector's
 * processors have it. Decided through the views, so that what earlier steps set is seen.
 */
import { SluiceError } from "../../base/errors.ts";
import type { Signal } from "../../base/signal.ts";
import { decodeAnyValue, kindOf, STRING_VALUE } from "../../otlp/any-value.ts";
import type { Attributes } from "../../otlp/attributes.ts";
import type { Cursor } from "../../otlp/cursor.ts";
import type { Engine } from "../../otlp/engine.ts";
import {
  INSTRUMENTATION_SCOPE_NAME,
  INSTRUMENTATION_SCOPE_VERSION,
  LOG_RECORD_BODY,
  LOG_RECORD_SEVERITY_NUMBER,
  LOG_RECORD_SEVERITY_TEXT,
  METRIC_NAME,
  SPAN_KIND,
  SPAN_NAME,
} from "../../otlp/tables.ts";
import type { Text } from "../../otlp/text.ts";
import { valueText } from "../../otlp/value-text.ts";
import type { View } from "../../otlp/view.ts";
import type { Level } from "../../pipeline/step.ts";
import { after, readVarint } from "../../wire/varint.ts";
import { faultForSignal, type MatchingSettings, type MatchSettings } from "./settings.ts";
import { SPAN_KINDS } from "./span-kinds.ts";
import { type TextFilter, textFilterOf } from "./text-filter.ts";
import { type ValueFilter, valueFilterOf } from "./value-filter.ts";

/** What the Collector compares with where a resource has no service.name. */
const NO_SERVICE = "<nil-service-name>";

type Condition = (cursor: Cursor) => boolean;

export interface Matching {
  /** Whether the processor acts on the item at hand; undefined: on every one. */
  readonly acts: Condition | undefined;
  /** Levels above the item that it looks at. */
  readonly reads: readonly Level[];
}

/** Throws `config` for a key that the signal has no use for. `component` is the processor's id as configured. */
export function matchingOf({ include, exclude }: MatchingSettings, component: string, signal: Signal, engine: Engine): Matching {
  const included = include === undefined ? undefined : conditionOf(include, `processors.${component}.include`, signal, engine);
  const excluded = exclude === undefined ? undefined : conditionOf(exclude, `processors.${component}.exclude`, signal, engine);
  const given = [include, exclude].filter((settings) => settings !== undefined);
  const reads: Level[] = [];
  if (given.some(({ services, resources }) => services.length + resources.length > 0)) reads.push("resource");
  if (given.some(({ libraries }) => libraries.length > 0)) reads.push("scope");
  if (excluded === undefined) return { acts: included, reads };
  return { acts: (cursor) => (included === undefined || included(cursor)) && !excluded(cursor), reads };
}

/** Undefined when nothing is left to decide: the Collector looks at names only, for metrics. */
function conditionOf(settings: MatchSettings, path: string, signal: Signal, engine: Engine): Condition | undefined {
  const fault = faultForSignal(settings, signal);
  if (fault !== undefined) throw new SluiceError("config", `Cannot use "${path}": ${fault}`, { path });
  const conditions = signal === "metrics" ? namesOf(settings, METRIC_NAME, settings.metric_names, engine) : conditionsOf(settings, signal, engine);
  const [only] = conditions;
  return conditions.length < 2 ? only : (cursor) => allHold(conditions, cursor);
}

function allHold(conditions: readonly Condition[], cursor: Cursor): boolean {
  for (let index = 0; index < conditions.length; index++) if (conditions[index]?.(cursor) === false) return false;
  return true;
}

function conditionsOf(settings: MatchSettings, signal: Signal, engine: Engine): Condition[] {
  return [
    ...(signal === "traces" ? spanConditions(settings, engine) : recordConditions(settings, engine)),
    ...settings.libraries.map((library) => libraryCondition(library, settings.match_type, engine)),
    ...attributeConditions(settings.resources, settings.match_type, engine, (cursor) => cursor.resource.attributes),
    ...attributeConditions(settings.attributes, settings.match_type, engine, (cursor) => cursor.item.attributes),
  ];
}

function spanConditions(settings: MatchSettings, engine: Engine): Condition[] {
  return [
    ...(settings.services.length === 0 ? [] : [serviceCondition(textFilterOf(settings.services, settings.match_type, engine), engine)]),
    ...namesOf(settings, SPAN_NAME, settings.span_names, engine),
    ...(settings.span_kinds.length === 0 ? [] : [kindCondition(textFilterOf(settings.span_kinds, settings.match_type, engine))]),
  ];
}

function recordConditions(settings: MatchSettings, engine: Engine): Condition[] {
  const { log_severity_number: severity, log_bodies: bodies } = settings;
  return [
    ...(bodies.length === 0 ? [] : [bodyCondition(textFilterOf(bodies, settings.match_type, engine), engine)]),
    ...namesOf(settings, LOG_RECORD_SEVERITY_TEXT, settings.log_severity_texts, engine),
    ...(severity === undefined ? [] : [severityCondition(severity.min, severity.match_undefined)]),
  ];
}

/** A condition on a text field of the item, unless there is nothing to compare with. */
function namesOf({ match_type: matchType }: MatchSettings, field: number, texts: readonly string[], engine: Engine): Condition[] {
  if (texts.length === 0) return [];
  const filter = textFilterOf(texts, matchType, engine);
  return [({ item }) => fieldMatches(item, field, filter)];
}

function fieldMatches(view: View, field: number, filter: TextFilter): boolean {
  const start = view.field(field);
  return start < 0 ? filter.matchesBytes(0, 0) : filter.matchesBytes(start, view.fieldEnd(field));
}

function serviceCondition(filter: TextFilter, engine: Engine): Condition {
  const key = engine.text("service.name");
  const none = filter.matches(NO_SERVICE);
  return ({ resource: { attributes } }) => {
    const entry = attributes.find(key);
    return entry < 0 ? none : textMatches(attributes.valueStart(entry), attributes.valueEnd(entry), filter, engine.bytes);
  };
}

/** Whether an AnyValue, as text, will do. */
function textMatches(start: number, end: number, filter: TextFilter, bytes: Uint8Array): boolean {
  if (kindOf(bytes, start, end) !== STRING_VALUE) return filter.matches(valueText(decodeAnyValue(bytes, start, end)));
  // Behind the tag that was read last, which is the value's.
  const length = readVarint(bytes, after);
  return filter.matchesBytes(after, after + length);
}

function kindCondition(filter: TextFilter): Condition {
  const known = SPAN_KINDS.map((kind) => filter.matches(kind));
  const unknown = filter.matches("");
  return ({ item }) => (item.varintHigh(SPAN_KIND) === 0 ? (known[item.varint(SPAN_KIND)] ?? unknown) : unknown);
}

function bodyCondition(filter: TextFilter, { bytes }: Engine): Condition {
  return ({ item }) => {
    const start = item.field(LOG_RECORD_BODY);
    return start < 0 ? filter.matches("") : textMatches(start, item.fieldEnd(LOG_RECORD_BODY), filter, bytes);
  };
}

function severityCondition(min: number, matchUndefined: boolean): Condition {
  return ({ item }) => {
    const severity = item.varint(LOG_RECORD_SEVERITY_NUMBER) | 0;
    return severity === 0 ? matchUndefined : severity >= min;
  };
}

function libraryCondition({ name, version }: MatchSettings["libraries"][number], matchType: string, engine: Engine): Condition {
  const names = textFilterOf([name], matchType, engine);
  const versions = version === null ? undefined : textFilterOf([version], matchType, engine);
  return ({ scope }) =>
    fieldMatches(scope, INSTRUMENTATION_SCOPE_NAME, names) && (versions === undefined || fieldMatches(scope, INSTRUMENTATION_SCOPE_VERSION, versions));
}

function attributeConditions(
  wanted: MatchSettings["attributes"],
  matchType: string,
  engine: Engine,
  attributesOf: (cursor: Cursor) => Attributes,
): Condition[] {
  const pairs: (readonly [key: Text, value: ValueFilter])[] = wanted.map(({ key, value }) => [engine.text(key), valueFilterOf(value, matchType, engine)]);
  return pairs.map(([key, value]) => (cursor) => {
    const attributes = attributesOf(cursor);
    const entry = attributes.find(key);
    return entry >= 0 && value(attributes.valueStart(entry), attributes.valueEnd(entry));
  });
}
