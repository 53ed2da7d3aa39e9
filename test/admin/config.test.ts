/** `service.telemetry` as the Collector writes it: what is taken, what is told, what is refused. */
import { describe, expect, test } from "vitest";
import type { TelemetryConfig } from "../../src/config/service.ts";
import { labelsOf, pushesOf, resourceOf, scrapesOf } from "../../src/runtimes/node/admin/settings.ts";
import { GOOD, shown, validate } from "../config/harness.ts";

/** Below `service.telemetry`, on line 17. */
const written = (telemetry: string) => validate(`${GOOD}  telemetry: {${telemetry}}\n`);

async function parsed(telemetry: string): Promise<TelemetryConfig> {
  const { plan, problems } = await written(telemetry);
  expect(problems.map(shown)).toEqual([]);
  if (plan?.telemetry === undefined) throw new Error("No plan");
  return plan.telemetry;
}

async function scrapes(metrics: string) {
  const telemetry = await parsed(`metrics: {${metrics}}`);
  return scrapesOf(telemetry.metrics, resourceOf(telemetry.resource));
}

const DEFAULTS = { withoutTypeSuffix: true, withoutUnits: true, constantLabels: {} };

describe("who asks", () => {
  test("Prometheus at localhost:8888 by default, whatever the level", async () => {
    const scrape = { key: "service.telemetry.metrics", hostname: "localhost", port: 8888, byDefault: true, text: DEFAULTS };
    for (const metrics of ["", "level: basic", "level: Normal", "level: DETAILED"]) expect(await scrapes(metrics)).toEqual([scrape]);
  });

  test("nobody with level none", async () => {
    expect(await scrapes("level: none")).toEqual([]);
    expect(await scrapes("level: none, readers: []")).toEqual([]);
    expect(await scrapes("level: None, readers: [{pull: {exporter: {prometheus: {host: localhost, port: 1}}}}]")).toEqual([]);
  });

  test("each reader, with the Collector's defaults where a key is left out", async () => {
    const [first, second] = await scrapes(
      "readers: [{pull: {exporter: {prometheus: {host: '[::1]', port: 9}}}}, {pull: {exporter: {prometheus: {host: 0.0.0.0, port: 10, without_type_suffix: false, without_units: false, without_scope_info: false, with_resource_constant_labels: {excluded: [service.instance.id]}}}}}]",
    );
    expect(first).toEqual({ key: "service.telemetry.metrics.readers[0]", hostname: "::1", port: 9, byDefault: false, text: DEFAULTS });
    expect(second?.text).toEqual({
      withoutTypeSuffix: false,
      withoutUnits: false,
      constantLabels: {
        "service.name": "sluice",
        "service.version": "0.1.0",
        otel_scope_name: "sluice",
        otel_scope_version: "0.1.0",
        otel_scope_schema_url: "",
      },
    });
  });

  test("only attributes that are included are labels, and no pattern", async () => {
    const labels = async (lists: string) =>
      (await scrapes(`readers: [{pull: {exporter: {prometheus: {host: a, port: 9, with_resource_constant_labels: ${lists}}}}}]`))[0]?.text.constantLabels;
    expect(await labels("{included: [service.name]}")).toEqual({ "service.name": "sluice" });
    expect(await labels("{included: ['service*']}")).toEqual({});
    expect(Object.keys((await labels("{}")) ?? {})).toEqual(["service.name", "service.version", "service.instance.id"]);
  });
});

describe("who is told", () => {
  const otlp = (keys: string, periodic = "") => `metrics: {readers: [{periodic: {${periodic}exporter: {otlp: {${keys}}}}}]}`;
  const pushes = async (text: string) => pushesOf((await parsed(text)).metrics);

  test("every minute by default, at OTLP's path where the endpoint has none", async () => {
    expect(await pushes(otlp("protocol: http/protobuf, endpoint: 'http://localhost:4318'"))).toEqual([
      {
        key: "service.telemetry.metrics.readers[0]",
        intervalMs: 60_000,
        timeoutMs: 10_000,
        url: "http://localhost:4318/v1/metrics",
        encoding: "proto",
        compression: "none",
        headers: {},
        tls: {},
      },
    ]);
  });

  test.each([
    ["endpoint: 'http://a:1/custom/path'", "http://a:1/custom/path"],
    ["endpoint: 'http://a:1/'", "http://a:1/"],
    ["endpoint: 'a:1', insecure: true", "http://a:1/v1/metrics"],
    ["endpoint: 'a:1'", "https://a:1/v1/metrics"],
  ])("%s", async (keys, url) => {
    expect((await pushes(otlp(`protocol: http/protobuf, ${keys}`)))[0]?.url).toBe(url);
  });

  test("with everything that the Collector has", async () => {
    const keys = `protocol: http/json, endpoint: 'https://a', compression: gzip, timeout: 500, headers: [{name: x-a, value: b}], headers_list: 'x-a=lost,x-c=d%20e', certificate: ca, client_certificate: cert, client_key: key`;
    expect((await pushes(otlp(keys, "interval: 1000, timeout: 300, ")))[0]).toMatchObject({
      intervalMs: 1000,
      timeoutMs: 300,
      encoding: "json",
      compression: "gzip",
      headers: { "x-a": "b", "x-c": "d e" },
      tls: { ca_file: "ca", cert_file: "cert", key_file: "key" },
    });
    expect((await pushes(otlp("protocol: http/protobuf, endpoint: 'https://a', headers: {x-a: b}")))[0]?.headers).toEqual({ "x-a": "b" });
  });
});

