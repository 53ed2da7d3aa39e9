/**
 * The JSON Schema of a whole configuration, for editors: made from the very schemas that validate.
 * Wherever a number, a boolean or one of a few words is due, a `${...}` reference may stand, too.
 */
import * as z from "zod";
import { SIGNALS } from "../base/signal.ts";
import { SECTION_OF } from "./components.ts";
import type { AnyComponent } from "./plan.ts";
import type { Registry } from "./registry.ts";
import { pipeline, service, topLevel } from "./service.ts";

export type Json = { [key: string]: unknown };

/** `type/name`. */
const NAME_PATTERN = "(/.+)?$";
const REFERENCE: Json = { type: "string", pattern: String.raw`\$\{.+\}` };

/** Whether a schema is the `${...}` reference that may stand for a scalar. */
export function isReference(schema: Json): boolean {
  return schema["pattern"] === REFERENCE["pattern"];
}

/** JSON Schema draft 7, the one that editors' YAML plug-ins know. */
export function configJsonSchema(registry: Registry): Json {
  const sections: Json = {};
  for (const [kind, name] of Object.entries(SECTION_OF)) {
    const patterns = registry
      .filter((one) => one.kind === kind)
      .flatMap((one) => [one.id, ...(one.aliases ?? [])].map((id) => [`^${id}${NAME_PATTERN}`, { $ref: `#/definitions/${one.kind}.${one.id}` }]));
    sections[name] = {
      ...described(topLevel.shape, name),
      type: ["object", "null"],
      patternProperties: Object.fromEntries(patterns),
      // An extension that only the Collector has is accepted.
      additionalProperties: name === "extensions",
    };
  }
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Sluice configuration",
    description: "A configuration of the OpenTelemetry Collector, as Sluice runs it.",
    type: "object",
    additionalProperties: false,
    properties: { ...sections, service: { $ref: "#/definitions/service" } },
    definitions: { ...Object.fromEntries(registry.map((one) => [`${one.kind}.${one.id}`, componentSchema(one)])), service: serviceSchema() },
  };
}

function componentSchema({ schema, summary }: AnyComponent): Json {
  const { type, ...rest } = inputSchema(schema);
  // `otlp:` with nothing behind it is all defaults.
  return { description: summary, ...rest, type: type === "object" ? ["object", "null"] : type };
}

function serviceSchema(): Json {
  const { properties, ...rest } = inputSchema(service);
  const pipelines = {
    ...described(service.shape, "pipelines"),
    type: "object",
    patternProperties: { [`^(${SIGNALS.join("|")})${NAME_PATTERN}`]: inputSchema(pipeline) },
    additionalProperties: false,
  };
  return { ...rest, properties: { ...(isJson(properties) ? properties : {}), pipelines } };
}

function described(shape: Readonly<Record<string, z.ZodType>>, key: string): Json {
  return { description: shape[key]?.description ?? "" };
}

function inputSchema(schema: z.ZodType): Json {
  const made: unknown = z.toJSONSchema(schema, { io: "input", target: "draft-7", unrepresentable: "any" });
  const relaxed = withReferences(made);
  if (!isJson(relaxed)) return {};
  const { $schema: _, ...rest } = relaxed;
  return rest;
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Rebuilds a schema so that a reference may stand for a scalar, and nothing for an optional section. */
function withReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReferences);
  if (!isJson(value)) return value;
  const { sluiceKind: _, ...plain } = value;
  const made: Json = {};
  for (const [key, child] of Object.entries(plain)) {
    // Defaults, examples and the like are data, not schemas; names of properties are no keywords.
    if (key === "default" || key === "examples" || key === "enum" || key === "const") made[key] = child;
    else if ((key === "properties" || key === "patternProperties" || key === "definitions") && isJson(child))
      made[key] = Object.fromEntries(Object.entries(child).map(([name, one]) => [name, withReferences(one)]));
    else made[key] = withReferences(child);
  }
  return takesReference(made) ? referenceOr(made) : made;
}

function takesReference({ type, enum: words, const: word }: Json): boolean {
  return type === "number" || type === "integer" || type === "boolean" || words !== undefined || word !== undefined;
}

function referenceOr({ description, default: initial, ...rest }: Json): Json {
  const outer: Json = {};
  if (description !== undefined) outer["description"] = description;
  if (initial !== undefined) outer["default"] = initial;
  return { ...outer, anyOf: [rest, REFERENCE] };
}
