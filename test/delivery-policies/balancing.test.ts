/** Several endpoints of one destination: who is asked, what becomes of what fails, who is ejected and comes back. */
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { settled } from "../harness/clock.ts";
import { balanced } from "./balancing-rig.ts";
import { ACCEPTED, held, LATER, REFUSED, testContext, TOO_LARGE, UNTRIED } from "./played.ts";

describe("whole batches", () => {
  it("go in turns, and to the next when one fails, with the same answer for the sender", async () => {
    const { at, countOf, send, total } = balanced();
    for (let time = 0; time < 6; time++) expect(await send()).toEqual(ACCEPTED);
    expect(["a", "b", "c"].map(countOf)).toEqual([2, 2, 2]);
    at("a").answer = () => LATER;
    for (let time = 0; time < 6; time++) expect(await send()).toEqual(ACCEPTED);
    expect(total("requests", "a", { outcome: "failed" })).toBeGreaterThan(0);
    expect(total("requests", "b", { outcome: "accepted" }) + total("requests", "c", { outcome: "accepted" })).toBe(10);
    expect(total("in_flight", "a")).toBe(0);
  });

  it("go to another than the one that failed, even where that is by far the first choice", async () => {
    const { at, countOf, send } = balanced({ endpoints: [{ endpoint: "http://a", weight: 1000 }, "http://b", "http://c"], policy: "weighted" });
    at("a").answer = () => LATER;
    for (let time = 0; time < 4; time++) expect(await send(1)).toEqual(ACCEPTED);
    expect([countOf("a"), countOf("b") + countOf("c")]).toEqual([4, 4]);
  });

  it("are tried at two endpoints at the most: then it is the sender's turn", async () => {
    const { at, countOf, send } = balanced();
    for (const name of ["a", "b", "c"]) at(name).answer = () => ({ ...LATER, afterMs: 7 }) as Outcome;
    expect(await send()).toEqual({ ...LATER, afterMs: 7 });
    expect(["a", "b", "c"].map(countOf).reduce((sum, count) => sum + count)).toBe(2);
  });

  it.each([
    REFUSED,
    TOO_LARGE,
    UNTRIED,
    { kind: "refused", message: "no endpoint for logs" } as const,
    { kind: "partial", rejected: 1, message: "old" } as const,
  ])("that were answered %j are not tried elsewhere, and nobody is ejected for it", async (outcome) => {
    const { at, asked, send, total } = balanced();
    for (const name of ["a", "b", "c"]) at(name).answer = () => outcome;
    for (let time = 0; time < 30; time++) expect(await send()).toEqual(outcome);
    expect(asked()).toHaveLength(30);
    expect(["a", "b", "c"].map((name) => total("in_service", name))).toEqual([1, 1, 1]);
  });

  it("that one endpoint was asked for are no longer untried, though the next one was not", async () => {
    const { at, send } = balanced({}, { names: ["a", "b"] });
    at("a").answer = () => LATER;
    at("b").answer = () => UNTRIED;
    expect(await send()).toEqual({ kind: "retry", message: "no room in the pool" });
    expect(await send()).toEqual(UNTRIED);
  });

  it("go by weight, and by load", async () => {
    const weighted = balanced({ endpoints: [{ endpoint: "http://a", weight: 3 }, "http://b", "http://c"], policy: "weighted" });
    for (let time = 0; time < 50; time++) await weighted.send(1);
    expect(["a", "b", "c"].map(weighted.countOf)).toEqual([30, 10, 10]);
    const busy = balanced({ policy: "least_in_flight" });
    const { answer, waiting } = held();
    busy.at("a").answer = answer;
    const outcomes = Array.from({ length: 9 }, () => busy.send(1));
    await settled();
    expect(["a", "b", "c"].map(busy.countOf)).toEqual([3, 3, 3]);
    await Promise.all(outcomes.slice(1, 3));
    void busy.send(1);
    void busy.send(1);
    await settled();
    expect([busy.countOf("a"), waiting.length]).toEqual([3, 3]);
    for (const end of waiting) end();
    await Promise.all(outcomes);
  });

  it("leave out who fails in a row, and bring it back little by little; a line and counters say so", async () => {
    const { at, clock, countOf, log, send, total } = balanced({ health_check: { passive: { failures: 2, slow_start: "0s" } } });
    at("a").answer = () => LATER;
    for (let time = 0; time < 8; time++) await send(1);
    expect([countOf("a"), total("in_service", "a"), total("ejections", "a")]).toEqual([2, 0, 1]);
    expect(log).toEqual([expect.stringMatching(/^warn An endpoint is ejected.*"endpoint":"a"/)]);
    at("a").answer = () => ACCEPTED;
    await clock.advance(10_000);
    for (let time = 0; time < 6; time++) await send(1);
    expect([countOf("a"), total("in_service", "a")]).toEqual([4, 1]);
    expect(log.at(-1)).toMatch(/^info An endpoint is back.*"endpoint":"a"/);
  });

  it("are sent to all when all are ejected, and where ejecting is off", async () => {
    const panic = balanced({ health_check: { passive: { failures: 1 } } });
    for (const name of ["a", "b", "c"]) panic.at(name).answer = () => LATER;
    for (let time = 0; time < 12; time++) await panic.send(1);
    expect(["a", "b", "c"].map((name) => panic.total("in_service", name))).toEqual([0, 0, 0]);
    const before = panic.asked().length;
    for (let time = 0; time < 6; time++) await panic.send(1);
    expect(panic.asked().length - before).toBe(12);
    const off = balanced({ health_check: { passive: { enabled: false } } });
    off.at("a").answer = () => LATER;
    for (let time = 0; time < 60; time++) await off.send(1);
    expect([off.countOf("a") > 15, off.total("in_service", "a")]).toEqual([true, 1]);
  });
});

describe("active checks", () => {
  it("begin with the first batch, eject what fails them, and end with the exporter", async () => {
    const rig = balanced({ health_check: { active: { interval: "1s" }, passive: { failures: 3 } } });
    expect(rig.checked()).toBe(0);
    rig.checks.set("b", false);
    await rig.send(1);
    await rig.send(1);
    await rig.clock.advance(3500);
    expect([rig.checked(), rig.total("in_service", "b")]).toEqual([12, 0]);
    rig.checks.set("b", true);
    await rig.clock.advance(2000);
    expect(rig.total("in_service", "b")).toBe(1);
    await rig.exporter.stop(0);
    const before = rig.checked();
    await rig.clock.advance(10_000);
    expect(rig.checked()).toBe(before);
    for (const name of ["a", "b", "c"]) expect(rig.at(name).stopped).toBe(1);
  });

  it("are an error on Workers, by name", () => {
    const on = testContext({ runtime: "workers" });
    expect(() => balanced({ health_check: { active: null } }, { on })).toThrow(
      expect.objectContaining({ code: "config", path: "exporters.otlp_http/test.load_balancing.health_check.active" }),
    );
    expect(() => balanced({}, { on })).not.toThrow();
  });
});
