/** What a destination has taken of an entry is not sent to it again, whatever becomes of the process. */
import { describe, expect, it } from "vitest";
import { type Signal, SIGNALS } from "../../src/base/signal.ts";
import { NOTHING_OVER, Progress, type Ranges, readRanges, restOf } from "../../src/delivery/durable/progress.ts";
import type { Change } from "../../src/pipeline/storage.ts";
import { divided } from "../../src/pipeline/batching/cut.ts";
import { TestClock } from "../harness/clock.ts";
import { testEngine } from "../harness/engine.ts";
import { leaves } from "../harness/multiset.ts";
import { ACCEPTED, type Arrival, held, LATER, ORIGIN, REFUSED, requestOf, sizesOf, TOO_LARGE } from "./delivery-rig.ts";
import { Disk, durable, type Process, processOn } from "./durable-rig.ts";

const MODES = ["send_first", "write_first"] as const;
const TENS = { sizer: "items", batch: { min_size: 10, max_size: 10 } };
const never = () => new Promise<never>(() => {});
const bytes = (text: string) => new TextEncoder().encode(text);
const isNote = ({ key }: Change) => key.startsWith("delivery/progress/");

/** What the disk has noted, in order of arrival. */
async function notesOn(disk: Disk): Promise<readonly Ranges[]> {
  const keys = await disk.keys("delivery/progress/");
  return Promise.all(keys.map(async (key) => readRanges((await disk.storage.get(key)) ?? bytes(""))));
}

function leavesOf(arrivals: readonly Arrival[], signal: Signal = "traces"): string[] {
  return arrivals.flatMap((arrival) => leaves(signal, arrival.bytes)).toSorted();
}

/** Sends 25 items in tens, of which the destination answers for those that `answer` says, and is gone. */
async function interrupted(disk: Disk, clock: TestClock, queue: Readonly<Record<string, unknown>>, answer: Process["answer"]): Promise<Process> {
  const process = await processOn(disk, clock, durable({ ...TENS, ...queue }), { answer });
  void process.send(25);
  await clock.advance(2000);
  process.crash();
  return process;
}

