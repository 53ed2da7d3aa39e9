/** What the attributes, span and redaction processors refuse, and the parts of them that need cases of their own. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import { attributes } from "../../src/processors/attributes.ts";
import { decimalText } from "../../src/processors/matching/decimal-text.ts";
import { redaction } from "../../src/processors/redaction.ts";
import { span } from "../../src/processors/span.ts";
import { field, of } from "../harness/bytes.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { build, faultsOf } from "./support.ts";

const actions = [{ key: "hit", action: "insert", value: true }];

function withSpan(one: Plain, resource: Plain = {}, scope: Plain = {}): Uint8Array {
  const ids = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(1) };
  return judge("traces").encode({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [{ ...ids, ...one }] }] }] });
}

const pair = (key: string, value: Plain): Plain => ({ key, value });

describe("include and exclude", () => {
  const bytes = withSpan(
    { name: "GET /x", kind: 2, attributes: [pair("a", { doubleValue: 1e21 }), pair("m", { kvlistValue: { values: [pair("k", { intValue: "1" })] } })] },
    { attributes: [pair("service.name", { intValue: "7" })] },
    { name: "lib", version: "1" },
  );
  it.each<[Record<string, unknown>, boolean]>([
    [{ match_type: "strict", span_names: ["GET /x"] }, true],
    [{ match_type: "strict", span_names: ["GET"] }, false],
    [{ match_type: "regexp", span_names: ["GET"] }, true],
    [{ match_type: "strict", span_kinds: ["SPAN_KIND_SERVER"] }, true],
    [{ match_type: "regexp", span_kinds: ["CLIENT|INTERNAL"] }, false],
    [{ match_type: "strict", services: ["7"] }, true],
    [{ match_type: "regexp", services: ["nil"] }, false],
    [{ match_type: "strict", libraries: [{ name: "lib", version: "1" }] }, true],
    [{ match_type: "strict", libraries: [{ name: "lib", version: "" }] }, false],
    [{ match_type: "strict", libraries: [{ name: "lib" }, { name: "other" }] }, false],
    [{ attributes: [{ key: "a" }] }, true],
    [{ attributes: [{ key: "b" }] }, false],
    [{ match_type: "regexp", attributes: [{ key: "a", value: "^10{21}$" }] }, true],
    [{ match_type: "strict", attributes: [{ key: "m", value: { k: 1 } }] }, true],
    [{ match_type: "strict", attributes: [{ key: "m", value: { k: 2 } }] }, false],
    [{ match_type: "strict", attributes: [{ key: "m", value: { k: 1, l: 1 } }] }, false],
  ])("%j: %j", (match, matching) => {
    expect(build(attributes, { include: match, actions }, "traces").run(bytes).changed).toBe(matching);
    expect(build(attributes, { exclude: match, actions }, "traces").run(bytes).changed).toBe(!matching);
  });

  it("takes a resource without a service for <nil-service-name>, as the Collector does", () => {
    const include = { match_type: "strict", services: ["<nil-service-name>"] };
    expect(build(attributes, { include, actions }, "traces").run(withSpan({ name: "x" })).changed).toBe(true);
  });

  it("sees what an action before it left", () => {
    const include = { attributes: [{ key: "hit" }] };
    const { run } = build(span, { include, status: { code: "Ok" } }, "traces");
    const marked = build(attributes, { actions }, "traces").run(withSpan({ name: "x" })).bytes;
    expect([run(withSpan({ name: "x" })).changed, run(marked).changed]).toEqual([false, true]);
  });

  it.each<[Signal, Record<string, unknown>, RegExp]>([
    ["traces", { match_type: "strict", log_bodies: ["x"] }, /"processors\.attributes\.include": log_bodies: not for traces/],
    ["traces", { match_type: "strict" }, /at least one of services, span_names/],
    ["logs", { match_type: "strict", span_names: ["x"] }, /span_names: not for logs/],
    ["metrics", { match_type: "strict", attributes: [{ key: "x" }] }, /attributes: not for metrics/],
  ])("%s refuses %j", (signal, include, message) => {
    expect(() => build(attributes, { include, actions }, signal)).toThrow(message);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ span_names: ["x"] }, "include.match_type: a match_type is needed: strict or regexp"],
    [{ match_type: "regexp", span_names: ["x", "("] }, 'include.span_names.1: the pattern has a "(" without its ")"'],
    [{ match_type: "regexp", attributes: [{ key: "a", value: 1 }] }, "include.attributes.0.value: the pattern is no text"],
    [{ match_type: "regexp", libraries: [{ name: "[" }] }, 'include.libraries.0.name: the pattern has a "[" without its "]"'],
    [{ attributes: [{ key: "" }] }, "include.attributes.0.key: the attribute needs a key"],
  ])("refuses %j", (include, message) => {
    expect(faultsOf(attributes, { include, actions })).toContain(message);
  });

  it("refuses an unknown kind of span, and an unknown way to match", () => {
    expect(faultsOf(attributes, { include: { match_type: "strict", span_kinds: ["SERVER"] }, actions })[0]).toMatch(
      /^include\.span_kinds\.0: no kind of span is "SERVER"/,
    );
    expect(faultsOf(attributes, { include: { match_type: "expr", metric_names: ["x"] }, actions })[0]).toMatch(/^include\.match_type: /);
  });
});

describe("doubles as decimal text", () => {
  it.each([
    [1e21, "1000000000000000000000"],
    [1.5e22, "15000000000000000000000"],
    [-2.5e-7, "-0.00000025"],
    [0.1, "0.1"],
    [-0, "-0"],
    [NaN, "NaN"],
    [Infinity, "+Inf"],
    [-Infinity, "-Inf"],
  ])("%j: %s", (value, text) => {
    expect(decimalText(value)).toBe(text);
  });
});

describe("span", () => {
  const named = (name: string, rules: readonly string[]) => {
    const out = judge("traces").toObject(build(span, { name: { to_attributes: { rules } } }, "traces").run(withSpan({ name })).bytes);
    const text = JSON.stringify(out);
    return {
      name: /"name":"([^"]*)"/.exec(text)?.[1],
      found: [...text.matchAll(/"key":"([^"]*)","value":\{"stringValue":"([^"]*)"/g)].map(([, key, value]) => `${key}=${value}`),
    };
  };

  it("leaves the name alone where a group took no part, or lies in another", () => {
    expect(named("/a/1", ["^/(?P<x>b)?(?P<y>a)"])).toEqual({ name: "/{y}/1", found: ["x=", "y=a"] });
    expect(named("/a/1", ["^/(?P<x>a/(?P<y>1))"])).toEqual({ name: "/{x}", found: ["x=a/1", "y=1"] });
    expect(named("/é/1", ["^/(?P<x>[^/]+)"])).toEqual({ name: "/{x}/1", found: ["x=é"] });
  });

  it("keeps what it does not know of a status", () => {
    // Message, a varint in field 9, code.
    const status = field(15, field(2, "a"), of(0x48, 5), of(0x18, 2));
    const one = field(2, field(1, new Uint8Array(16).fill(1)), field(2, new Uint8Array(8).fill(1)), status);
    const { bytes } = build(span, { status: { code: "Ok" } }, "traces").run(field(1, field(2, one)));
    expect(bytes.slice(-6)).toEqual(of(0x7a, 4, 0x48, 5, 0x18, 1));
  });

  it.each<[Record<string, unknown>, string]>([
    [{}, ": nothing to do: name.from_attributes, name.to_attributes.rules or status is needed"],
    [{ status: { code: "Ok", description: "x" } }, "status.description: only Error takes a description"],
    [{ name: { to_attributes: { rules: ["(?=x)"] } } }, "name.to_attributes.rules.0: the pattern uses lookaround, which the Collector does not have either"],
  ])("refuses %j", (settings, message) => {
    expect(faultsOf(span, settings)).toContain(message);
  });
});

describe("redaction of bodies", () => {
  const record = (body: Plain | undefined): Uint8Array =>
    judge("logs").encode({ resourceLogs: [{ scopeLogs: [{ logRecords: [body === undefined ? { severityNumber: 9 } : { body }] }] }] });
  const after = (settings: Record<string, unknown>, body: Plain | undefined) => {
    const object = judge("logs").toObject(build(redaction, settings, "logs").run(record(body)).bytes);
    return JSON.stringify(object);
  };
  const map = (...values: Plain[]): Plain => ({ kvlistValue: { values } });

  it("goes through maps and lists, and names what it found by its path", () => {
    const body = map(pair("a", map(pair("b", { stringValue: "secret" }), pair("c", { arrayValue: { values: [{ intValue: "4" }, { stringValue: "ok" }] } }))));
    const text = after({ allow_all_keys: true, blocked_values: ["secret", "4"], summary: "debug" }, body);
    expect(text).toContain('"stringValue":"a.b,a.c.[0]"');
    expect(text).not.toMatch(/secret|"intValue":"4"/);
    expect(text).toContain('{"stringValue":"ok"}');
  });

  it("removes and masks by key, and sets a value where there was none", () => {
    const body = map(pair("drop", { stringValue: "x" }), { key: "password" }, pair("keep", { boolValue: true }));
    const text = after({ allowed_keys: ["password", "keep"], blocked_key_patterns: ["pass"], summary: "info" }, body);
    expect(text).toContain('{"key":"password","value":{"stringValue":"****"}},{"key":"keep","value":{"boolValue":true}}');
    expect(text).not.toContain("drop");
  });

  it("masks every line of a value, and an absent body that a pattern matches", () => {
    expect(after({ allow_all_keys: true, blocked_key_patterns: ["k"] }, map(pair("k", { stringValue: "a\nb\n" })))).toContain('"****\\n****\\n****"');
    expect(after({ allow_all_keys: true, blocked_values: ["^$"] }, undefined)).toContain('"body":{"stringValue":"****"}');
  });

  it("changes no byte where there is nothing to redact", () => {
    const { run } = build(redaction, { allow_all_keys: true, blocked_values: ["secret"] }, "logs");
    expect(run(record(map(pair("a", { stringValue: "x" })))).changed).toBe(false);
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ hash_function: "hmac-sha256", hmac_key: "é".repeat(15) }, /^hmac_key: hmac-sha256 needs a key of 32 bytes or more/],
    [{ hash_function: "hmac-sha512", hmac_key: "x".repeat(63) }, /^hmac_key: hmac-sha512 needs a key of 64 bytes or more/],
    [{ db_sanitizer: { oracle: { enabled: true } } }, /^db_sanitizer.*oracle/],
    [{ blocked_values: ["a", "("] }, /^blocked_values\.1: the pattern has a "\("/],
  ])("refuses %j", (settings, message) => {
    expect(faultsOf(redaction, settings)[0]).toMatch(message);
  });
});
