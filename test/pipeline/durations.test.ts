/** How long the work on a batch takes is told of each walk, of a regrouping, and of a stage that edits at once. */
import { expect, test } from "vitest";
import { attributes } from "../../src/processors/attributes.ts";
import { batch } from "../../src/processors/batch.ts";
import { deltaToRate } from "../../src/processors/delta-to-rate.ts";
import { groupByAttrs } from "../../src/processors/groupbyattrs.ts";
import { transform } from "../../src/processors/transform.ts";
import { testEngine } from "../harness/engine.ts";
import { gateOf, step } from "../processors/gate.ts";
import { bareHost } from "../processors/support.ts";

/** Each look at it takes a quarter of a second. */
function slowClock() {
  let ms = 0;
  return { nowMs: () => 0, monotonicMs: () => (ms += 250) };
}

const MESSAGE = {
  resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "m", gauge: { dataPoints: [{ asDouble: 1 }, { asDouble: 2 }] } }] }] }],
};

test("processors that share a walk are one, and what holds telemetry is none", async () => {
  const upsert = step(attributes, { actions: [{ key: "k", action: "upsert", value: "v" }] });
  const row = [upsert, upsert, step(groupByAttrs, { keys: ["k"] }), step(deltaToRate, { metrics: ["m"] })];
  const gate = gateOf("metrics", [...row, step(batch, { timeout: 0 }), upsert], testEngine(), { ...bareHost, clock: slowClock() });
  for (let turn = 0; turn < 2; turn++) expect((await gate.send(MESSAGE)).outcome.kind).toBe("accepted");
  const told = gate.counters.samples().filter(({ name }) => name === "otelcol_processor_internal_duration");
  expect(
    told.map(({ labels, distribution }) => [labels["processor"], labels["otel.signal"], distribution?.count, distribution?.sum].join(" ")).toSorted(),
  ).toEqual(["attributes/0,attributes/1", "attributes/5", "delta_to_rate/3", "groupbyattrs/2"].map((processor) => `${processor} metrics 2 0.5`));
});

test("a walk that fails took its time, too", async () => {
  const fails = step(transform, { error_mode: "propagate", metric_statements: ['set(datapoint.attributes["k"], ParseJSON("{"))'] });
  const gate = gateOf("metrics", [fails], testEngine(), { ...bareHost, clock: slowClock() });
  expect((await gate.send(MESSAGE)).outcome.kind).not.toBe("accepted");
  expect(gate.counters.total("otelcol_processor_internal_duration", { processor: "transform/0" })).toBe(1);
});