describe.each(MODES)("a batch that was divided and not finished, %s", (durability) => {
  it("goes on where it was: the next process sends the rest, and nothing else", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    let turn = 0;
    const first = await interrupted(disk, clock, { durability, num_consumers: 1 }, () => (turn++ < 1 ? ACCEPTED : never()));
    expect(await notesOn(disk)).toEqual([[[0, 10]]]);
    const second = await processOn(disk, clock, durable({ durability }));
    await clock.advance(0);
    expect(leavesOf([...first.arrivals.slice(0, 1), ...second.arrivals])).toEqual(leaves("traces", requestOf("traces", 25, 1)));
    expect(second.books()).toMatchObject({ restored: 15, sent: 15, queued: 0, stored: 0, size: 0 });
    expect(await disk.keys("delivery/")).toEqual(["delivery/session"]);
  });

  it("leaves the parts in its middle, and the rest of those, over one process after another", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    let turn = 0;
    const first = await interrupted(disk, clock, { durability, num_consumers: 3 }, () => (turn++ === 1 ? never() : ACCEPTED));
    expect(await notesOn(disk)).toEqual([
      [
        [0, 10],
        [20, 25],
      ],
    ]);
    let again = 0;
    const settings = durable({ durability, num_consumers: 1, sizer: "items", batch: { min_size: 4, max_size: 4 } });
    const second = await processOn(disk, clock, settings, { answer: () => (again++ === 0 ? ACCEPTED : never()) });
    await clock.advance(2000);
    expect(second.books()).toMatchObject({ restored: 10, sent: 4, queued: 6, size: 10 });
    second.crash();
    expect(await notesOn(disk)).toEqual([
      [
        [0, 14],
        [20, 25],
      ],
    ]);
    const third = await processOn(disk, clock, durable({ durability }));
    await clock.advance(0);
    expect(third.books()).toMatchObject({ restored: 6, sent: 6, queued: 0 });
    const taken = [...first.arrivals.filter((_, index) => index !== 1), ...second.arrivals.slice(0, 1), ...third.arrivals];
    expect(leavesOf(taken)).toEqual(leaves("traces", requestOf("traces", 25, 1)));
  });

  it.each(SIGNALS)("halved for its size, sends the other half of %s", async (signal) => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await processOn(disk, clock, durable({ durability }));
    first.answer = ({ items }) => (items === 20 ? TOO_LARGE : first.arrivals.length > 2 ? never() : ACCEPTED);
    void first.send(20, {}, signal);
    await clock.advance(2000);
    first.crash();
    const [whole, half] = first.arrivals;
    const second = await processOn(disk, clock, durable({ durability }));
    await clock.advance(0);
    expect(leavesOf([...(half === undefined ? [] : [half]), ...second.arrivals], signal)).toEqual(leaves(signal, whole?.bytes ?? bytes("")));
    expect(second.books(signal)).toMatchObject({ restored: 20 - (half?.items ?? 0), sent: 20 - (half?.items ?? 0), queued: 0 });
  });

  it("is not sent again what was refused of it, which was counted at once", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    let turn = 0;
    const first = await interrupted(disk, clock, { durability, num_consumers: 1 }, () => (turn++ < 1 ? REFUSED : never()));
    expect(first.books()).toMatchObject({ dropped: 10, queued: 15 });
    const second = await processOn(disk, clock, durable({ durability }));
    await clock.advance(0);
    expect(sizesOf(second.arrivals)).toEqual([15]);
    expect(second.books()).toMatchObject({ restored: 15, sent: 15, dropped: 0 });
  });

  it("is finished in one process as before: notes are gone with it", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const { answer, waiting } = held();
    const process = await processOn(disk, clock, durable({ durability, num_consumers: 3, ...TENS }), { answer });
    void process.send(25);
    await clock.advance(2000);
    waiting[2]?.();
    await clock.advance(0);
    expect(await notesOn(disk)).toEqual([[[20, 25]]]);
    waiting[0]?.();
    waiting[1]?.(REFUSED);
    await clock.advance(0);
    expect(process.books()).toMatchObject({ sent: 15, dropped: 10, queued: 0, stored: 0 });
    expect(await disk.keys("delivery/")).toEqual(["delivery/session"]);
  });
});

describe("several entries in one batch", () => {
  it("that was divided end each for itself: what was accepted is deleted, the other goes on in its middle", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await processOn(disk, clock, durable({ durability: "write_first", sizer: "items", batch: { min_size: 10 } }));
    first.answer = ({ items }) => (items > 6 ? TOO_LARGE : first.arrivals.length > 2 ? never() : ACCEPTED);
    await first.send(2);
    await first.send(8);
    await clock.advance(1000);
    const [, half] = first.arrivals;
    const taken = half?.items ?? 0;
    expect(taken).toBeGreaterThan(2);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    expect(await notesOn(disk)).toEqual([[[0, taken - 2]]]);
    expect(first.books()).toMatchObject({ sent: taken, queued: 10 - taken, size: 8 });
    first.crash();
    const second = await processOn(disk, clock, durable({ durability: "write_first" }));
    await clock.advance(0);
    expect(second.books()).toMatchObject({ restored: 10 - taken, sent: 10 - taken });
  });

  it("of which one is over and the other is tried again: that one alone is written", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const process = await processOn(disk, clock, durable({ sizer: "items", batch: { min_size: 10 } }));
    process.answer = ({ items }) => (items > 6 ? TOO_LARGE : process.arrivals.length > 2 ? LATER : ACCEPTED);
    const sends = [process.send(2), process.send(8)];
    await clock.advance(500);
    expect(await Promise.all(sends)).toEqual([ACCEPTED, ACCEPTED]);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    expect(process.books().sent).toBeGreaterThan(2);
    process.answer = () => ACCEPTED;
    await clock.advance(10_000);
    expect(process.books()).toMatchObject({ sent: 10, queued: 0, stored: 0 });
  });
});

