/** Connectors in a configuration: what stands between what, and what is told where it does not fit. */
import { z } from "zod";
import { describe, expect, it } from "vitest";
import type { Registry } from "../../src/config/registry.ts";
import { validateLoaded } from "../../src/config/validate.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { defineConnector } from "../../src/pipeline/component.ts";
import { SluiceError } from "../../src/base/errors.ts";
import { load, registry, shown } from "./harness.ts";

function notBuilt(): never {
  throw new SluiceError("internal", "Cannot build a component: tests of the configuration do not");
}

const REGISTRY: Registry = [
  ...registry,
  defineConnector({
    id: "forward",
    joins: { traces: ["traces"], metrics: ["metrics"], logs: ["logs"], profiles: ["profiles"] },
    summary: "A connector.",
    schema: z.strictObject({}),
    create: notBuilt,
  }),
  defineConnector({
    id: "count",
    joins: { traces: ["metrics"], logs: ["metrics"] },
    summary: "A connector.",
    schema: z.strictObject({ to: z.array(z.string()).default([]) }),
    check: ({ to }, id, { pipelines }) =>
      to.flatMap((one, index) =>
        pipelines.includes(one) ? [] : [{ path: ["to", index], message: `"${one}" does not receive from ${id}`, cure: "Name another" }],
      ),
    create: notBuilt,
  }),
];

/** Lines 1 to 5 are receivers and exporters; connectors begin at line 7. */
async function judged(connectors: string, pipelines: Readonly<Record<string, string>>) {
  const lines = Object.entries(pipelines).map(([id, ends]) => {
    const [receivers, exporters] = ends.split(" > ");
    return `    ${id}: {receivers: [${receivers}], exporters: [${exporters}]}`;
  });
  const text = `receivers:
  otlp: {protocols: {http: }}
exporters:
  debug:
  otlp_http: {endpoint: http://x}
connectors:
${connectors}
service:
  pipelines:
${lines.join("\n")}
`;
  const { plan, problems, warnings } = validateLoaded(await load({ "c.yaml": text }), REGISTRY);
  return { plan, problems: problems.map(shown), warnings: warnings.map(shown).filter((warning) => !warning.includes("exporters.")) };
}

