/** A stage that is kept: what it was given is written down until it was answered, whatever happens to the process between. */
import { describe, expect, it } from "vitest";
import { Random } from "../../bench/random.ts";
import type { Signal } from "../../src/base/signal.ts";
import { allComponents } from "../../src/config/registry.ts";
import type { ProcessorDefinition } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Journal } from "../../src/pipeline/kept/journal.ts";
import { Room } from "../../src/pipeline/kept/room.ts";
import { KeptStage } from "../../src/pipeline/kept/stage.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import type { Envelope, Next } from "../../src/pipeline/stage.ts";
import type { Storage } from "../../src/pipeline/storage.ts";
import { batch } from "../../src/processors/batch.ts";
import { interval } from "../../src/processors/interval.ts";
import { logDedup } from "../../src/processors/log-dedup.ts";
import { checkStage, envelopeOf, leavesOf } from "../contract/stage.ts";
import { failing, MemoryStorage } from "../contract/storage-faults.ts";
import { TestClock } from "../harness/clock.ts";
import { ALONE } from "../harness/context.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";

const ACCEPTED: Outcome = { kind: "accepted" };
const DOWN: Outcome = { kind: "retry", message: "down" };
const ROOM_BYTES = 1 << 20;
const DAY_MS = 86_400_000;
const PREFIX = "held/traces/batch/";

interface Setup {
  readonly clock?: TestClock;
  readonly storage?: Storage;
  readonly settings?: Record<string, unknown>;
  readonly roomBytes?: number;
  readonly log?: string[];
}

const keptBatch = (setup?: Setup) => kept(batch, "traces", setup);

function kept<Config>(definition: ProcessorDefinition<Config>, signal: Signal, setup: Setup = {}): KeptStage {
  const { clock = new TestClock(), storage = new MemoryStorage(), settings = {}, roomBytes = ROOM_BYTES, log = [] } = setup;
  const logger = { log: (_level: string, message: string) => void log.push(message) };
  const host = { ...bareHost, clock, sleep: clock.sleep, random: () => 0.5, logger };
  const context = { ...ALONE, id: definition.id, host, engine: testEngine(), logger, counters: new Counters() };
  const made = definition.create(definition.schema.parse(settings), context, signal);
  if (!("stage" in made)) throw new Error("Not a stage");
  expect(made.stage.namesEntries).toBe(true);
  return new KeptStage({ stage: made.stage, engine: context.engine, journal: new Journal(storage, PREFIX), room: new Room(roomBytes), host });
}

/** What a request is that arrives now. */
function arriving(clock: TestClock, seed: number): Envelope {
  const envelope = envelopeOf(seed);
  return { ...envelope, origin: { ...envelope.origin, arrivedMs: clock.nowMs() } };
}

/** A request of `copies` times twenty items, about 14 KB each. */
function large(clock: TestClock, copies: number): Envelope {
  const { requests, items, ...rest } = arriving(clock, 1);
  return { ...rest, requests: Array.from({ length: copies }, () => requests[0] ?? new Uint8Array(0)), items: items * copies };
}

/** A stage whose process is gone: its clock stands still. */
async function gone(storage: Storage, sent: readonly Envelope[], setup: Setup = {}): Promise<void> {
  const stage = keptBatch({ ...setup, storage });
  for (const one of sent) expect(await stage.consume(one, collector().next)).toEqual(ACCEPTED);
}

function collector(answer: () => Outcome = () => ACCEPTED) {
  const passed: Envelope[] = [];
  const next: Next = async (envelope) => {
    const outcome = answer();
    if (outcome.kind === "accepted") passed.push(envelope);
    return outcome;
  };
  return { passed, next };
}

const keysOf = (storage: Storage) => storage.list("", 1000);

checkStage("batch that is kept", (clock) => keptBatch({ clock, roomBytes: 64 << 20 }));
checkStage(
  "interval that is kept",
  (clock, signal) => {
    const stage = kept(interval, signal, { clock, settings: { interval: "1s" } });
    // What is none of its signals passes through: to the contract it holds nothing then.
    return signal === "metrics" ? stage : { state: "none", consume: stage.consume.bind(stage), drain: stage.drain.bind(stage) };
  },
  { signals: ["metrics"], drops: true },
);

