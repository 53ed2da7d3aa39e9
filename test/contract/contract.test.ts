/**
 * Our contract against the published one, field by field and in both directions. The tables are made
 * from proto/ (`scripts/generate.ts --check` proves it), the facts from OpenTelemetry's own packages.
 */
import { describe, expect, it } from "vitest";
import { ENUMS, MESSAGES, METHODS, type FieldSchema } from "../../src/otlp/tables.ts";
import facts from "./otlp-facts.json" with { type: "json" };

/** What the facts have and we leave out, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "google.rpc.BadRequest.FieldViolation.localized_message": "a translation of an error's text: nobody would read it",
};
/** What we have and the facts do not. Nothing today. */
const EXTRA: Readonly<Record<string, string>> = {};

type Row = readonly (string | number)[];
const messages: Readonly<Record<string, readonly Row[]>> = facts.messages;

function label(field: FieldSchema): string {
  if (field.repeated) return "repeated";
  if (field.optional) return "optional";
  return field.oneof === undefined ? "singular" : `oneof ${field.oneof}`;
}

function ours(fullName: string): Row[] {
  const fields = MESSAGES[fullName]?.().fields ?? [];
  return fields.map((field) => {
    const ref = field.message?.().fullName ?? enumName(field);
    const row = [field.name, field.number, field.kind, label(field)];
    return ref === undefined ? row : row.concat(ref);
  });
}

function enumName(field: FieldSchema): string | undefined {
  const schema = field.enum?.();
  return schema === undefined ? undefined : Object.keys(ENUMS).find((name) => ENUMS[name]?.() === schema);
}

function theirs(fullName: string): readonly Row[] {
  return (messages[fullName] ?? []).filter((row) => !(`${fullName}.${row[0]}` in LEFT_OUT));
}

describe("the contract", () => {
  it("has the published messages, and no others", () => {
    expect(new Set(Object.keys(MESSAGES))).toEqual(new Set(Object.keys(messages)));
  });

  for (const fullName of Object.keys(messages)) {
    it(`has the fields of ${fullName}`, () => {
      expect(ours(fullName).filter((row) => !(`${fullName}.${row[0]}` in EXTRA))).toEqual(theirs(fullName));
    });
  }

  it("has the published enums and values", () => {
    const made = Object.fromEntries(Object.entries(ENUMS).map(([name, schema]) => [name, schema()]));
    expect(made).toEqual(facts.enums);
  });

  it("has the published methods", () => {
    const services: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = facts.services;
    const published = Object.entries(services).flatMap(([service, methods]) =>
      Object.entries(methods).map(([name, [request, response]]) => [`/${service}/${name}`, { request, response }] as const),
    );
    expect(METHODS).toEqual(Object.fromEntries(published));
  });

  it("keeps the newer fields", () => {
    const newer = [
      "opentelemetry.proto.resource.v1.Resource.entity_refs 3",
      "opentelemetry.proto.common.v1.KeyValue.key_strindex 3",
      "opentelemetry.proto.common.v1.AnyValue.string_value_strindex 8",
      "opentelemetry.proto.logs.v1.LogRecord.event_name 12",
      "opentelemetry.proto.metrics.v1.Metric.metadata 12",
      "opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint.zero_threshold 14",
      "opentelemetry.proto.trace.v1.Span.flags 16",
      "opentelemetry.proto.trace.v1.Span.Link.flags 6",
    ];
    const all = new Set(Object.values(MESSAGES).flatMap((schema) => schema().fields.map((field) => `${schema().fullName}.${field.name} ${field.number}`)));
    expect(newer.filter((field) => !all.has(field))).toEqual([]);
  });
});
