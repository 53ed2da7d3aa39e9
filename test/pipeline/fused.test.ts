/**
 * Fusing never changes the answer: whole rows of processors out of a seed, through a pipeline that fuses
 * them and step by step, give the same messages, the same unknown fields and the same counters.
 *
 * A failure names its seed: `SLUICE_SEED=<seed> vitest run test/pipeline/fused.test.ts` runs that one alone.
 */
import { describe, expect, it } from "vitest";
import { Random } from "../../bench/random.ts";
import { judge } from "../harness/judge.ts";
import { text } from "../harness/multiset.ts";
import { judgedHere } from "../harness/runs.ts";
import { kindsOf, makePipeline, type Planned } from "./random-pipelines.ts";
import { makeRequest, type Tested, withMarks } from "./random-requests.ts";
import { strangers } from "./strangers.ts";
import { fusedly, oneByOne, type Result } from "./two-ways.ts";

const CASES = 100;
const GIVEN = process.env["SLUICE_SEED"];
const SEEDS = GIVEN === undefined || GIVEN === "" ? Array.from({ length: CASES }, (_, index) => index + 1) : [Number(GIVEN)];

/** The judge's object as text, every double told from every other, keys in one order. */
function shown(signal: Tested, bytes: Uint8Array): string {
  return text(distinct(judge(signal).toObject(withMarks(bytes))));
}

function distinct(value: unknown): unknown {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(distinct);
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, distinct(inner)]));
}

function seen(signal: Tested, { outcome, bytes, items, counts }: Result): object {
  const { kind } = outcome;
  // A walk that ends with an error counts none of its steps: how far the others came is told by neither way.
  if (kind !== "accepted") return { kind };
  return {
    kind,
    items,
    message: bytes === undefined ? "nothing" : shown(signal, bytes),
    strangers: bytes === undefined ? [] : strangers(bytes, judge(signal).type),
    counts,
  };
}

function told(signal: Tested, seed: number, planned: readonly Planned[]): string {
  const row = planned.map(({ id, settings }) => `${id}: ${JSON.stringify(settings)}`);
  return [`SLUICE_SEED=${seed} (${signal})`, ...row].join("\n");
}

describe.each(["traces", "metrics", "logs"] as const)("random pipelines of %s", (signal) => {
  it("give the same fused and one step after the other", async () => {
    const drawn = new Set<string>();
    let fused = 0;
    let accepted = 0;
    for (const seed of SEEDS) {
      const random = new Random(seed * 31 + signal.length);
      const planned = makePipeline(random, signal);
      const { bytes } = makeRequest(random, signal);
      const together = await fusedly(planned, signal, bytes);
      const apart = await oneByOne(planned, signal, bytes);
      expect(seen(signal, together), told(signal, seed, planned)).toEqual(seen(signal, apart));
      for (const { definition } of planned) drawn.add(definition.id);
      // Fewer walks than processors: some walk had steps of two of them.
      if (together.walks < apart.walks && together.walks < together.stepProcessors && together.items > 0) fused++;
      if (together.items > 0) accepted++;
    }
    if (SEEDS.length < CASES) return;
    expect([...drawn].toSorted()).toEqual(kindsOf(signal).toSorted());
    expect(accepted).toBeGreaterThan(CASES / 2);
    expect(fused).toBeGreaterThan(CASES / 4);
  });

  it("give the same in slices, whoever has the tape between them", async () => {
    for (const seed of SEEDS.filter(judgedHere)) {
      const random = new Random(seed * 37 + signal.length);
      const planned = makePipeline(random, signal);
      const { bytes } = makeRequest(random, signal);
      const whole = await fusedly(planned, signal, bytes);
      for (const slice of [
        { records: 1, bytes: Infinity },
        { records: Infinity, bytes: 1 + random.below(300) },
        { records: 3, bytes: 1000 },
      ]) {
        const sliced = await fusedly(planned, signal, bytes, slice);
        expect(sliced, `${told(signal, seed, planned)}\n${slice.records} records, ${slice.bytes} bytes`).toEqual(whole);
      }
    }
  });
});
