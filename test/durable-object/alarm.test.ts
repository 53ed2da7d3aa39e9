/** When the object's alarm is set, how long it stays, and that it is never left unset while anything waits. */
import { expect, test } from "vitest";
import { Alarm } from "../../src/runtimes/workers/alarm.ts";
import { MemoryStorage } from "../contract/storage-faults.ts";
import { TestClock } from "../harness/clock.ts";

interface Given {
  /** Times that it cannot be set. */
  readonly fails?: number;
  /** Set before the object began, ms since 1970. */
  readonly before?: number;
  readonly sleep?: (ms: number) => Promise<void>;
}

function rig({ fails = 0, before, sleep }: Given = {}) {
  const clock = new TestClock();
  const set: number[] = [];
  const log: string[] = [];
  let left = fails;
  const storage = {
    getAlarm: () => Promise.resolve(before ?? null),
    setAlarm: (atMs: number) => (left-- > 0 ? Promise.reject(new Error("no alarm")) : Promise.resolve(void set.push(atMs - clock.nowMs()))),
  };
  const host = { clock, sleep: sleep ?? clock.sleep, logger: { log: (_level: string, message: string) => void log.push(message) } };
  return { clock, set, log, alarm: new Alarm({ storage, host }) };
}

const put = { kind: "put", key: "a", value: new Uint8Array(1) } as const;

test("what is put sets it, once; what is deleted does not", async () => {
  const { alarm, set } = rig();
  const storage = alarm.over(new MemoryStorage());
  await storage.commit([{ kind: "delete", key: "a" }]);
  expect(set).toEqual([]);
  await storage.commit([put]);
  await storage.commit([put]);
  expect(set).toEqual([5000]);
  expect([await storage.get("a"), await storage.list("", 9)]).toEqual([put.value, ["a"]]);
});

test("one that was set before the object began is left as it is, until it came", async () => {
  const { alarm, set } = rig({ before: 1 });
  const storage = alarm.over(new MemoryStorage());
  await alarm.find();
  await storage.commit([put]);
  expect(set).toEqual([]);
  await alarm.run(() => 0);
  await storage.commit([put]);
  expect(set).toEqual([5000]);
});

test("it stays until nothing is pending, and is set again by what comes then", async () => {
  const { alarm, clock, set } = rig();
  let pending = 2;
  let over = false;
  const run = alarm.run(() => pending).then(() => (over = true));
  await clock.advance(10_000);
  expect(over).toBe(false);
  pending = 0;
  await clock.advance(50);
  await run;
  expect(set).toEqual([]);
  await alarm.over(new MemoryStorage()).commit([put]);
  expect(set).toEqual([5000]);
});

test("after half a minute it is set again, and ends", async () => {
  const { alarm, clock, set } = rig();
  const run = alarm.run(() => 1);
  await clock.advance(30_000);
  await run;
  expect(set).toEqual([5000]);
});

test("whatever goes wrong in it, it is set again", async () => {
  const { alarm, set } = rig({ sleep: () => Promise.reject(new Error("no time")) });
  await expect(alarm.run(() => 1)).rejects.toThrow("no time");
  expect(set).toEqual([5000]);
});

test("where it could not be set, the next put tries again, and the failure is told", async () => {
  const { alarm, clock, log, set } = rig({ fails: 1 });
  const storage = alarm.over(new MemoryStorage());
  await storage.commit([put]);
  await clock.advance(0);
  expect([set, log]).toEqual([[], ["Cannot set the alarm"]]);
  await storage.commit([put]);
  expect(set).toEqual([5000]);
});
