/** set_semconv_span_name. */
import { describe, expect, it } from "vitest";
import { encodeKeyValue, type Plain as Value } from "../../../src/otlp/any-value.ts";
import { BuildError } from "../../../src/ottl/contract.ts";
import { Subject } from "../../../src/ottl/subject.ts";
import { TRANSFORM_SPAN_FUNCTIONS } from "../../../src/processors/transform/span-functions.ts";
import { judgeOf, type Plain } from "../../harness/judge.ts";
import { built, named } from "../../ottl/functions/harness.ts";
import { spans, walk } from "../../ottl/functions/walk.ts";

const SERVER = 2;
const CLIENT = 3;
const PRODUCER = 4;
const CONSUMER = 5;

const keyValue = judgeOf("opentelemetry.proto.common.v1.KeyValue");

function renamed(kind: number, attributes: Readonly<Record<string, Value>>, args: Readonly<Record<string, unknown>> = {}): Plain {
  const run = built(named(TRANSFORM_SPAN_FUNCTIONS, "set_semconv_span_name"), { semconv_version: "1.37.0", ...args });
  const span = { name: "old", kind, attributes: Object.entries(attributes).map(([key, value]) => keyValue.toObject(encodeKeyValue(key, value))) };
  return spans(walk([span], (cursor) => run(new Subject(cursor))))[0] ?? {};
}

it.each<[number, Readonly<Record<string, Value>>, string]>([
  [SERVER, { "http.request.method": "GET", "http.route": "/u/:id" }, "GET /u/:id"],
  [SERVER, { "http.method": "GET", "url.template": "/u" }, "GET"],
  [CLIENT, { "http.request.method": "GET", "url.template": "/u" }, "GET /u"],
  [SERVER, { "rpc.system.name": "grpc", "rpc.service": "S", "rpc.method": "M" }, "S/M"],
  [CLIENT, { "rpc.system": "grpc", "rpc.grpc.service": "S" }, "S/*"],
  [CLIENT, { "rpc.system": "grpc", "rpc.method": "M" }, "M"],
  [CLIENT, { "rpc.system": "grpc" }, "grpc"],
  [CLIENT, { "db.system.name": "pg", "db.query.summary": "SELECT t" }, "SELECT t"],
  [CLIENT, { "db.system": "pg", "db.operation": "SELECT", "db.name": "n", "db.collection.name": "t" }, "SELECT n.t"],
  [CLIENT, { "db.system": "pg", "db.stored_procedure.name": "p" }, "p"],
  [CLIENT, { "db.system": "pg", "server.address": "h", "server.port": 5432n }, "h:5432"],
  [CLIENT, { "db.system": "pg" }, "pg"],
  [SERVER, { "db.system": "pg" }, "old"],
  [PRODUCER, { "messaging.system": "kafka", "messaging.operation.name": "send", "messaging.destination.name": "t" }, "send t"],
  [CONSUMER, { "messaging.system": "kafka", "messaging.destination": "t" }, "t"],
  [CONSUMER, { "messaging.system": "kafka", "messaging.operation": "process", "messaging.destination.temporary": true }, "process (temporary)"],
  [CONSUMER, { "messaging.system": "kafka", "messaging.destination.temporary": "true", "messaging.destination.anonymous": true }, "(anonymous)"],
  [CONSUMER, { "messaging.system": "kafka", "messaging.destination.template": "t/{}", "messaging.destination.name": "t/1" }, "t/{}"],
  [CONSUMER, { "messaging.system": "kafka" }, "kafka"],
  [PRODUCER, { "http.method": "GET" }, "old"],
  [1, { "http.method": "GET" }, "old"],
  [SERVER, { "http.method": "", "rpc.system": "grpc" }, "grpc"],
])("kind %s with %o is called %s", (kind, attributes, name) => {
  expect(renamed(kind, attributes)["name"]).toBe(name);
});

describe("the original name", () => {
  const http = { "http.method": "GET" };

  it("is kept in the attribute, in the place of what was there", () => {
    expect(renamed(SERVER, http, { original_span_name_attribute: "was" })["attributes"]).toEqual([
      { key: "http.method", value: { stringValue: "GET" } },
      { key: "was", value: { stringValue: "old" } },
    ]);
    expect(renamed(SERVER, { was: 1n, ...http }, { original_span_name_attribute: "was" })["attributes"]).toMatchObject([
      { key: "was", value: { stringValue: "old" } },
      { key: "http.method" },
    ]);
  });

  it("is not kept when it stays", () => {
    expect(renamed(SERVER, {}, { original_span_name_attribute: "was" })["attributes"] ?? []).toEqual([]);
  });
});

describe("versions of the conventions", () => {
  it.each(["1.37.0", "v1.37", "1.40.2", "1.43.0", "1.43.0-rc.1"])("%s is known", (version) => {
    expect(renamed(SERVER, {}, { semconv_version: version })["name"]).toBe("old");
  });

  it.each(["1.36.9", "1.37.0-alpha", "1.43.1", "1.44.0", "2.37.0", "x", "1.x", ""])("%j is not", (version) => {
    expect(() => renamed(SERVER, {}, { semconv_version: version })).toThrow(BuildError);
  });

  it("an attribute without a name is refused", () => {
    expect(() => renamed(SERVER, {}, { original_span_name_attribute: "" })).toThrow(BuildError);
  });
});
