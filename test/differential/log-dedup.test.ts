/** `log_dedup` against a real Collector's record (record-log-dedup.ts). */
import { expect, it } from "vitest";
import { SluiceError } from "../../src/base/errors.ts";
import { logDedup } from "../../src/processors/log-dedup.ts";
import { judge } from "../harness/judge.ts";
import { type Rig, rigOf } from "../processors/stage-rig.ts";
import { faultsOf } from "../connectors/support.ts";
import { countedUp, passedOn } from "./log-dedup-answer.ts";
import { LOG_DEDUP_CASES, type LogDedupAnswer, type LogDedupCase } from "./log-dedup-cases.ts";
import recorded from "./recorded/log-dedup.json" with { type: "json" };

const INTERVAL_MS = 10_000;
const answers: Readonly<Record<string, unknown>> = recorded.cases;

async function answerOf({ settings, requests }: LogDedupCase): Promise<LogDedupAnswer> {
  if (faultsOf(logDedup.schema, settings).length > 0) return { refused: true };
  const made = acceptedBy(() => rigOf(logDedup, "logs", settings));
  if (made === undefined) return { refused: true };
  for (const request of requests) await made.send(request);
  const passed = passedOn(leftOf(made));
  await made.clock.advance(INTERVAL_MS);
  const counted = countedUp(leftOf(made));
  return { ...(passed !== undefined && { passed }), ...(counted !== undefined && { counted }) };
}

function leftOf(made: Rig): Uint8Array[] {
  return made.out().map((request) => judge("logs").encode(request));
}

/** What only building it shows. */
function acceptedBy<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof SluiceError && error.code === "config") return undefined;
    throw error;
  }
}

it.each(LOG_DEDUP_CASES.map((one) => [one.id, one] as const))("%s", async (id, one) => {
  expect(await answerOf(one)).toEqual(answers[id]);
});

it("has a record of every case, and no other", () => {
  expect(Object.keys(answers).toSorted()).toEqual(LOG_DEDUP_CASES.map(({ id }) => id).toSorted());
});
