/** What works, what does not, and what follows from it. */
import { describe, expect, test } from "vitest";
import type { Exporter } from "../../src/pipeline/component.ts";
import { FAILING_AFTER_MS, Health, watched } from "../../src/pipeline/health.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { bench } from "../contract/exporter-contract.ts";
import { TestClock } from "../harness/clock.ts";

const ACCEPTED: Outcome = { kind: "accepted" };
const LATER: Outcome = { kind: "retry", message: "no connection" };

function watching(options: { readonly holds?: boolean } = {}) {
  const clock = new TestClock();
  const health = new Health(clock);
  const on = bench("health");
  const told: { outcome: Outcome | Error } = { outcome: ACCEPTED };
  const exporter: Exporter = {
    consume: () => (told.outcome instanceof Error ? Promise.reject(told.outcome) : Promise.resolve(told.outcome)),
    stop: () => Promise.resolve(),
  };
  const outer = watched(exporter, { id: "x", health, holds: options.holds ?? false });
  return {
    clock,
    health,
    outer,
    exporter,
    attempt: async (outcome: Outcome | Error) => {
      told.outcome = outcome;
      const batch = on.batch("traces", 1);
      try {
        return await outer.consume(batch);
      } finally {
        batch.release();
      }
    },
    status: () => health.all().map(({ component, status, message }) => [component, status, message]),
  };
}

describe("a destination", () => {
  test("is recoverable once its exports have failed for five minutes, and ok again at the first that succeeds", async () => {
    const { clock, health, attempt, status } = watching();
    expect(await attempt(LATER)).toBe(LATER);
    await clock.advance(FAILING_AFTER_MS - 1);
    await attempt(LATER);
    expect(status()).toEqual([]);
    await clock.advance(1);
    await attempt(LATER);
    expect(status()).toEqual([["exporter:x", "recoverable", "no connection"]]);
    const [{ sinceMs } = { sinceMs: 0 }] = health.all();
    await clock.advance(1000);
    await attempt({ kind: "retry", message: "503" });
    expect(health.all()).toEqual([{ component: "exporter:x", status: "recoverable", sinceMs, message: "503" }]);
    await attempt({ kind: "partial", rejected: 1, message: "one" });
    expect(status()).toEqual([["exporter:x", "ok", undefined]]);
  });

  test("that succeeded between has not failed for so long", async () => {
    const { clock, attempt, status } = watching();
    await attempt(LATER);
    await clock.advance(FAILING_AFTER_MS);
    await attempt(ACCEPTED);
    await attempt(LATER);
    await clock.advance(FAILING_AFTER_MS - 1);
    await attempt(LATER);
    expect(status()).toEqual([["exporter:x", "ok", undefined]]);
  });

  test.each<[string, Outcome | Error, boolean]>([
    ["asks to come again", LATER, true],
    ["refuses the credentials", { kind: "refused", message: "401", status: 401 }, true],
    ["refuses without a status", { kind: "refused", message: "no endpoint" }, true],
    ["has a defect", new Error("defect"), true],
    ["refuses the data", { kind: "refused", message: "400", status: 400 }, false],
    ["finds it too large", { kind: "refused", message: "413", status: 413 }, false],
    ["was not asked", { kind: "retry", message: "no room", untried: true }, false],
  ])("that %s", async (_what, outcome, fails) => {
    const { clock, attempt, status } = watching();
    for (let time = 0; time < 2; time++) {
      await attempt(outcome).catch((error: unknown) => expect(error).toBe(outcome));
      await clock.advance(FAILING_AFTER_MS);
    }
    expect(status().map(([, one]) => one)).toEqual(fails ? ["recoverable"] : []);
  });

  test("that nobody asks about is not watched", () => {
    const { exporter } = watching();
    expect(watched(exporter, { id: "x", health: undefined, holds: false })).toBe(exporter);
  });
});

describe("the whole", () => {
  function gateway(pipelines: Readonly<Record<string, readonly string[]>>) {
    const health = new Health(new TestClock());
    health.pipelines = Object.entries(pipelines).map(([id, exporters]) => ({ id, exporters }));
    health.state = "ready";
    return health;
  }

  test("is ready neither before its start nor from the stop on", () => {
    const health = new Health(new TestClock());
    const ready = () => health.ready;
    expect(ready()).toBe(false);
    health.state = "ready";
    expect(ready()).toBe(true);
    health.state = "stopping";
    expect(ready()).toBe(false);
  });

  test("stays ready while any pipeline has a destination that works", () => {
    const health = gateway({ traces: ["a", "b"], logs: ["a"] });
    health.set("exporter:a", "recoverable", "down");
    expect([health.ready, health.healthy, health.down()]).toEqual([true, true, ["logs"]]);
    health.set("exporter:b", "recoverable", "down");
    expect([health.ready, health.healthy, health.down()]).toEqual([false, true, ["traces", "logs"]]);
    health.set("exporter:a", "ok");
    expect([health.ready, health.down()]).toEqual([true, []]);
  });

  test("a queue takes what its destination does not, and a connector counts as working", async () => {
    const queued = watching({ holds: true });
    queued.health.pipelines = [{ id: "traces", exporters: ["x"] }];
    queued.health.state = "ready";
    queued.health.set("exporter:x", "recoverable", "down");
    expect([queued.health.ready, queued.health.down()]).toEqual([true, []]);
    const health = gateway({ traces: ["a", "forward"] });
    health.set("exporter:a", "recoverable", "down");
    expect(health.ready).toBe(true);
  });

  test("is unhealthy when a component is broken for good", () => {
    const health = gateway({ traces: ["a"] });
    health.set("extension:file_storage", "permanent", "disk gone");
    expect([health.ready, health.healthy]).toEqual([false, false]);
  });
});
