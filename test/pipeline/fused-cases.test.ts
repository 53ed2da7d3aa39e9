/** Rows of rules whose answer once depended on whether they were fused: found by fused.test.ts, kept small. */
import { describe, expect, it } from "vitest";
import type { ProcessorDefinition } from "../../src/pipeline/component.ts";
import { filter } from "../../src/processors/filter.ts";
import { redaction } from "../../src/processors/redaction.ts";
import { transform } from "../../src/processors/transform.ts";
import { judge, type Plain } from "../harness/judge.ts";
import type { Planned } from "./random-pipelines.ts";
import type { Tested } from "./random-requests.ts";
import { fusedly, oneByOne, type Result } from "./two-ways.ts";

const planned = <Config>(id: string, definition: ProcessorDefinition<Config>, settings: object): Planned => ({
  id: `${definition.id}/${id}`,
  definition: definition as unknown as ProcessorDefinition<never>, // the settings are parsed by its own schema
  settings,
});
const statements = (id: string, signal: "trace" | "metric" | "log", context: string, ...list: readonly string[]) =>
  planned(id, transform, { error_mode: "propagate", [`${signal}_statements`]: [{ context, statements: list }] });

const text = (key: string, value: string): Plain => ({ key, value: { stringValue: value } });
const record = (severityNumber: number): Plain => ({ severityNumber });
const logs = (...resourceLogs: readonly Plain[]): Plain => ({ resourceLogs });
const scopeOf = (name: string, ...logRecords: readonly Plain[]): Plain => ({ scope: { name }, logRecords });

async function both(signal: Tested, row: readonly Planned[], message: Plain): Promise<{ readonly fused: Result; readonly object: Plain | undefined }> {
  const bytes = judge(signal).encode(message);
  const fused = await fusedly(row, signal, bytes);
  const apart = await oneByOne(row, signal, bytes);
  const shown = ({ outcome, bytes: out, items, counts }: Result) => ({ outcome: outcome.kind, object: out && judge(signal).toObject(out), items, counts });
  expect(shown(fused)).toEqual(shown(apart));
  return { fused, object: fused.bytes && judge(signal).toObject(fused.bytes) };
}

