/** Why steps do not share a walk, and that walks end exactly there. */
import { describe, expect, it } from "vitest";
import { type Apart, levelName, planRuns, type Step, whyApart } from "../../src/pipeline/step.ts";

type Declared = Pick<Step, "level"> & Partial<Step>;

/** Reads and writes its own level unless it says otherwise. */
function stepOf({ level, ...parts }: Declared): Step {
  return { component: "test", level, reads: [level], writes: [level], drops: false, dropReason: "", run: () => true, ...parts };
}

const APART: readonly (readonly [reason: Apart["reason"], first: Declared, next: Declared, levels: Apart["levels"]])[] = [
  ["writes_above", { level: "item", writes: ["item", "resource"] }, { level: "item" }, ["resource"]],
  ["writes_above", { level: "event", writes: ["scope", "resource", "event"] }, { level: "event" }, ["scope", "resource"]],
  ["replaces_metrics", { level: "item", replaces: true }, { level: "point" }, ["item"]],
  ["replaces_edited", { level: "point" }, { level: "item", reads: [], writes: [], replaces: true }, ["point"]],
  ["writes_below", { level: "item", writes: ["item", "event"] }, { level: "event" }, ["event"]],
  ["changes_peers", { level: "point", writes: [], drops: true }, { level: "point", reads: ["point", "exemplar"], writes: [] }, ["point"]],
  ["drops_unseen", { level: "item" }, { level: "resource", reads: [], writes: [], drops: true }, ["resource"]],
  ["acts_on_emptied", { level: "item", drops: true, writes: [] }, { level: "scope", reads: [], writes: ["resource"] }, ["scope"]],
  ["acts_on_emptied", { level: "item", drops: true, writes: [] }, { level: "scope", reads: [], writes: [], fails: true }, ["scope"]],
  ["writes_unread", { level: "item", reads: ["item", "resource"], writes: ["item"] }, { level: "resource", reads: [] }, ["resource"]],
  ["writes_unread", { level: "item", reads: ["item", "resource"], writes: ["item"] }, { level: "item", writes: ["resource"] }, ["resource"]],
  ["reads_unwritten", { level: "item", reads: [], writes: ["item"] }, { level: "scope", reads: ["item"], writes: [] }, ["item"]],
  ["reads_unwritten", { level: "item", reads: [], writes: [], drops: true }, { level: "scope", reads: ["item"], writes: [] }, ["item"]],
  ["writes_both", { level: "item", reads: [], writes: ["item"] }, { level: "scope", reads: [], writes: ["item", "scope"] }, ["item"]],
];

const TOGETHER: readonly (readonly [first: Declared, next: Declared])[] = [
  [{ level: "resource" }, { level: "item" }],
  [{ level: "item" }, { level: "item", drops: true }],
  [{ level: "item" }, { level: "resource" }],
  [{ level: "item", drops: true }, { level: "event" }],
  [{ level: "point", drops: true }, { level: "point" }],
  [{ level: "item" }, { level: "item", replaces: true }],
];

describe("steps that do not fuse", () => {
  it.each(APART)("%s: %j before %j", (reason, one, other, levels) => {
    const first = stepOf(one);
    const next = stepOf(other);
    expect(whyApart([first], next)).toEqual({ reason, first, next, levels });
    expect(planRuns([first, next])).toEqual([[first], [next]]);
  });

  it.each(TOGETHER)("have no reason where they do: %j before %j", (one, other) => {
    const first = stepOf(one);
    const next = stepOf(other);
    expect(whyApart([first], next)).toBeUndefined();
    expect(planRuns([first, next])).toEqual([[first, next]]);
  });

  it("are told by the nearest step that they are apart from", () => {
    const quiet = stepOf({ level: "resource" });
    const above = stepOf({ level: "item", writes: ["scope"] });
    const replaces = stepOf({ level: "item", replaces: true });
    const next = stepOf({ level: "item" });
    expect(whyApart([above, replaces, quiet], next)).toMatchObject({ reason: "replaces_metrics", first: replaces });
    expect(whyApart([quiet], next)).toBeUndefined();
    expect(whyApart([], next)).toBeUndefined();
  });
});

describe("levels", () => {
  it("are called as OTTL calls its contexts", () => {
    expect((["traces", "metrics", "logs", "profiles"] as const).map((signal) => levelName("item", signal))).toEqual(["span", "metric", "log", "profile"]);
    expect((["resource", "scope", "point", "event", "exemplar"] as const).map((level) => levelName(level, "metrics"))).toEqual([
      "resource",
      "scope",
      "datapoint",
      "spanevent",
      "exemplar",
    ]);
  });
});
