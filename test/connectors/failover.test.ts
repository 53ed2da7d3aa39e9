/** The `failover` connector: which level gets a batch, what a failure says of a level, and the way back. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import { failover } from "../../src/connectors/failover.ts";
import type { Emit, Wiring } from "../../src/pipeline/connector.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import type { Envelope } from "../../src/pipeline/stage.ts";
import { TestClock } from "../harness/clock.ts";
import { ALONE } from "../harness/context.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";
import { faultsOf } from "./support.ts";

const ACCEPTED: Outcome = { kind: "accepted" };
const LATER: Outcome = { kind: "retry", message: "later", status: 503 };
const REFUSED: Outcome = { kind: "refused", message: "never", status: 400 };
const UNTRIED: Outcome = { kind: "retry", message: "no room", untried: true };
const MINUTE = 60_000;

const ENVELOPE: Envelope = {
  signal: "traces",
  requests: [],
  items: 10,
  id: "r1",
  origin: { receiver: "otlp", peer: "p", tenant: "", arrivedMs: 0, headers: {} },
};

const engine = testEngine(16 << 20);

/** Levels a, b, c, unless they are others, with pipelines that answer as the test says. */
function rig(settings: Readonly<Record<string, unknown>> = {}, signal: Signal = "traces") {
  const levels = [[`${signal}/a`], [`${signal}/b`], [`${signal}/c`]];
  const config = failover.schema.parse({ priority_levels: levels, ...settings });
  const wiring: Wiring = { from: signal, to: signal, pipelines: config.priority_levels.flat().filter((id) => id.startsWith(signal)) };
  const clock = new TestClock();
  const counters = new Counters();
  const log: string[] = [];
  const logger = { log: (level: string, message: string, fields: object = {}) => void log.push(`${level} ${message} ${JSON.stringify(fields)}`) };
  const made = failover.create(config, { id: "failover", engine, counters, host: { ...bareHost, clock }, logger, ...ALONE }, wiring);
  if (!("stage" in made)) throw new Error("Not a stage");
  const { stage } = made;
  const answers: Record<string, Outcome> = {};
  const went: string[] = [];
  let emitted = 0;
  const emit: Emit = (envelope, pipelines) => {
    const level = pipelines.map((id) => id.split("/")[1]).join("+");
    went.push(level);
    emitted += envelope.items;
    expect(envelope).toEqual({ ...ENVELOPE, checked: true });
    return Promise.resolve(answers[level] ?? ACCEPTED);
  };
  /** Where the next batch goes, in order. */
  const send = async (): Promise<{ readonly to: string; readonly outcome: Outcome }> => {
    went.length = 0;
    const outcome = await stage.consume(ENVELOPE, emit);
    return { to: went.join(" "), outcome };
  };
  const total = (name: string, labels = {}) => counters.total(name, { connector: "failover", ...labels });
  const created = () => total("sluice_connector_created_items");
  return { stage, emit, send, answers, clock, log, total, created, emitted: () => emitted, wiring };
}

describe("levels", () => {
  it("the first gets everything while it takes it; the next what it does not, and from then on all", async () => {
    const { answers, created, emitted, log, send, total } = rig();
    expect(await send()).toEqual({ to: "a", outcome: ACCEPTED });
    answers["a"] = LATER;
    expect(await send()).toEqual({ to: "a b", outcome: ACCEPTED });
    answers["a"] = ACCEPTED;
    expect(await send()).toEqual({ to: "b", outcome: ACCEPTED });
    // Law 2: three batches came, and what the first level did not take was made once more.
    expect([created(), emitted()]).toEqual([10, 40]);
    expect(total("sluice_connector_failover_level_state", { level: "1" })).toBe(2);
    expect(log).toEqual(['warn A level fails: batches go to the next {"connector":"failover","level":1}']);
  });

  it("a batch that is taken in part is taken", async () => {
    const { answers, send } = rig();
    const partial: Outcome = { kind: "partial", rejected: 3, message: "too old" };
    answers["a"] = partial;
    expect([await send(), await send()]).toEqual([
      { to: "a", outcome: partial },
      { to: "a", outcome: partial },
    ]);
  });

  it("all pipelines of a level get what it gets, each signal has its own", async () => {
    const priority_levels = [["traces/a", "logs/x", "traces/b"], ["traces/c"]];
    const both = rig({ priority_levels });
    expect((await both.send()).to).toBe("a+b");
    both.answers["a+b"] = LATER;
    expect((await both.send()).to).toBe("a+b c");
    const logs = rig({ priority_levels }, "logs");
    expect(await logs.send()).toEqual({ to: "x", outcome: ACCEPTED });
  });

  it("when none takes it the sender hears the soonest that one may, and every level is tried again with the next", async () => {
    const { answers, created, send } = rig();
    Object.assign(answers, { a: { ...LATER, afterMs: 9000 }, b: { ...LATER, afterMs: 50 }, c: REFUSED });
    expect(await send()).toEqual({ to: "a b c", outcome: { ...LATER, afterMs: 50 } });
    expect(created()).toBe(20);
    answers["b"] = ACCEPTED;
    // c may still be well: it refused what nobody took. Now it is down, too, and all are asked in order.
    expect((await send()).to).toBe("c a b");
    expect((await send()).to).toBe("b");
  });
});