describe("fused rules see what they would see one after the other", () => {
  it("what reads a resource on items does not see what a later rule on items wrote to it", async () => {
    const read = statements("read", "log", "log", 'set(log.attributes["n"], resource.attributes["n"])');
    const write = statements("write", "log", "log", 'set(resource.attributes["n"], log.severity_number)');
    const before = text("n", "before");
    const { object } = await both("logs", [read, write], logs({ resource: { attributes: [before] }, scopeLogs: [scopeOf("s", record(1), record(2))] }));
    expect(object).toEqual(
      logs({
        resource: { attributes: [{ key: "n", value: { intValue: "2" } }] },
        scopeLogs: [scopeOf("s", { severityNumber: 1, attributes: [before] }, { severityNumber: 2, attributes: [before] })],
      }),
    );
  });

  it("a filter that reads a resource on items does not see it either", async () => {
    const drop = planned("drop", filter, { log_conditions: ['resource.attributes["n"] == 1 and log.severity_number == 2'] });
    const write = statements("write", "log", "log", 'set(resource.attributes["n"], log.severity_number)');
    const { fused } = await both("logs", [drop, write], logs({ scopeLogs: [scopeOf("s", record(1), record(2))] }));
    expect(fused.items).toBe(2);
  });

  it("what a rule on scopes writes to the resource is not of scopes that a rule before it emptied", async () => {
    const drop = planned("drop", filter, { log_conditions: ["log.severity_number == 2"] });
    const write = statements("write", "log", "scope", 'set(resource.attributes["n"], scope.name)');
    const { object } = await both("logs", [drop, write], logs({ scopeLogs: [scopeOf("kept", record(1)), scopeOf("emptied", record(2))] }));
    expect(object).toEqual(logs({ resource: { attributes: [text("n", "kept")] }, scopeLogs: [scopeOf("kept", record(1))] }));
  });

  it("a rule on resources does not fail on one that a rule before it emptied", async () => {
    const drop = planned("drop", filter, { log_conditions: ["log.severity_number == 2"] });
    const fail = statements("fail", "log", "resource", 'set(resource.attributes["n"], Len(resource.attributes["n"]) + 1)');
    const number = { key: "n", value: { intValue: "1" } };
    const { fused } = await both(
      "logs",
      [drop, fail],
      logs(
        { resource: { attributes: [text("n", "four")] }, scopeLogs: [scopeOf("s", record(1))] },
        { resource: { attributes: [number] }, scopeLogs: [scopeOf("s", record(2))] },
      ),
    );
    expect(fused.outcome.kind).toBe("accepted");
  });

  it("a filter takes empty scopes and metrics with it, before a rule that rewrites metrics too", async () => {
    const drop = planned("drop", filter, { metric_conditions: ['datapoint.attributes["a"] == "x"'] });
    const merge = planned("merge", transform, { metric_statements: [{ context: "datapoint", statements: ["merge_histogram_buckets(1.0)"] }] });
    const dropMetric = planned("drop", filter, { metric_conditions: ['metric.name == "none"'] });
    const convert = planned("convert", transform, { metric_statements: [{ context: "metric", statements: ["convert_sum_to_gauge()"] }] });
    const kept = { name: "kept", gauge: { dataPoints: [{ asInt: "1" }] } };
    const message: Plain = { resourceMetrics: [{ scopeMetrics: [{ metrics: [kept, { name: "empty", gauge: {} }] }, { scope: { name: "empty" } }] }] };
    expect((await both("metrics", [drop, merge], message)).object).toEqual({ resourceMetrics: [{ scopeMetrics: [{ metrics: [kept] }] }] });
    expect((await both("metrics", [dropMetric, convert], message)).object).toEqual({
      resourceMetrics: [{ scopeMetrics: [{ metrics: [kept, { name: "empty", gauge: {} }] }] }],
    });
  });
});

describe("a processor whose steps lie in two walks", () => {
  const records = Array.from({ length: 5 }, (_, index) => record(index));
  const message = logs({ resource: { attributes: [text("a", "x")] }, scopeLogs: [scopeOf("s", ...records)] });
  const above = statements("above", "log", "log", 'set(resource.attributes["n"], log.severity_number)');

  it("counts what it took and passed on once", async () => {
    const groups = ["resource.attributes", "scope.attributes", "log.attributes"].map((path) => ({
      context: "log",
      statements: [`set(${path}["n"], log.severity_number)`],
    }));
    const { fused } = await both("logs", [planned("groups", transform, { log_statements: groups })], message);
    expect(fused.walks).toBe(3);
    expect(fused.counts).toEqual(
      ["incoming", "outgoing"].map((way) => `otelcol_processor_${way}_items[["otel.signal","logs"],["processor","transform/groups"]] 5`),
    );
  });

  it("counts what it dropped in each", async () => {
    const conditions = ["log.severity_number == 1", "log.severity_number == 2"];
    const dropping = planned("drop", filter, { log_conditions: [...conditions, 'scope.name == "none"'] });
    const redacting = planned("redact", redaction, { allow_all_keys: true });
    const { fused } = await both("logs", [above, dropping, above, redacting], message);
    expect(fused.items).toBe(3);
  });

  it("says nothing of what it would have passed on when a later walk of it fails", async () => {
    const groups = [
      { context: "log", statements: ['set(resource.attributes["n"], log.severity_number)'] },
      { context: "log", statements: ['set(log.attributes["n"], Len(log.severity_number))'] },
    ];
    const bytes = judge("logs").encode(message);
    const { outcome, counts } = await fusedly([planned("groups", transform, { error_mode: "propagate", log_statements: groups })], "logs", bytes);
    expect(outcome.kind).toBe("refused");
    const counted = (name: string) => counts.filter((count) => count.includes(name)).map((count) => Number(count.split(" ").at(-1)));
    expect(counted("incoming_items")).toEqual(counted("outgoing_items"));
  });
});
