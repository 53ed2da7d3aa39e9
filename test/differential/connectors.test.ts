/** The connectors `routing` and `count` against a real Collector's record (record-connectors.ts). */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/base/errors.ts";
import type { Signal } from "../../src/base/signal.ts";
import { count } from "../../src/connectors/count.ts";
import { routing } from "../../src/connectors/routing.ts";
import { build, faultsOf } from "../connectors/support.ts";
import { arrivedIn } from "./connector-answer.ts";
import { CONNECTOR_CASES, type ConnectorAnswer, type ConnectorCase } from "./connector-cases.ts";
import { payloadBytes } from "./payloads.ts";
import recorded from "./recorded/connectors.json" with { type: "json" };

const answers: Readonly<Record<string, unknown>> = recorded.cases;

function answerOf({ connector, signal, settings, payload, pipelines }: ConnectorCase): ConnectorAnswer {
  const to: Signal = connector === "count" ? "metrics" : signal;
  const wiring = { from: signal, to, pipelines };
  if (faultsOf(connector === "count" ? count.schema : routing.schema, settings).length > 0) return { refused: true };
  const made = acceptedBy(() => (connector === "count" ? build(count, settings, wiring) : build(routing, settings, wiring)));
  if (made === undefined) return { refused: true };
  const came = made.divide(payloadBytes(signal, payload));
  return { out: arrivedIn(pipelines, (pipeline) => came.filter((one) => one.pipelines.includes(pipeline)).map(({ bytes }) => bytes)) };
}

/** A statement that cannot be used is found where the connector is made. */
function acceptedBy<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof SluiceError && error.code === "config") return undefined;
    throw error;
  }
}

describe.each([...Map.groupBy(CONNECTOR_CASES, ({ id }) => id.split(":")[0])])("%s", (_, cases) => {
  it.each(cases.map((one) => [one.id, one] as const))("%s", (id, one) => {
    expect(answerOf(one)).toEqual(answers[id]);
  });
});

it("has a record of every case, and no other", () => {
  expect(Object.keys(answers).toSorted()).toEqual(CONNECTOR_CASES.map(({ id }) => id).toSorted());
});
