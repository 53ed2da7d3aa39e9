/** The suite itself: every case, in every form of its requests, against what a real Collector made of it. */
import { describe, expect, it } from "vitest";
import { lentEngine } from "../harness/engine.ts";
import type { Case, Recorded, Recording } from "./case.ts";
import { differenceOf } from "./differences.ts";
import { FORMS } from "./forms.ts";
import differing from "./recorded/differences.json" with { type: "json" };
import { throughSluice } from "./sluice.ts";

/** For one group's gateways: what they keep for good stays in it. */
const MEMORY_BYTES = 32 << 20;

const ours: Readonly<Record<string, Recorded>> = differing;

/** A test a group; what fails is named by the case's id. A listed difference that is none any more fails, too. */
export function compare(suite: readonly Case[], { cases }: Recording): void {
  it("has a record of every case, and no other", () => {
    expect(Object.keys(cases).toSorted()).toEqual(suite.map(({ id }) => id).toSorted());
  });

  it("has the own answer of every case that differs on purpose", () => {
    const listed = suite.filter(({ id }) => differenceOf(id) !== undefined).map(({ id }) => id);
    expect(listed.filter((id) => !(id in ours))).toEqual([]);
    expect(listed.filter((id) => text(ours[id]) === text(cases[id]))).toEqual([]);
  });

  describe.each(FORMS)("fields %s", (form) => {
    it.each([...Map.groupBy(suite, ({ group }) => group)])("%s", async (_, group) => {
      const engine = lentEngine(MEMORY_BYTES);
      const expected: Record<string, string | undefined> = {};
      const actual: Record<string, string> = {};
      for (const one of group) {
        const wanted = text(differenceOf(one.id) === undefined ? cases[one.id] : ours[one.id]);
        const made = text(await throughSluice(engine, one, form).catch((error: unknown) => ({ thrown: String(error) })));
        if (made === wanted) continue;
        expected[one.id] = wanted;
        actual[one.id] = made;
      }
      expect(actual).toEqual(expected);
    });
  });
}

/** A refusal is the same as any other: the words differ. */
function text(one: object | undefined): string {
  return one !== undefined && "refused" in one ? "refused" : JSON.stringify(one);
}