it("is for every processor that holds: none of them holds what nobody could keep for it", async () => {
  const holding = (await allComponents()).flatMap((one) => (one.kind === "processor" && one.heldInMemory !== undefined ? [one] : []));
  const named = holding.map(({ id, schema, signals, create }) => {
    const context = { id, host: bareHost, engine: testEngine(), logger: bareHost.logger, counters: new Counters() };
    // Each with the settings of its own schema, which the registry's type does not know.
    const made = Reflect.apply(create, undefined, [schema.parse({}), context, signals[0]]);
    return [id, "stage" in made && made.stage.namesEntries];
  });
  expect(Object.fromEntries(named)).toEqual({ batch: true, interval: true, log_dedup: true });
});

describe("what is held", () => {
  it("is written down before it is acknowledged, and struck out when it was answered", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    const stage = keptBatch({ clock, storage });
    const { passed, next } = collector();
    const sent = [1, 2].map((seed) => arriving(clock, seed));
    for (const one of sent) expect(await stage.consume(one, next)).toEqual(ACCEPTED);
    expect([(await keysOf(storage)).length, passed.length, stage.entries]).toEqual([2, 0, 2]);
    await clock.advance(200);
    expect(leavesOf(passed)).toEqual(leavesOf(sent));
    expect(passed.every((one) => one.entry === undefined && one.madeOf === undefined)).toBe(true);
    expect([await keysOf(storage), stage.entries]).toEqual([[], 0]);
  });

  it("is struck out when the last of its parts was answered, not before", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    const stage = keptBatch({ clock, storage, settings: { send_batch_size: 15, send_batch_max_size: 15 } });
    const { passed, next } = collector();
    await stage.consume(arriving(clock, 1), next);
    await clock.advance(0);
    expect([passed.map(({ items }) => items), stage.entries]).toEqual([[15], 1]);
    await clock.advance(200);
    expect([passed.map(({ items }) => items), stage.entries, await keysOf(storage)]).toEqual([[15, 5], 0, []]);
  });

  it("is tried again until the destination takes it, later and later", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    const stage = keptBatch({ clock, storage });
    const attempts: number[] = [];
    const { passed, next } = collector(() => (attempts.push(clock.monotonicMs()) < 4 ? DOWN : ACCEPTED));
    await stage.consume(arriving(clock, 1), next);
    await clock.advance(10_000);
    expect(attempts).toEqual([200, 1200, 3200, 7200]);
    expect([leavesOf(passed), stage.entries]).toEqual([leavesOf([envelopeOf(1)]), 0]);
  });

  it("is given up after a day, and counted by the stage", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    const log: string[] = [];
    const stage = keptBatch({ clock, storage, log });
    let attempts = 0;
    const { next } = collector(() => (attempts++, DOWN));
    await stage.consume({ ...arriving(clock, 1), origin: { ...envelopeOf(1).origin, arrivedMs: clock.nowMs() - DAY_MS + 1000 } }, next);
    await clock.advance(3000);
    expect([attempts, stage.entries, await keysOf(storage)]).toEqual([2, 0, []]);
    expect(log).toEqual([expect.stringMatching(/lost|dropped/i)]);
  });

  it("is struck out when it was refused for good", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    const stage = keptBatch({ clock, storage });
    await stage.consume(arriving(clock, 1), async () => ({ kind: "refused", message: "no" }));
    await clock.advance(200);
    expect([stage.entries, await keysOf(storage)]).toEqual([0, []]);
  });
});

describe("what is not held", () => {
  it("leaves nothing behind: the sender hears how it went", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    // Larger than all that the batch may hold: its sender waits.
    const request = large(clock, 100);
    const stage = keptBatch({ clock, storage, settings: { held_bytes_max: 1 << 20 }, roomBytes: 64 << 20 });
    const outcomes: Outcome[] = [DOWN, ACCEPTED];
    const { next } = collector(() => outcomes.shift() ?? ACCEPTED);
    expect((await stage.consume(request, next)).kind).toBe("retry");
    expect((await stage.consume(request, next)).kind).toBe("accepted");
    expect([stage.entries, await keysOf(storage)]).toEqual([0, []]);
  });

  it("is told to come again when there is no room, or when it cannot be written", async () => {
    const clock = new TestClock();
    const { passed, next } = collector();
    const full = keptBatch({ clock, roomBytes: 1000 });
    expect(await full.consume(arriving(clock, 1), next)).toMatchObject({ kind: "retry", afterMs: 1000, message: expect.stringContaining("1000 bytes") });
    const broken = keptBatch({ clock, storage: failing(new MemoryStorage(), { percent: 100, seed: 1 }) });
    expect(await broken.consume(arriving(clock, 1), next)).toMatchObject({ kind: "retry", untried: true, message: expect.stringContaining("The disk failed") });
    await clock.advance(1000);
    expect([passed, full.entries, broken.entries]).toEqual([[], 0, 0]);
  });
});