describe("connectors between pipelines", () => {
  it("are planned with the components, one entry an id", async () => {
    const { plan, problems, warnings } = await judged("  forward:\n  count/a: {to: [metrics/b]}", {
      traces: "otlp > forward, count/a",
      "traces/b": "forward > debug",
      "metrics/b": "otlp, count/a > debug",
    });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
    expect(plan?.connectors.map(({ id, config }) => [id, config])).toEqual([
      ["forward", {}],
      ["count/a", { to: ["metrics/b"] }],
    ]);
    expect(plan?.receivers.map(({ id }) => id)).toEqual(["otlp"]);
    expect(plan?.pipelines[0]?.exporters).toEqual(["forward", "count/a"]);
  });

  it("may be used for a pair of signals that fits, from several signals at once", async () => {
    const { problems } = await judged("  count:", { traces: "otlp > count", logs: "otlp > count, debug", metrics: "count > debug" });
    expect(problems).toEqual([]);
  });

  it.each([
    [
      "only as an exporter",
      { traces: "otlp > forward" },
      ['Cannot use connector "forward": traces names it under exporters, and no traces pipeline names it under receivers'],
    ],
    [
      "only as a receiver",
      { traces: "forward > debug" },
      ['Cannot use connector "forward": traces names it under receivers, and no traces pipeline names it under exporters'],
    ],
    [
      "for other signals on either side",
      { traces: "otlp > forward", logs: "forward > debug" },
      [
        'Cannot use connector "forward": traces names it under exporters, and no traces pipeline names it under receivers',
        'Cannot use connector "forward": logs names it under receivers, and no logs pipeline names it under exporters',
      ],
    ],
  ])("used %s are told", async (_name, pipelines, expected) => {
    const { problems } = await judged("  forward:", pipelines);
    expect(problems.map((problem) => problem.replace(/^\d+:\d+ /, "").split(" => ")[0])).toEqual(expected);
  });

  it("have line and column told, and the signals that may stand on the other side", async () => {
    const { problems } = await judged("  count:", { metrics: "count > debug" });
    expect(problems).toEqual([
      '10:27 Cannot use connector "count": metrics names it under receivers, and no traces or logs pipeline names it under exporters' +
        " => Name it under exporters of a traces or logs pipeline, or remove it here",
    ]);
  });

  it("are refused where they do not serve the signal", async () => {
    const { problems } = await judged("  count:", { metrics: "otlp > count", traces: "count > debug" });
    expect(problems).toEqual([
      '10:46 Cannot use "count" in a metrics pipeline: it serves traces, logs => Move it to a pipeline of such a signal',
      '11:26 Cannot use "count" in a traces pipeline: it serves metrics => Move it to a pipeline of such a signal',
    ]);
  });

  it("have names that are near ones of a misspelt exporter", async () => {
    const { plan, problems } = await judged("  forward:", { traces: "otlp > foward", "traces/b": "forward > debug" });
    expect(plan).toBeUndefined();
    expect(problems[0]).toBe('10:45 Cannot use "foward": it is not defined under exporters => Did you mean "forward"?');
  });

  it("that no pipeline names are a warning", async () => {
    const { plan, warnings } = await judged("  forward:", { traces: "otlp > debug" });
    expect(plan?.connectors).toEqual([]);
    expect(warnings).toEqual(["7:3 connectors.forward is defined and in no pipeline: it is not started => Name it in a pipeline, or remove it"]);
  });

  it("have their settings judged against where they stand, at the line and column", async () => {
    const { problems } = await judged("  count: {to: [metrics, metrics/x]}", { traces: "otlp > count", metrics: "count > debug" });
    expect(problems).toEqual(['7:25 Cannot use connectors.count.to[1]: "metrics/x" does not receive from count => Name another']);
  });

  it("have unknown keys told", async () => {
    const { problems } = await judged("  forward: {x: 1}", { traces: "otlp > forward", "traces/b": "forward > debug" });
    expect(problems).toEqual(['7:13 Cannot use key "x": no keys are expected here => Remove it']);
  });
});

describe("circles", () => {
  it.each([
    ["of one pipeline", { traces: "otlp, forward > forward, debug" }, "traces -> forward -> traces"],
    ["of two", { "traces/a": "otlp, forward > forward/b", "traces/b": "forward/b > forward" }, "traces/a -> forward/b -> traces/b -> forward -> traces/a"],
    [
      "behind a way that leads nowhere else",
      { "traces/in": "otlp > forward/b", "traces/a": "forward/b, forward > forward", "traces/out": "forward > debug" },
      "traces/a -> forward -> traces/a",
    ],
  ])("%s are told, with the way", async (_name, pipelines, way) => {
    const { plan, problems } = await judged("  forward:\n  forward/b:", pipelines);
    expect(plan).toBeUndefined();
    expect(problems.some((problem) => problem.includes(`Cannot run: telemetry would go round in a circle: ${way} => `))).toBe(true);
  });

  it("are none where ways meet again, or the signal changes", async () => {
    const { problems } = await judged("  forward/a:\n  forward/b:\n  count:", {
      "traces/in": "otlp > forward/a, forward/b, count",
      "traces/a": "forward/a > forward/b",
      "traces/b": "forward/b > count, debug",
      metrics: "count > debug",
    });
    expect(problems).toEqual([]);
  });

  it("are found among hundreds of pipelines, and nothing overflows", async () => {
    const count = 300;
    const ids = Array.from({ length: count }, (_, index) => index);
    const pipelines = Object.fromEntries(ids.map((id) => [`traces/${id}`, `${id === 0 ? "otlp, " : ""}forward/${id} > forward/${(id + 1) % count}`]));
    const { problems } = await judged(ids.map((id) => `  forward/${id}:`).join("\n"), pipelines);
    expect(problems.length).toBe(1);
    expect(problems[0]).toContain("circle");
  });
});

it("connectors are in the JSON Schema", () => {
  expect(configJsonSchema(REGISTRY)).toMatchObject({
    properties: { connectors: { patternProperties: { "^forward(/.+)?$": { $ref: "#/definitions/connector.forward" } }, additionalProperties: false } },
  });
});
