/** The batch processor against a real Collector's record (test/differential/record-batch.ts): the same items in the same batches. */
import { describe, expect, it } from "vitest";
import { BATCH_CASES, batchBodies, itemNumbers } from "../differential/batch-cases.ts";
import recorded from "../fixtures/batch/collector-0.159.json" with { type: "json" };
import { batchRig, ORIGIN } from "./batch-rig.ts";

describe("the Collector's batches", () => {
  it("has a record of every case", () => {
    expect(recorded.cases.map(({ name, signal }) => [name, signal])).toEqual(BATCH_CASES.map(({ name, signal }) => [name, signal]));
  });

  it.each(BATCH_CASES.map((one, index) => ({ ...one, one, expected: recorded.cases[index] })))(
    "$signal, $name",
    async ({ signal, config, requests, one, expected }) => {
      const rig = batchRig(config, signal);
      const taken: boolean[] = [];
      for (const [index, body] of batchBodies(one).entries()) {
        const { items, headers = {} } = requests[index] ?? { items: 0 };
        const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
        const outcome = await rig.stage.consume({ signal, requests: [body], items, id: String(index), origin: { ...ORIGIN, headers: lower } }, rig.next);
        taken.push(outcome.kind === "accepted");
        // The Collector has answered the one before the next one comes.
        await rig.clock.advance(0);
      }
      await rig.stage.drain(rig.next, 0);
      const batches = rig.passed.map((envelope) => envelope.requests.flatMap((request) => itemNumbers(signal, request)));
      expect(taken).toEqual(expected?.taken);
      expect(batches.toSorted(([a = 0], [b = 0]) => a - b)).toEqual(expected?.batches);
      rig.books();
    },
  );
});
