/** Batches divided among endpoints by trace id, service or resource: what belongs together stays together, and an item is taken once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Signal } from "../../src/base/signal.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { Keys } from "../../src/delivery/balancing/keys.ts";
import { Batch } from "../../src/pipeline/batch.ts";
import { admitted, batchOf, testEngine } from "../harness/engine.ts";
import { judge } from "../harness/judge.ts";
import { leaves, list } from "../harness/multiset.ts";
import { balanced } from "./balancing-rig.ts";
import { ACCEPTED, LATER, REFUSED, sendTo, testContext, TOO_LARGE, UNTRIED } from "./played.ts";

/** For every key that `keysOf` finds in a request, the endpoints that got any of it. */
function homes(rig: ReturnType<typeof balanced>, names: readonly string[], keysOf: (bytes: Uint8Array) => readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const name of names) {
    for (const { bytes } of rig.at(name).arrivals) for (const key of keysOf(bytes)) found.set(key, (found.get(key) ?? new Set()).add(name));
  }
  return found;
}

function traceIds(bytes: Uint8Array): string[] {
  const spans = list(judge("traces").toObject(bytes), "resourceSpans").flatMap((group) => list(group, "scopeSpans").flatMap((scope) => list(scope, "spans")));
  return spans.map(({ traceId }) => String(traceId));
}