describe("a new start", () => {
  it("gives the stage what was not answered, in order, and goes on counting", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    const sent = Array.from({ length: 12 }, (_, index) => arriving(clock, index + 1));
    await gone(storage, sent);
    const { passed, next } = collector();
    const after = keptBatch({ clock, storage });
    await after.start(next);
    const late = arriving(clock, 13);
    await after.consume(late, next);
    expect(after.entries).toBe(13);
    await clock.advance(200);
    expect(leavesOf(passed)).toEqual(leavesOf([...sent, late]));
    expect([after.entries, await keysOf(storage)]).toEqual([0, []]);
  });

  it("has a request that takes several values again, byte by byte", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    const request = large(clock, 300);
    await gone(storage, [request], { roomBytes: 64 << 20 });
    expect((await keysOf(storage)).length).toBeGreaterThan(2);
    const { passed, next } = collector();
    await keptBatch({ clock, storage }).start(next);
    await clock.advance(200);
    expect(passed.length).toBe(1);
    expect(passed[0]?.requests.every((one, index) => Buffer.compare(one, request.requests[index] ?? new Uint8Array(0)) === 0)).toBe(true);
    expect(await keysOf(storage)).toEqual([]);
  });

  it("tells of an entry that is not whole, leaves it, and goes on with the others", async () => {
    const [clock, storage, log] = [new TestClock(), new MemoryStorage(), [] as string[]];
    await gone(
      storage,
      [1, 2].map((seed) => arriving(clock, seed)),
    );
    const [first = ""] = await keysOf(storage);
    await storage.commit([{ kind: "put", key: first, value: new Uint8Array(3) }]);
    const { passed, next } = collector();
    await keptBatch({ clock, storage, log }).start(next);
    await clock.advance(200);
    expect(leavesOf(passed)).toEqual(leavesOf([envelopeOf(2)]));
    expect([log, await keysOf(storage)]).toEqual([["Cannot read telemetry that was kept"], [first]]);
  });

  it("does not trust a length that was changed where it is kept", async () => {
    const [clock, storage, log] = [new TestClock(), new MemoryStorage(), [] as string[]];
    await gone(storage, [arriving(clock, 1)]);
    const [only = ""] = await keysOf(storage);
    const value = (await storage.get(only)) ?? new Uint8Array(0);
    const length = 4 + new DataView(value.buffer, value.byteOffset).getUint32(0, true) + 1;
    value[length] = (value[length] ?? 0) + 1;
    await storage.commit([{ kind: "put", key: only, value }]);
    const { passed, next } = collector();
    await keptBatch({ clock, storage, log }).start(next);
    await clock.advance(200);
    expect(passed).toEqual([]);
    expect(log).toEqual(["Cannot read telemetry that was kept"]);
  });

  it("finds nothing of another stage's", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    await storage.commit([{ kind: "put", key: "held/traces/batch/b/0000000000000001-3", value: new Uint8Array(3) }]);
    const stage = keptBatch({ clock, storage });
    await stage.start(collector().next);
    expect(stage.entries).toBe(0);
  });
});