describe("what is noted", () => {
  it("costs nothing where entries end in one go", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const changes: Change[] = [];
    disk.fails = (commit) => {
      for (const change of commit) changes.push(change);
      return false;
    };
    const process = await processOn(disk, clock, durable({ durability: "write_first", sizer: "items", batch: { min_size: 10 } }));
    for (let turn = 0; turn < 10; turn++) await process.send(5);
    await clock.advance(1000);
    expect(process.books()).toMatchObject({ sent: 50, queued: 0 });
    expect(changes.length).toBeGreaterThan(40);
    expect(changes.filter(isNote)).toEqual([]);
  });

  it("is written with the rest of what there is to write, and the latest alone", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const process = await processOn(disk, clock, durable({ durability: "write_first", num_consumers: 1, ...TENS }), {
      answer: () => clock.sleep(1).then(() => ACCEPTED),
    });
    let notes = 0;
    disk.fails = (commit) => {
      notes += commit.filter((change) => change.kind === "put" && isNote(change)).length;
      return false;
    };
    disk.commitMs = 100;
    void process.send(300);
    await clock.advance(1000);
    expect(process.books()).toMatchObject({ sent: 300, queued: 0 });
    // Thirty parts in the time of a commit.
    expect(notes).toBeLessThanOrEqual(3);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it("before the window is over is not lost when the batch is written", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    let turn = 0;
    const first = await processOn(disk, clock, durable({ num_consumers: 1, ...TENS }), { answer: () => (turn++ < 2 ? ACCEPTED : never()) });
    void first.send(25);
    await clock.advance(900);
    expect(await disk.keys("delivery/")).toEqual(["delivery/session"]);
    await clock.advance(200);
    expect(await notesOn(disk)).toEqual([[[0, 20]]]);
    first.crash();
  });

  it("holds no deletion up on a disk that takes deletions alone", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await processOn(disk, clock, durable({ durability: "write_first", num_consumers: 2, ...TENS }));
    const { answer, waiting } = held();
    first.answer = answer;
    await first.send(25);
    await first.send(5);
    await clock.advance(1000);
    disk.fails = (changes) => changes.some(({ kind }) => kind === "put");
    waiting[0]?.();
    await clock.advance(0);
    waiting[2]?.();
    await clock.advance(0);
    waiting[3]?.();
    await clock.advance(5000);
    // The second is gone; what the first had taken could not be noted.
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    expect(await notesOn(disk)).toEqual([]);
    disk.fails = () => false;
    await clock.advance(2000);
    expect((await notesOn(disk)).length).toBe(1);
    waiting[1]?.();
    await clock.advance(1000);
    expect(await disk.keys("delivery/")).toEqual(["delivery/session"]);
  });

  it.each(["", "[[0,26]]", "[[0,25]]"])("and is damaged, %s, is taken as nothing: rather twice than not at all", async (text) => {
    const disk = new Disk();
    const clock = new TestClock();
    let turn = 0;
    await interrupted(disk, clock, { durability: "write_first", num_consumers: 1 }, () => (turn++ < 1 ? ACCEPTED : never()));
    const [key = ""] = await disk.keys("delivery/progress/");
    await disk.storage.commit([{ kind: "put", key, value: bytes(text) }]);
    const second = await processOn(disk, clock, durable({ durability: "write_first" }));
    await clock.advance(0);
    expect(sizesOf(second.arrivals)).toEqual([25]);
    expect(second.books()).toMatchObject({ restored: 25, sent: 25 });
    expect(await disk.keys("delivery/")).toEqual(["delivery/session"]);
  });

  it.each(["[]", "[[0,10],[5,7]]", "[[0,5],[5,7]]", "[[10,5]]", "[[5,5]]", "[[-1,3]]", "[[0.5,3]]", '{"0":10}', "[[0,1"])(
    "and is no row of ranges, %s, says nothing",
    (text) => {
      expect(readRanges(bytes(text))).toEqual([]);
    },
  );

  it("and has no entry any more is removed after the start", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    let turn = 0;
    await interrupted(disk, clock, { durability: "write_first", num_consumers: 1 }, () => (turn++ < 1 ? ACCEPTED : never()));
    const [entry = ""] = await disk.keys("delivery/queue/");
    await disk.storage.commit([{ kind: "delete", key: entry }]);
    await processOn(disk, clock, durable({ durability: "write_first" }));
    await clock.advance(0);
    expect(await disk.keys("delivery/")).toEqual(["delivery/session"]);
  });

  it("of one destination says nothing of another that waits for the same body", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    let turn = 0;
    const settings = durable({ durability: "write_first", num_consumers: 1, ...TENS });
    const one = await processOn(disk, clock, settings, { id: "otlp_http/one", answer: () => (turn++ < 1 ? ACCEPTED : never()) });
    void one.send(25);
    await clock.advance(1000);
    one.crash();
    const [entry = ""] = await disk.keys("delivery/queue/");
    await disk.storage.commit([{ kind: "put", key: entry.replace("one", "two"), value: bytes("") }]);
    const two = await processOn(disk, clock, durable(), { id: "otlp_http/two" });
    await clock.advance(0);
    expect(two.books()).toMatchObject({ restored: 25, sent: 25 });
    expect(await notesOn(disk)).toEqual([[[0, 10]]]);
  });

  it("is kept by a stop, with what waits for a later attempt", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    let turn = 0;
    const first = await processOn(disk, clock, durable({ durability: "write_first", num_consumers: 1, ...TENS }), {
      answer: () => (turn++ < 1 ? ACCEPTED : LATER),
    });
    void first.send(25);
    await clock.advance(0);
    await first.stop(1000);
    expect(first.books()).toMatchObject({ sent: 10, queued: 15, dropped: 0 });
    const second = await processOn(disk, clock, durable({ durability: "write_first" }));
    await clock.advance(0);
    expect(second.books()).toMatchObject({ restored: 15, sent: 15 });
  });
});