describe("what a failure says of a level", () => {
  it("refused by all: the batch's fault, and no level is down for it", async () => {
    const { answers, log, send } = rig();
    Object.assign(answers, { a: REFUSED, b: REFUSED, c: REFUSED });
    expect(await send()).toEqual({ to: "a b c", outcome: REFUSED });
    delete answers["a"];
    expect((await send()).to).toBe("a");
    expect(log).toEqual([]);
  });

  it("refused by one and taken by another: the level's", async () => {
    const { answers, send } = rig();
    answers["a"] = REFUSED;
    expect((await send()).to).toBe("a b");
    expect((await send()).to).toBe("b");
  });

  it("not tried, for want of memory or of a place: nothing, but the next level gets it", async () => {
    const { answers, send } = rig();
    answers["a"] = UNTRIED;
    expect([(await send()).to, (await send()).to]).toEqual(["a b", "a b"]);
    Object.assign(answers, { b: UNTRIED, c: UNTRIED });
    expect((await send()).outcome).toEqual(UNTRIED);
    answers["c"] = LATER;
    expect((await send()).outcome).toEqual({ kind: "retry", message: "no room" });
  });
});

describe("the way back", () => {
  it("one batch probes a level after retry_interval, and all follow when it is taken", async () => {
    const { answers, clock, send, total } = rig({ retry_interval: "1m" });
    answers["a"] = LATER;
    await send();
    await clock.advance(MINUTE - 1);
    expect((await send()).to).toBe("b");
    await clock.advance(1);
    expect((await send()).to).toBe("a b");
    expect((await send()).to).toBe("b");
    delete answers["a"];
    await clock.advance(MINUTE);
    expect([(await send()).to, (await send()).to]).toEqual(["a", "a"]);
    expect(total("sluice_connector_failover_level_state", { level: "1" })).toBe(0);
  });

  it("with proving_time one that takes probes has probes only, for so long", async () => {
    const { answers, clock, send } = rig({ retry_interval: "1m", proving_time: "10s" });
    answers["a"] = LATER;
    await send();
    delete answers["a"];
    await clock.advance(MINUTE);
    expect([(await send()).to, (await send()).to]).toEqual(["a", "b"]);
    await clock.advance(5000);
    expect([(await send()).to, (await send()).to]).toEqual(["a", "b"]);
    await clock.advance(5000);
    expect([(await send()).to, (await send()).to]).toEqual(["a", "a"]);
  });

  it("has nothing to drain", async () => {
    const { emit, emitted, stage } = rig();
    await stage.drain(emit, 100);
    expect([stage.state, emitted()]).toEqual(["none", 0]);
  });
});

describe("settings", () => {
  it.each([
    [{}, "priority_levels"],
    [{ priority_levels: [] }, "No pipelines are defined in the priority list"],
    [{ priority_levels: [[]] }, "a level needs a pipeline"],
    [{ priority_levels: [["traces/a"]], retry_interval: "0s" }, "retry_interval must be positive"],
    [{ priority_levels: [["traces/a"]], sending_queue: { queue_size: 10 } }, "set sending_queue.wait_for_result to true"],
  ])("%j is refused", (settings, message) => {
    expect(faultsOf(failover.schema, settings).join("\n")).toContain(message);
  });

  it("the Collector's deprecated keys are taken, and said not to be in force", () => {
    const config = failover.schema.parse({ priority_levels: [["traces/a"]], retry_gap: "30s", max_retries: 10 });
    expect(config.retry_interval).toBe(10 * MINUTE);
    expect(Object.keys(failover.notInForce ?? {})).toEqual(["retry_gap", "max_retries"]);
  });

  it("pipelines must receive from it, each in one level and all of them; other signals' are theirs to judge", () => {
    const wiring: Wiring = { from: "traces", to: "traces", pipelines: ["traces/first", "traces/second", "traces/third"] };
    const levels = [
      ["traces/first", "logs/x"],
      ["traces/secnd", "nonsense"],
      ["traces/first", "traces/third"],
    ];
    const complaints = failover.check?.(failover.schema.parse({ priority_levels: levels }), "failover", wiring) ?? [];
    expect(complaints.map(({ cure, message, path }) => [path.join("."), message, cure])).toEqual([
      ["priority_levels.1.0", '"traces/secnd" is no traces pipeline that receives from failover', 'Did you mean "traces/second"?'],
      ["priority_levels.1.1", '"nonsense" is no traces pipeline that receives from failover', expect.stringContaining('Name "failover" under receivers')],
      ["priority_levels.2.0", '"traces/first" is in the priority list twice', "Leave it where it is wanted most"],
      ["priority_levels", '"traces/second" receives from failover and is in no level', 'Add "traces/second" to a level'],
    ]);
  });
});
