import { describe, expect, it } from "vitest";
import { Lateness } from "../../src/delivery/durable/lateness.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { ACCEPTED, LATER, REFUSED } from "./delivery-rig.ts";

const WINDOW_MS = 500;
const UNTRIED: Outcome = { kind: "retry", message: "the breaker is open", untried: true };

function begin(mode: "send_first" | "write_first" = "send_first") {
  const told: boolean[] = [];
  return { lateness: new Lateness({ late: (late) => void told.push(late) }, { mode, windowMs: WINDOW_MS }), told };
}

describe("lateness", () => {
  it("begins with a failure or a missed window, and ends with an answer in time", () => {
    const { lateness, told } = begin();
    const after = (outcome: Outcome, tookMs: number) => {
      lateness.after(outcome, tookMs);
      return lateness.late;
    };
    expect([after(ACCEPTED, WINDOW_MS), after(LATER, 1), after(ACCEPTED, 1)]).toEqual([false, true, false]);
    expect([after(ACCEPTED, WINDOW_MS + 1), after(REFUSED, WINDOW_MS)]).toEqual([true, false]);
    expect(told).toEqual([true, false, true, false]);
  });

  it("is not changed by an attempt that was not made", () => {
    const { lateness, told } = begin();
    lateness.after(UNTRIED, 1);
    expect(lateness.late).toBe(false);
    lateness.after(LATER, 1);
    lateness.after(UNTRIED, 1);
    expect([lateness.late, told]).toEqual([true, [true]]);
  });

  it("is of send_first alone", () => {
    const { lateness, told } = begin("write_first");
    lateness.after(LATER, 1);
    expect([lateness.late, told]).toEqual([false, []]);
  });
});