describe("what is left", () => {
  it.each(SIGNALS)("of several requests of %s is the items that are not over", (signal) => {
    const engine = testEngine(8 << 20);
    const counts = [5, 7, 3];
    const requests = counts.map((items, index) => requestOf(signal, items, index + 1));
    const each = requests.flatMap((request, index) => {
      const items = counts[index] ?? 0;
      const ones = Array.from({ length: items }, () => 1);
      return [...divided(engine, signal, { requests: [request], items }, ones)].flatMap((one) => one.requests);
    });
    const over: Ranges = [
      [0, 2],
      [4, 6],
      [11, 15],
    ];
    const rest = restOf(engine, { signal, requests, items: 15, id: "r1", origin: ORIGIN }, over);
    const expected = each.filter((_, at) => !over.some(([from, to]) => at >= from && at < to));
    expect([rest.items, expected.length]).toEqual([7, 7]);
    const leavesIn = (several: readonly Uint8Array[]) => several.flatMap((one) => leaves(signal, one)).toSorted();
    expect(leavesIn(rest.requests)).toEqual(leavesIn(expected));
    expect(engine.pool.blocks).toBe(0);
  });

  it.each<readonly [name: string, before: Ranges, added: readonly (readonly [from: number, items: number])[], after: Ranges]>([
    [
      "side by side",
      NOTHING_OVER,
      [
        [10, 5],
        [0, 10],
      ],
      [[0, 15]],
    ],
    [
      "with a gap",
      NOTHING_OVER,
      [
        [0, 2],
        [3, 1],
      ],
      [
        [0, 2],
        [3, 4],
      ],
    ],
    [
      "that fills a gap",
      NOTHING_OVER,
      [
        [0, 2],
        [3, 1],
        [2, 1],
      ],
      [[0, 4]],
    ],
    [
      "of what was left before",
      [
        [0, 2],
        [5, 6],
      ],
      [[0, 1]],
      [
        [0, 3],
        [5, 6],
      ],
    ],
    [
      "across what was over before",
      [
        [0, 2],
        [5, 6],
      ],
      [[2, 3]],
      [
        [0, 2],
        [4, 8],
      ],
    ],
  ])("loses parts %s, in the order of the body", (_name, before, added, after) => {
    const notes: Ranges[] = [];
    const progress = new Progress(before);
    progress.keep((over) => void notes.push(over));
    expect(notes).toEqual([]);
    for (const [from, items] of added) progress.add(from, items);
    expect(notes.at(-1)).toEqual(after);
  });
});