describe("the resource", () => {
  const attributes = async (resource: string) => Object.fromEntries(resourceOf((await parsed(`resource: ${resource}`)).resource).attributes);

  test("has a name, a version and an id of its own", async () => {
    const [one, other] = [await attributes("{}"), await attributes("{}")];
    expect(one).toMatchObject({ "service.name": "sluice", "service.version": "0.1.0", "service.instance.id": expect.stringMatching(/^[\da-f-]{36}$/) });
    expect(one["service.instance.id"]).not.toBe(other["service.instance.id"]);
  });

  test("in the older form: null takes one away", async () => {
    expect(await attributes("{service.name: gw, service.instance.id: null, env: prod}")).toEqual({
      "service.name": "gw",
      "service.version": "0.1.0",
      env: "prod",
    });
  });

  test("in the newer form, typed", async () => {
    const made = await attributes("{attributes: [{name: service.name, value: gw}, {name: n, value: 3}, {name: list, value: [a, true]}], schema_url: x}");
    expect(made).toMatchObject({ "service.name": "gw", n: 3n, list: ["a", true] });
    expect(labelsOf(new Map(Object.entries(made)))).toMatchObject({ "service.name": "gw", n: "3", list: '["a",true]' });
  });
});

test("the time that a destination may fail for", async () => {
  expect((await parsed("")).health.failing_after).toBe(300_000);
  expect((await parsed("health: {failing_after: 30s}")).health.failing_after).toBe(30_000);
});

test.each([
  ["metrics: {views: [{}], level: detailed}", ["17:25 service.telemetry.metrics.views is not in force: views are not applied"]],
  [
    "metrics: {readers: [{periodic: {exporter: {console: {}}}}]}",
    ["17:58 service.telemetry.metrics.readers[0].periodic.exporter.console is not in force: own metrics are not printed"],
  ],
  [
    "metrics: {readers: [{producers: [], periodic: {exporter: {otlp: {protocol: grpc, endpoint: 'a:1', temporality_preference: delta}}}}]}",
    [
      "17:36 service.telemetry.metrics.readers[0].producers is not in force: other producers are not asked",
      "17:80 service.telemetry.metrics.readers[0].periodic.exporter.otlp.protocol is not in force: own metrics are not pushed over gRPC: use http/protobuf",
      "17:113 service.telemetry.metrics.readers[0].periodic.exporter.otlp.temporality_preference is not in force: sums count from the start",
    ],
  ],
  [
    "metrics: {readers: [{periodic: {exporter: {otlp: {protocol: http/protobuf, endpoint: 'a:1', default_histogram_aggregation: base2_exponential_bucket_histogram}}}}]}",
    ["17:107 service.telemetry.metrics.readers[0].periodic.exporter.otlp.default_histogram_aggregation is not in force: histograms have explicit bounds"],
  ],
  [
    "metrics: {readers: [{periodic: {exporter: {otlp: {protocol: http/protobuf, endpoint: 'a:1', default_histogram_aggregation: explicit_bucket_histogram}}}}]}",
    [],
  ],
  ["resource: {detection/development: {}}", ["17:26 service.telemetry.resource.detection/development is not in force: nothing is detected"]],
  ["metrics: {level: normal}, resource: {a: b}", []],
])("%s is taken, and what is not done is told", async (telemetry, warnings) => {
  const { plan, warnings: told } = await written(telemetry);
  expect([plan === undefined, told.map(shown)]).toEqual([false, warnings]);
});

test.each([
  ["metrics: {level: loud}", /^17:\d+ Cannot use service\.telemetry\.metrics\.level: .*none, basic, normal, detailed/],
  ["metrics: {readers: []}", /readers: a reader is needed; for none of them write level: none/],
  ["metrics: {readers: [{}]}", /one of pull and periodic is needed/],
  ["metrics: {readers: [{pull: {exporter: {}}}]}", /prometheus/],
  ["metrics: {readers: [{pull: {exporter: {prometheus: {host: a}}}}]}", /port/],
  ["metrics: {readers: [{pull: {exporter: {prometheus: {host: a, port: 70000}}}}]}", /65535/],
  ["metrics: {readers: [{periodic: {interval: 1s, exporter: {otlp: {protocol: http/protobuf, endpoint: a}}}}]}", /interval/],
  ["metrics: {readers: [{periodic: {exporter: {otlp: {protocol: http/protobuf, endpoint: 'http://'}}}}]}", /endpoint: .*no URL/],
  ["metrics: {address: ':8888'}", /address: the Collector has removed it: write readers/],
  ["resource: {attributes_list: a=b}", /use attributes/],
  ["resource: {a: 1}", /resource\.a/],
])("%s is refused", async (telemetry, message) => {
  const { plan, problems } = await written(telemetry);
  expect([plan, problems.length]).toEqual([undefined, 1]);
  expect(problems.map(shown)[0]).toMatch(message);
});
