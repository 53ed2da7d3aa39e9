import { describe, expect, it } from "vitest";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { registry } from "./harness.ts";

describe("the JSON Schema", () => {
  const schema = configJsonSchema(registry);

  it("has every component under its id and its aliases", () => {
    expect(schema).toMatchObject({
      properties: {
        receivers: { patternProperties: { "^otlp(/.+)?$": { $ref: "#/definitions/receiver.otlp" } }, additionalProperties: false },
        exporters: {
          patternProperties: {
            "^otlp_http(/.+)?$": { $ref: "#/definitions/exporter.otlp_http" },
            "^otlphttp(/.+)?$": { $ref: "#/definitions/exporter.otlp_http" },
          },
        },
      },
      additionalProperties: false,
    });
  });

  it("has the extensions that are built in, and lets those pass that only the Collector has", () => {
    expect(schema).toMatchObject({
      properties: {
        extensions: { patternProperties: { "^file_storage(/.+)?$": { $ref: "#/definitions/extension.file_storage" } }, additionalProperties: true },
      },
      definitions: { "extension.file_storage": { properties: { directory: { type: "string", default: "/var" } } } },
    });
  });

  it("has descriptions, defaults and types, and lets a reference stand for a scalar", () => {
    expect(schema["definitions"]).toMatchObject({
      "exporter.otlp_http": {
        properties: {
          endpoint: { type: "string", description: "Where to." },
          compression: { default: "gzip", anyOf: [{ enum: ["gzip", "none"] }, { type: "string", pattern: String.raw`\$\{.+\}` }] },
        },
      },
      service: {
        properties: { pipelines: { patternProperties: { "^(traces|metrics|logs|profiles)(/.+)?$": { properties: { primary: { type: "string" } } } } } },
      },
    });
  });

  it("is plain JSON, without what is only ours", () => {
    const text = JSON.stringify(schema);
    expect(JSON.parse(text)).toEqual(schema);
    expect(text).not.toContain("sluiceKind");
  });
});