describe("by trace id", () => {
  const names = ["a", "b", "c", "d", "e"];

  it("divides a batch, keeps every trace together and every item once", async () => {
    const rig = balanced({ policy: "trace_id" }, { names });
    for (let time = 0; time < 5; time++) expect(await rig.send(100)).toEqual(ACCEPTED);
    expect(rig.arrived().toSorted()).toEqual(rig.expected.toSorted());
    const traces = homes(rig, names, traceIds);
    expect(traces.size).toBeGreaterThan(10);
    for (const found of traces.values()) expect(found.size).toBe(1);
    expect(names.filter((name) => rig.countOf(name) > 0).length).toBeGreaterThan(3);
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("divides a batch of several requests, too", async () => {
    const rig = balanced({ policy: "trace_id" }, { names });
    const requests = [1, 2, 3].map((seed) => payload("traces", { items: 30, seed }).bytes);
    const parts = requests.map((bytes) => admitted(rig.engine, "traces", bytes));
    const origin = { receiver: "otlp", peer: "", tenant: "", arrivedMs: 0, headers: {} };
    const whole = new Batch({ signal: "traces", chunks: parts.map(({ chunk }) => chunk), id: "several", items: 90, origin });
    expect(await sendTo(rig.exporter, whole)).toEqual(ACCEPTED);
    expect(rig.arrived().toSorted()).toEqual(requests.flatMap((bytes) => leaves("traces", bytes)).toSorted());
    for (const found of homes(rig, names, traceIds).values()) expect(found.size).toBe(1);
  });

  it("hands a batch of one endpoint on as it is, without a copy", async () => {
    const rig = balanced({ policy: "trace_id" }, { names: ["a"] });
    let blocks = 0;
    rig.at("a").answer = () => {
      blocks = rig.engine.pool.blocks;
      return ACCEPTED;
    };
    await rig.send(50);
    expect(blocks).toBe(1);
  });

  it.each(["logs", "metrics", "profiles"] as const)("%s, too: by trace id where they have one, by service otherwise", async (signal) => {
    const rig = balanced({ policy: "trace_id" }, { names });
    for (let time = 0; time < 6; time++) expect(await rig.send(signal === "profiles" ? 8 : 40, signal)).toEqual(ACCEPTED);
    expect(rig.arrived(signal).toSorted()).toEqual(rig.expected.toSorted());
    expect(names.filter((name) => rig.countOf(name) > 0).length).toBeGreaterThan(1);
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it.each(["service", "resource"])("by %s all of a resource stays together", async (routingKey) => {
    const rig = balanced({ policy: "trace_id", routing_key: routingKey }, { names });
    for (let time = 0; time < 12; time++) expect(await rig.send(20)).toEqual(ACCEPTED);
    expect(rig.arrived().toSorted()).toEqual(rig.expected.toSorted());
    const found = homes(rig, names, (bytes) =>
      list(judge("traces").toObject(bytes), "resourceSpans").map((group) => {
        const attributes = list(group["resource"], "attributes");
        return JSON.stringify(routingKey === "resource" ? attributes : attributes.find(({ key }) => key === "service.name"));
      }),
    );
    expect(found.size).toBeGreaterThan(2);
    for (const endpoints of found.values()) expect(endpoints.size).toBe(1);
  });

  it("finds the service wherever it stands among the attributes, and nothing where there is none", () => {
    const engine = testEngine(16 << 20);
    const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const span = { traceId: new Uint8Array(16).fill(7), spanId: new Uint8Array(8).fill(1), name: "s" };
    const group = (attributes: readonly unknown[] | undefined, spans = [span]) => ({
      ...(attributes === undefined ? {} : { resource: { attributes } }),
      scopeSpans: [{ spans }],
    });
    const shop = attribute("service.name", "shop");
    const request = {
      resourceSpans: [
        group([attribute("host.name", "a"), shop]),
        group([shop, attribute("host.name", "b")], [span, span]),
        group([attribute("service.names", "shop"), attribute("host.name", "shop")]),
        group([attribute("service.name", "till")]),
        group(undefined),
        group([attribute("host.name", "c"), shop]),
      ],
    };
    const batch = batchOf("traces", admitted(engine, "traces", judge("traces").encode(request)));
    const seen: string[] = [];
    const placeOf = (key: Uint8Array) => {
      const text = Array.from(key).join(" ");
      if (!seen.includes(text)) seen.push(text);
      return seen.indexOf(text);
    };
    const placesBy = (key: "service" | "resource" | undefined) => {
      seen.length = 0;
      return new Keys(engine, key).placesOf(batch, placeOf);
    };
    expect(placesBy("service")).toEqual([0, 0, 0, -1, 1, -1, 0]);
    expect(placesBy("resource")).toEqual([0, 1, 1, 2, 3, -1, 4]);
    expect(placesBy(undefined)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    batch.release();
  });

  it("what an endpoint fails goes where it would go without it: the others' traces do not move", async () => {
    const rig = balanced({ policy: "trace_id" }, { names });
    await rig.send(200);
    const before = homes(rig, names, traceIds);
    const again = balanced({ policy: "trace_id" }, { names });
    again.at("c").answer = () => LATER;
    expect(await again.send(200)).toEqual(ACCEPTED);
    const others = names.filter((name) => name !== "c");
    const after = homes(again, others, traceIds);
    const without = balanced({ policy: "trace_id" }, { names: others });
    await without.send(200);
    expect(after).toEqual(homes(without, others, traceIds));
    for (const [id, found] of before) if (!found.has("c")) expect(after.get(id)).toEqual(found);
  });

  it("while nothing was taken all of it is the sender's: later where any may be, for good where none will", async () => {
    const rig = balanced({ policy: "trace_id" }, { names });
    for (const name of names) rig.at(name).answer = () => LATER;
    expect(await rig.send(100)).toMatchObject({ kind: "retry", status: 503 });
    const refuses = balanced({ policy: "trace_id" }, { names });
    for (const name of names) refuses.at(name).answer = () => REFUSED;
    refuses.at("e").answer = () => TOO_LARGE;
    expect(await refuses.send(100)).toEqual(TOO_LARGE);
    expect([rig.engine.pool.blocks, refuses.engine.pool.blocks]).toEqual([0, 0]);
  });

  it("once a part was taken the rest is tried on here, and nothing that was taken again", async () => {
    const rig = balanced({ policy: "trace_id" });
    // Everything but the first request of all fails for four seconds.
    let taken = 0;
    const some = (): Outcome => (taken++ === 0 || rig.clock.monotonicMs() >= 4000 ? ACCEPTED : LATER);
    const kept: string[] = [];
    for (const name of ["a", "b", "c"]) {
      rig.at(name).answer = ({ bytes }) => {
        const outcome = some();
        if (outcome.kind === "accepted") kept.push(...leaves("traces", bytes));
        return outcome;
      };
    }
    const outcome = rig.send(100);
    await rig.clock.advance(10_000);
    expect(await outcome).toEqual(ACCEPTED);
    expect(kept.toSorted()).toEqual(rig.expected.toSorted());
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("what no endpoint takes in half a minute is told as rejected, and only that", async () => {
    const rig = balanced({ policy: "trace_id" });
    const kept: string[] = [];
    rig.at("a").answer = ({ bytes }) => {
      if (kept.length > 0) return LATER;
      kept.push(...leaves("traces", bytes));
      return ACCEPTED;
    };
    for (const name of ["b", "c"]) rig.at(name).answer = () => LATER;
    const outcome = rig.send(100);
    await rig.clock.advance(31_000);
    expect(await outcome).toEqual({
      kind: "partial",
      rejected: 100 - kept.length,
      message: "no endpoint took them, others of their request were taken: later",
    });
    expect(kept.length).toBeGreaterThan(0);
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("what is too large for one endpoint is halved until it fits, at once; an item that never does is rejected", async () => {
    const rig = balanced({ policy: "trace_id" });
    const kept: string[] = [];
    const all = rig.send.bind(undefined, 120);
    rig.at("a").answer = ({ bytes, items }) => {
      if (items > 5) return TOO_LARGE;
      kept.push(...leaves("traces", bytes));
      return ACCEPTED;
    };
    for (const name of ["b", "c"]) {
      rig.at(name).answer = ({ bytes }) => {
        kept.push(...leaves("traces", bytes));
        return ACCEPTED;
      };
    }
    expect(await all()).toEqual(ACCEPTED);
    expect(kept.toSorted()).toEqual(rig.expected.toSorted());
    rig.at("a").answer = () => TOO_LARGE;
    kept.length = 0;
    const outcome = await rig.send(120);
    expect(outcome).toEqual({ kind: "partial", rejected: 120 - kept.length, message: expect.stringContaining("cannot be divided") });
    expect([rig.clock.monotonicMs(), rig.engine.pool.blocks]).toEqual([0, 0]);
  });

  it("stopping ends what is tried on here, with an outcome", async () => {
    const rig = balanced({ policy: "trace_id" });
    let first = true;
    for (const name of ["a", "b", "c"]) {
      rig.at(name).answer = () => {
        const outcome = first ? ACCEPTED : LATER;
        first = false;
        return outcome;
      };
    }
    const outcome = rig.send(100);
    await rig.clock.advance(1000);
    await rig.exporter.stop(100);
    expect(await outcome).toMatchObject({ kind: "partial" });
    expect(rig.engine.pool.blocks).toBe(0);
  });
});

it("whatever happens every item is taken once, or told: taken + rejected = sent, or nothing was taken", async () => {
  const answers: readonly Outcome[] = [ACCEPTED, ACCEPTED, ACCEPTED, LATER, { kind: "retry", message: "reset" }, REFUSED, TOO_LARGE, UNTRIED];
  const engine = testEngine();
  const seen = { accepted: 0, partial: 0, retry: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("round_robin", "trace_id"),
      fc.constantFrom("traces", "metrics", "logs") as fc.Arbitrary<Signal>,
      fc.array(fc.nat(answers.length - 1), { minLength: 40, maxLength: 40 }),
      async (policy, signal, script) => {
        const rig = balanced({ policy, health_check: { passive: { failures: 3 } } }, { on: testContext({ engine }) });
        for (let time = 0; time < 4; time++) {
          const kept: string[] = [];
          let at = time * 10;
          for (const name of ["a", "b", "c"]) {
            rig.at(name).answer = ({ bytes }) => {
              const outcome = answers[script[at++ % script.length] ?? 0] ?? ACCEPTED;
              if (outcome.kind === "accepted") kept.push(...leaves(signal, bytes));
              return outcome;
            };
          }
          rig.expected.length = 0;
          const running = rig.send(30, signal);
          await rig.clock.advance(40_000);
          const outcome = await running;
          seen[outcome.kind]++;
          if (outcome.kind === "accepted") expect(kept.toSorted()).toEqual(rig.expected.toSorted());
          else if (outcome.kind === "partial") expect([kept.length > 0, kept.length + outcome.rejected]).toEqual([true, rig.expected.length]);
          else expect(kept).toEqual([]);
        }
        expect(engine.pool.blocks).toBe(0);
        for (const name of ["a", "b", "c"]) expect(rig.total("in_flight", name)).toBe(0);
      },
    ),
    { numRuns: 15, seed: 7 },
  );
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(0);
});
