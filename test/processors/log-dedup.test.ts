/** log_dedup: what is the same, what is written, fields, conditions, time zones, tenants and bounds. */
import { describe, expect, it } from "vitest";
import type { Block } from "../../src/base/pool.ts";
import { loadConfig } from "../../src/config/load.ts";
import { validateBuiltIn } from "../../src/config/registry.ts";
import { logDedup } from "../../src/processors/log-dedup.ts";
import type { Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { ACCEPTED, atMs, envelopeOf, label, LATER, rigOf } from "./stage-rig.ts";
import { faultsOf } from "./support.ts";

const rig = (settings: object = {}) => rigOf(logDedup, "logs", settings);
const logs = (...logRecords: readonly Plain[]): Plain => ({
  resourceLogs: [{ resource: { attributes: [label("r", "1")] }, scopeLogs: [{ scope: { name: "s" }, logRecords }] }],
});
const record = (text: string, more: Plain = {}): Plain => ({
  timeUnixNano: "5",
  severityNumber: 9,
  severityText: "INFO",
  body: { stringValue: text },
  ...more,
});
const records = (requests: readonly Plain[]) =>
  requests.flatMap((request) => list(request, "resourceLogs").flatMap((group) => list(group, "scopeLogs").flatMap((scope) => list(scope, "logRecords"))));
const attributes = (one: Plain) => Object.fromEntries(list(one, "attributes").map(({ key, value }) => [key, Object.values(value as Plain)[0]]));
const map = (...values: readonly Plain[]): Plain => ({ kvlistValue: { values } });

async function counted(settings: object, ...sent: readonly Plain[]) {
  const one = rig(settings);
  for (const request of sent) await one.send(request);
  await one.clock.advance(10_000);
  return { one, out: records(one.out()) };
}

describe("what is the same", () => {
  it("has body, severity, attributes in any order, scope and resource alike", async () => {
    const [a, b] = [label("a", "1"), label("b", "2")];
    const { one, out } = await counted(
      {},
      logs(record("x", { attributes: [a, b] }), record("x", { attributes: [b, a], timeUnixNano: "9", traceId: new Uint8Array(16).fill(1) })),
      logs(record("x", { attributes: [a, b] }), record("y")),
    );
    expect(out.map((found) => attributes(found)["log_count"])).toEqual(["3", "1"]);
    expect(one.books()).toEqual({ taken: 4, out: 2, dropped: 0, held: 0, folded: 2, created: 0 });
  });

  it.each<[string, Plain]>([
    ["body", record("y")],
    ["type of the body", record("x", { body: { bytesValue: new Uint8Array([120]) } })],
    ["severity number", record("x", { severityNumber: 10 })],
    ["severity text", record("x", { severityText: "WARN" })],
    ["attributes", record("x", { attributes: [label("a", "1")] })],
  ])("not with another %s", async (_, other) => {
    const { out } = await counted({}, logs(record("x"), other));
    expect(out).toHaveLength(2);
  });

  it("not in another scope or resource", async () => {
    const other = { resourceLogs: [{ scopeLogs: [{ scope: { name: "s", version: "2" }, logRecords: [record("x")] }, { logRecords: [record("x")] }] }] };
    const { out } = await counted({}, logs(record("x")), other);
    expect(out).toHaveLength(3);
  });

  it("has maps in any order alike", async () => {
    const [a, b] = [label("a", "1"), label("b", "2")];
    const { out } = await counted({}, logs(record("", { body: map(a, b) }), record("", { body: map(b, a) })));
    expect(out).toHaveLength(1);
  });
});

describe("what is written", () => {
  it("is the first record, with the count and the times of the first and the last", async () => {
    const one = rig({ log_count_attribute: "n", timezone: "Asia/Kolkata" });
    await one.send(logs(record("x", { attributes: [label("n", "old"), label("k", "v")], eventName: "e", droppedAttributesCount: 2 })));
    await one.clock.advance(2000);
    await one.send(logs(record("x", { attributes: [label("k", "v"), label("n", "old")] })));
    await one.clock.advance(8000);
    const [found] = records(one.out());
    expect(found).toMatchObject({ eventName: "e", droppedAttributesCount: 2, timeUnixNano: atMs(10_000), observedTimeUnixNano: atMs(0) });
    expect(attributes(found ?? {})).toEqual({
      n: "2",
      k: "v",
      first_observed_timestamp: "2023-11-15T03:43:20+05:30",
      last_observed_timestamp: "2023-11-15T03:43:22+05:30",
    });
  });

  it.each([
    ["UTC", "2023-11-14T22:13:20Z"],
    ["", "2023-11-14T22:13:20Z"],
    ["Europe/London", "2023-11-14T22:13:20Z"],
    ["America/St_Johns", "2023-11-14T18:43:20-03:30"],
  ])("in the time zone %j", async (timezone, expected) => {
    const { out } = await counted({ timezone }, logs(record("x")));
    expect(attributes(out[0] ?? {})["first_observed_timestamp"]).toBe(expected);
  });
});

describe("fields", () => {
  it("left out are removed before records are compared", async () => {
    const body = (time: string) => record("", { body: map(label("time", time), { key: "in", value: map(label("deep", time), label("kept", "1")) }) });
    const settings = { exclude_fields: ["body.time", "body.in.deep", "attributes.host\\.name", "attributes.absent.x"] };
    const { out } = await counted(
      settings,
      logs(
        { ...body("1"), attributes: [label("host.name", "a"), label("absent", "text")] },
        { ...body("2"), attributes: [label("absent", "text"), label("host.name", "b")] },
      ),
    );
    expect(out).toHaveLength(1);
    expect(out[0]?.["body"]).toEqual(map({ key: "in", value: map(label("kept", "1")) }));
    expect(attributes(out[0] ?? {})).toMatchObject({ absent: "text", log_count: "2" });
  });

  it("left out may be all attributes", async () => {
    const { out } = await counted({ exclude_fields: ["attributes"] }, logs(record("x", { attributes: [label("a", "1")] }), record("x")));
    expect(out).toHaveLength(1);
  });

  it("named alone decide; of a record without any of them, everything does", async () => {
    const { out } = await counted(
      { include_fields: ["attributes.id", "body.user.name"] },
      logs(
        record("x", { attributes: [label("id", "1")] }),
        record("y", { attributes: [label("id", "1"), label("more", "2")] }),
        record("", { body: map({ key: "user", value: map(label("name", "n")) }) }),
        record("", { severityNumber: 1, body: map({ key: "user", value: map(label("name", "n"), label("age", "3")) }) }),
        record("x"),
        record("y"),
      ),
    );
    expect(out.map((found) => attributes(found)["log_count"])).toEqual(["2", "2", "1", "1"]);
  });
});

describe("conditions", () => {
  const numbered = (id: number, more: Plain = {}) => record("x", { attributes: [{ key: "id", value: { intValue: String(id) } }], ...more });
  const bodies = (found: readonly Plain[]) => found.map(({ body }) => Object.values(body as Plain)[0]);

  it.each([
    [['log.attributes["id"] == 1']],
    [['attributes["id"] == 1']],
    [['attributes["id"] == 7', 'log.attributes["id"] == 1 and resource.attributes["r"] == "1" and scope.name == "s"']],
  ])("%j: what one of them holds for is counted, others pass at once, as they came", async (conditions) => {
    const one = rig({ conditions });
    await one.send(logs(numbered(1), numbered(2), numbered(1), numbered(2)));
    const [passed] = one.out();
    expect(passed).toEqual(logs(numbered(2), numbered(2)));
    expect(one.books()).toEqual({ taken: 4, out: 2, dropped: 0, held: 1, folded: 1, created: 0 });
    await one.clock.advance(10_000);
    const out = records(one.out());
    expect(out.map((found) => attributes(found))).toMatchObject([{ id: "1", log_count: "2" }]);
    expect(one.books()).toEqual({ taken: 4, out: 3, dropped: 0, held: 0, folded: 1, created: 0 });
  });

  it("are asked of each record in its scope and resource, whatever is around it and in front of it", async () => {
    const group = (name: string, ...scopes: readonly string[]): Plain => ({
      resource: { attributes: [label("r", name)] },
      schemaUrl: `r/${name}`,
      scopeLogs: scopes.map((scope) => ({ scope: { name: scope }, schemaUrl: scope, logRecords: [record(`${name}${scope}1`), record(`${name}${scope}2`)] })),
    });
    const one = rig({ conditions: ['resource.attributes["r"] == "b" and scope.name == "y"', 'body == "cz2"'] });
    const request = { resourceLogs: [group("a", "y"), { resource: { attributes: [label("r", "b")] } }, group("b", "x", "y"), group("c", "y", "z")] };
    await one.send(request);
    const [passed] = one.out();
    expect(bodies(records([passed ?? {}]))).toEqual(["ay1", "ay2", "bx1", "bx2", "cy1", "cy2", "cz1"]);
    expect(list(passed, "resourceLogs").map(({ schemaUrl, scopeLogs }) => [schemaUrl, list({ scopeLogs }, "scopeLogs").length])).toEqual([
      ["r/a", 1],
      [undefined, 0],
      ["r/b", 1],
      ["r/c", 2],
    ]);
    await one.clock.advance(10_000);
    expect(bodies(records(one.out()))).toEqual(["by1", "by2", "cz2"]);
  });

  it("that hold for none pass the request as it came; for all, nothing passes", async () => {
    const [none, all] = [rig({ conditions: ["false"] }), rig({ conditions: ["true"] })];
    await none.send(logs(numbered(1)));
    await all.send(logs(numbered(1)));
    expect([none.passed.map(({ checked }) => checked), none.books().held]).toEqual([[true], 0]);
    expect([all.passed, all.books().held]).toEqual([[], 1]);
  });

  it("see the record with what exclude_fields take out of it", async () => {
    const one = rig({ conditions: ['attributes["id"] == 1'], exclude_fields: ["attributes.id"] });
    await one.send(logs(numbered(1), numbered(2)));
    expect(records(one.out())).toEqual([numbered(2)]);
    await one.clock.advance(10_000);
    expect(records(one.out()).map((found) => attributes(found)["id"])).toEqual([undefined]);
  });

  it("let a record pass on which one of them fails, whatever the next one says, and tell of it once in ten seconds", async () => {
    const one = rig({ conditions: ['ParseJSON(body)["id"] == 1.0', "true"] });
    const json = record('{"id": 2}');
    await one.send(logs(record("not JSON"), json, record("{"), json));
    await one.send(logs(record("[")));
    expect(bodies(records(one.out()))).toEqual(["not JSON", "{", "["]);
    expect(one.log.filter((line) => line.startsWith("error"))).toHaveLength(1);
    expect(one.log[0]).toMatch(/^error Cannot test condition .*ParseJSON.*"processor":"log_dedup\/test"/);
    await one.clock.advance(10_000);
    expect(records(one.out()).map((found) => attributes(found)["log_count"])).toEqual(["2"]);
    await one.send(logs(record("[")));
    expect(one.log.filter((line) => line.startsWith("error"))).toHaveLength(2);
  });

  it("hold nothing of a request whose rest was not taken", async () => {
    const one = rig({ conditions: ['attributes["id"] == 1'] });
    one.answer = () => LATER;
    expect(await one.send(logs(numbered(1), numbered(2)))).toMatchObject({ kind: "retry" });
    expect(one.books().held).toBe(0);
    // The rest has been counted on its way.
    expect(one.total("sluice_processor_refused_items")).toBe(1);
  });

  it("give back what they took of the pool, and have a request sent again when there is no room in it", async () => {
    const one = rig({ conditions: ["true"] });
    await one.send(logs(numbered(1)));
    expect(one.engine.pool.blocks).toBe(0);
    const envelope = envelopeOf(one.engine, "logs", logs(numbered(2)));
    const taken: Block[] = [];
    for (let block = one.engine.pool.take(1); block !== undefined; block = one.engine.pool.take(1)) taken.push(block);
    expect(await one.stage.consume(envelope, one.next)).toMatchObject({ kind: "retry" });
    for (const block of taken) block.release();
    expect(await one.stage.consume(envelope, one.next)).toEqual(ACCEPTED);
  });

  it("are told with line and column when they are no conditions", async () => {
    const yaml = [
      "receivers: {otlp: {protocols: {http: {}}}}",
      "exporters: {debug: {}}",
      "processors:",
      "  log_dedup:",
      "    conditions:",
      '      - attributes["id"] == 1',
      `      - 'IsMach(body, "x")'`,
      "service: {pipelines: {logs: {receivers: [otlp], processors: [log_dedup], exporters: [debug]}}}",
    ].join("\n");
    const loaded = await loadConfig({ configs: [`yaml:${yaml}`] }, { env: () => undefined, readFile: () => Promise.reject(new Error("No files")) });
    const { problems } = await validateBuiltIn(loaded);
    expect(problems.map(({ where, message }) => `${where?.line}:${where?.column} ${message}`)).toEqual([
      expect.stringMatching(/^7:10 .*log_dedup\.conditions\[1\].*IsMach/),
    ]);
  });
});

describe("settings", () => {
  it.each<[object, string]>([
    [{ interval: "0s" }, "interval: interval must be more than 0"],
    [{ log_count_attribute: "" }, "log_count_attribute: log_count_attribute must be set"],
    [{ timezone: "Mars/Base" }, "timezone: there is no such time zone: write a name like Europe/London"],
    [{ exclude_fields: ["body"] }, "exclude_fields.0: the whole body cannot be meant: name a field of it, for example body.time"],
    [{ exclude_fields: ["severity"] }, 'exclude_fields.0: "severity" must begin with body or attributes'],
    [{ include_fields: ["body.a", "body.a"] }, 'include_fields.1: "body.a" is there twice'],
    [{ include_fields: ["body.a"], exclude_fields: ["body.b"] }, "include_fields: include_fields and exclude_fields cannot be used together"],
    [{ metadata_keys: ["a", "A"] }, 'metadata_keys.1: "a" is there twice, in any case'],
  ])("refuses %j", (settings, fault) => {
    expect(faultsOf(logDedup, settings)).toEqual([fault]);
  });
});

describe("origins and bounds", () => {
  it("counts tenants and headers apart, and refuses one combination more than the limit", async () => {
    const one = rig({ metadata_keys: ["X-Scope"], metadata_cardinality_limit: 2 });
    for (const scope of ["a", "b", "a"]) expect(await one.send(logs(record("x")), { headers: { "x-scope": scope, other: "1" } })).toEqual(ACCEPTED);
    expect(await one.send(logs(record("x")), { headers: { "x-scope": "c" } })).toMatchObject({ kind: "refused" });
    await one.clock.advance(10_000);
    expect(one.passed.map(({ origin }) => origin.headers)).toEqual([{ "x-scope": "a" }, { "x-scope": "b" }]);
    expect(records(one.out()).map((found) => attributes(found)["log_count"])).toEqual(["2", "1"]);
  });

  it("takes max_entries records, and answers 503 to one more; those that it has may come again", async () => {
    const one = rig({ max_entries: 2 });
    expect(await one.send(logs(record("a"), record("b")))).toEqual(ACCEPTED);
    expect(await one.send(logs(record("c")))).toMatchObject({ kind: "retry" });
    expect(await one.send(logs(record("a"), record("b"), record("a")))).toEqual(ACCEPTED);
    expect(one.books()).toMatchObject({ taken: 5, held: 2, folded: 3 });
  });

  it("counts what nobody took as dropped", async () => {
    const one = rig();
    one.answer = () => LATER;
    await one.send(logs(record("a"), record("a")));
    await one.clock.advance(10_000);
    expect(one.books()).toEqual({ taken: 2, out: 0, dropped: 1, held: 0, folded: 1, created: 0 });
  });
});
