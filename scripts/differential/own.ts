/** Sluice's own answers to the cases that differ from the Collector's on purpose. */
import { type Case, type Recorded } from "../../test/differential/case.ts";
import { differenceOf } from "../../test/differential/differences.ts";
import { throughSluice } from "../../test/differential/sluice.ts";
import { testEngine } from "../../test/harness/engine.ts";

export async function ownAnswers(suite: readonly Case[]): Promise<(readonly [id: string, answer: Recorded])[]> {
  const own: (readonly [id: string, answer: Recorded])[] = [];
  for (const one of suite) {
    if (differenceOf(one.id) === undefined) continue;
    const answer = await throughSluice(testEngine(32 << 20), one, "ascending");
    own.push([one.id, "refused" in answer ? { refused: "by Sluice" } : answer]);
  }
  return own;
}
