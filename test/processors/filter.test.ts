import { describe, expect, it } from "vitest";
import { filter } from "../../src/processors/filter.ts";

/** What the schema says of these settings: `path: message`. */
function issuesOf(settings: unknown): string[] {
  return (filter.schema.safeParse(settings).error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

const SPAN = { match_type: "strict", span_names: ["a"] };
const METRIC = { match_type: "strict", metric_names: ["a"] };
const RECORD = { match_type: "strict", bodies: ["a"] };

describe("the forms of filter", () => {
  it("are taken one for each signal", () => {
    expect(
      issuesOf({
        traces: { span: ['name == "a"'] },
        metrics: { include: METRIC, exclude: METRIC },
        log_conditions: ['log.body == "a"'],
        profiles: { profile: ["original_payload_format == nil"] },
      }),
    ).toEqual([]);
    expect(issuesOf({ spans: { include: SPAN }, logs: { exclude: RECORD } })).toEqual([]);
  });

  it("are refused when one signal has two of them", () => {
    const said = (key: string) => `${key} says what to drop already`;
    expect(issuesOf({ trace_conditions: [], traces: { span: [] } })).toEqual([`traces: ${said("trace_conditions")}`]);
    expect(issuesOf({ trace_conditions: [], spans: { include: SPAN } })).toEqual([`spans: ${said("trace_conditions")}`]);
    expect(issuesOf({ traces: { resource: [] }, spans: { exclude: SPAN } })).toEqual([`spans: ${said("traces")}`]);
    expect(issuesOf({ metric_conditions: [], metrics: { include: METRIC } })).toEqual([`metrics: ${said("metric_conditions")}`]);
    expect(issuesOf({ log_conditions: [], logs: { exclude: RECORD } })).toEqual([`logs: ${said("log_conditions")}`]);
    expect(issuesOf({ profile_conditions: [], profiles: { resource: [] } })).toEqual([`profiles: ${said("profile_conditions")}`]);
    const both = "include and exclude cannot stand beside lists of conditions";
    expect(issuesOf({ metrics: { datapoint: [], exclude: METRIC } })).toEqual([`metrics: ${both}`]);
    expect(issuesOf({ logs: { log_record: [], include: RECORD } })).toEqual([`logs: ${both}`]);
  });

  it("say which pattern of the oldest one is none, under the key that was written", () => {
    const [name, attribute, body] = [
      issuesOf({ metrics: { include: { match_type: "regexp", metric_names: ["a", "("] } } }),
      issuesOf({ metrics: { exclude: { match_type: "regexp", resource_attributes: [{ key: "a", value: "[" }] } } }),
      issuesOf({ logs: { include: { match_type: "regexp", severity_texts: ["*"], record_attributes: [{ key: "a", value: "(?" }], bodies: ["\\"] } } }),
    ].map((issues) => issues.map((issue) => issue.replace(/: .*/, "")));
    expect(name).toEqual(["metrics.include.metric_names.1"]);
    expect(attribute).toEqual(["metrics.exclude.resource_attributes.0.value"]);
    expect(body?.toSorted()).toEqual(["logs.include.bodies.0", "logs.include.record_attributes.0.value", "logs.include.severity_texts.0"]);
  });

  it("need a match_type where the oldest one has texts to compare with", () => {
    expect(issuesOf({ logs: { include: { bodies: ["a"] } } })).toEqual(["logs.include.match_type: a match_type is needed: strict or regexp"]);
  });
});