describe("a stage that holds a part, and passes the rest while its sender waits", () => {
  const settings = { interval: "1s" };

  /** What comes of the same requests where nothing is kept and nothing ends. */
  async function expected(sent: readonly Envelope[]): Promise<string[]> {
    const clock = new TestClock();
    const { passed, next } = collector();
    const stage = kept(interval, "metrics", { clock, settings });
    for (const one of sent) await stage.consume(one, next);
    await clock.advance(1000);
    return leavesOf(passed);
  }

  it("passes each part once, though its process ends between", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    const sent = [1, 2, 3].map((seed) => ({ ...envelopeOf(seed, "metrics"), origin: arriving(clock, seed).origin }));
    const { passed, next } = collector();
    const before = kept(interval, "metrics", { storage, settings });
    for (const one of sent) expect(await before.consume(one, next)).toEqual(ACCEPTED);
    const atOnce = leavesOf(passed).length;
    const after = kept(interval, "metrics", { clock, storage, settings });
    await after.start(next);
    expect(after.entries).toBe(3);
    await clock.advance(999);
    expect(leavesOf(passed).length).toBe(atOnce);
    await clock.advance(1);
    const whole = await expected(sent);
    expect(leavesOf(passed)).toEqual(whole);
    expect([atOnce > 0, whole.length > atOnce, after.entries, await keysOf(storage)]).toEqual([true, true, 0, []]);
  });

  it("passes the rest again when it was not answered", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    const one = { ...envelopeOf(1, "metrics"), origin: arriving(clock, 1).origin };
    const before = kept(interval, "metrics", { storage, settings });
    // Ends in the middle of its first attempt.
    void before.consume(one, () => new Promise(() => {}));
    await clock.advance(0);
    const { passed, next } = collector();
    await kept(interval, "metrics", { clock, storage, settings }).start(next);
    await clock.advance(1000);
    expect(leavesOf(passed)).toEqual(await expected([one]));
    expect(await keysOf(storage)).toEqual([]);
  });

  it("tells the sender when the rest is not taken, and keeps nothing then", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    const stage = kept(interval, "metrics", { clock, storage, settings });
    expect(await stage.consume(envelopeOf(1, "metrics"), async () => DOWN)).toEqual(DOWN);
    expect([stage.entries, await keysOf(storage)]).toEqual([0, []]);
  });

  it("counts what log_dedup folded before its process ended", async () => {
    const [clock, storage] = [new TestClock(), new MemoryStorage()];
    const one = { ...envelopeOf(1, "logs"), origin: arriving(clock, 1).origin };
    const before = kept(logDedup, "logs", { storage, settings });
    for (const turn of [1, 2, 3]) expect([turn, await before.consume(one, collector().next)]).toEqual([turn, ACCEPTED]);
    const { passed, next } = collector();
    await kept(logDedup, "logs", { clock, storage, settings }).start(next);
    await clock.advance(1000);
    expect(passed.map(({ items }) => items)).toEqual([one.items]);
    expect(leavesOf(passed).every((leaf) => leaf.includes('"log_count","value":{"intValue":"3"}'))).toBe(true);
    expect(await keysOf(storage)).toEqual([]);
  });
});

it.each([1, 2, 3, 4, 5])("loses nothing that it acknowledged, whenever the process ends and whatever fails, seed %i", async (seed) => {
  const random = new Random(seed);
  const clock = new TestClock();
  const disk = new MemoryStorage();
  const acknowledged: Envelope[] = [];
  const { passed, next } = collector(() => (random.chance(40) ? DOWN : ACCEPTED));
  let unread = 0;
  for (let life = 0; life < 4; life++) {
    // A process that is gone writes and sends nothing: both end with it.
    let alive = true;
    const ended = () => new Promise<never>(() => {});
    const flaky = failing(disk, { percent: 20, seed: seed * 10 + life });
    const storage: Storage = { ...flaky, commit: (changes) => (alive ? flaky.commit(changes) : ended()), list: disk.list.bind(disk), get: disk.get.bind(disk) };
    const living: Next = (envelope) => (alive ? next(envelope) : ended());
    const stage = keptBatch({ clock, storage, settings: { send_batch_size: 50, send_batch_max_size: 50 } });
    await stage.start(living);
    for (let turn = 0; turn < 6; turn++) {
      const one = arriving(clock, 1 + life * 6 + turn);
      const outcome = await stage.consume(one, living);
      if (outcome.kind === "accepted") acknowledged.push(one);
      else unread++;
      await clock.advance(random.below(1500));
    }
    alive = false;
  }
  const last = keptBatch({ clock, storage: disk });
  await last.start(async (envelope) => (passed.push(envelope), ACCEPTED));
  await clock.advance(60_000);
  const arrived = new Set(leavesOf(passed));
  expect(leavesOf(acknowledged).filter((leaf) => !arrived.has(leaf))).toEqual([]);
  expect([await keysOf(disk), unread > 0]).toEqual([[], true]);
});
