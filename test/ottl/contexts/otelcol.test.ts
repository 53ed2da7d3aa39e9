/** `otelcol.*` by where a batch came from; what the Collector answers is in test/differential/cases/paths.ts. */
import { expect, it } from "vitest";
import { Cursor, type CursorOrigin } from "../../../src/otlp/cursor.ts";
import { LOG_CONTEXT } from "../../../src/ottl/contexts/contexts.ts";
import type { Tools } from "../../../src/ottl/contract.ts";
import { Subject } from "../../../src/ottl/subject.ts";
import { StatementError, type Value } from "../../../src/ottl/value.ts";
import { Scratch } from "../../../src/wire/scratch.ts";
import { EditScript } from "../../../src/wire/script.ts";
import { testEngine } from "../../harness/engine.ts";
import { constant, type Part, toolsOf } from "./scene.ts";

const engine = testEngine(16 << 20);
const subject = new Subject(new Cursor(engine.desk(new Scratch(engine.pool), new EditScript()), "logs"));
const from = (peer: string, headers: CursorOrigin["headers"] = {}): CursorOrigin => ({ peer, headers });

function operandOf(parts: readonly Part[], runtime: Tools["runtime"] = "test") {
  const segments = parts.map((one, offset) => {
    const [name, ...keys] = typeof one === "string" ? [one] : one;
    return { name, keys: keys.map(constant), offset };
  });
  const found = LOG_CONTEXT.path("otelcol", segments, { ...toolsOf(engine), runtime });
  if ("message" in found) throw new Error(found.message);
  return found;
}

/** The path's values for one batch after the other. */
function values(parts: readonly Part[], origins: readonly CursorOrigin[], runtime?: Tools["runtime"]): Value[] {
  const path = operandOf(parts, runtime);
  return origins.map((origin) => {
    subject.cursor.origin = origin;
    return path.get(subject);
  });
}

it("an address has no port, and is nil where the peer is not known", () => {
  const peers = ["127.0.0.1:51000", "::ffff:10.0.0.7:51000", "2001:db8::1:51000", ""].map((peer) => from(peer));
  expect(values(["client", "addr"], peers)).toEqual(["127.0.0.1", "10.0.0.7", "2001:db8::1", null]);
  expect(values(["client", "addr"], [from("2001:db8::1")], "workers")).toEqual(["2001:db8::1"]);
});

it("metadata is read of each batch anew", () => {
  const origins = [from("", { "x-tenant": "blue" }), from(""), from("", { "x-tenant": "red" })];
  expect(values(["client", ["metadata", "X-Tenant", 0n]], origins)).toEqual(["blue", null, "red"]);
  expect(values(["client", "metadata"], origins)).toEqual([new Map([["x-tenant", ["blue"]]]), new Map(), new Map([["x-tenant", ["red"]]])]);
});

it("gRPC's metadata is there where the request says that it is gRPC's", () => {
  const headers = { "x-tenant": "blue", "content-type": "application/grpc+proto" };
  expect(values(["grpc", ["metadata", "x-tenant"]], [from("", headers), from("", { "x-tenant": "blue" })])).toEqual([["blue"], null]);
  expect(values(["grpc", "metadata"], [from("", { "x-tenant": "blue" })])).toEqual([new Map()]);
});

it("nothing of it can be set", () => {
  for (const parts of [
    ["client", "addr"],
    ["client", ["metadata", "x"]],
    ["client", "auth", "attributes"],
    ["grpc", "metadata"],
  ] as const) {
    expect(() => operandOf(parts).set?.(subject, "x")).toThrow(StatementError);
  }
});
