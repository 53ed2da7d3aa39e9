/** A wall clock that jumps, in front of a durable queue: what is waited for, and for how long, is not its business. */
import { describe, expect, it } from "vitest";
import { Disk, durable, processOn } from "../delivery/durable-rig.ts";
import { ACCEPTED, LATER } from "../delivery/delivery-rig.ts";
import { TestClock } from "../harness/clock.ts";

const HOUR_MS = 3_600_000;

/** A monotonic clock that the test moves, and a wall clock that says what the test likes. */
class JumpingClock extends TestClock {
  wallMs: (honestMs: number) => number = (honestMs) => honestMs;

  override nowMs(): number {
    return this.wallMs(super.nowMs());
  }
}

const JUMPS: readonly (readonly [name: string, wallMs: (honestMs: number) => number])[] = [
  ["an hour ahead", (honestMs) => honestMs + HOUR_MS],
  ["an hour back", (honestMs) => honestMs - HOUR_MS],
  ["to 1970", () => 0],
  ["before 1970", () => -HOUR_MS],
  ["frozen", () => 1_700_000_000_000],
];

describe.each(["send_first", "write_first"])("%s", (durability) => {
  const settings = durable({ durability, num_consumers: 1 }, { retry_on_failure: { max_elapsed_time: "60s", max_interval: "5s", randomization_factor: 0 } });

  it.each(JUMPS)("the clock jumps %s while it is tried again: at the same times, and given up at the same time", async (_name, wallMs) => {
    const times: number[][] = [];
    for (const jump of [undefined, wallMs]) {
      const clock = new JumpingClock();
      const rig = await processOn(new Disk(), clock, settings, { answer: () => LATER });
      const sent = rig.send(5);
      await clock.advance(12_000);
      clock.wallMs = jump ?? clock.wallMs;
      await clock.advance(300_000);
      expect(await sent).toMatchObject({ kind: "accepted" });
      expect(rig.books()).toMatchObject({ sent: 0, dropped: 5, queued: 0 });
      expect(rig.dropped("max_elapsed_time")).toBe(5);
      times.push(rig.arrivals.map(({ atMs }) => atMs));
    }
    expect(times[1]).toEqual(times[0]);
    expect(times[0]?.length).toBeGreaterThan(10);
  });

  it.each(JUMPS)("the clock jumps %s before the next process starts: it delivers everything, in order", async (_name, wallMs) => {
    const clock = new JumpingClock();
    const disk = new Disk();
    const first = await processOn(disk, clock, settings, { answer: () => LATER });
    const sent = [first.send(1), first.send(2), first.send(3)];
    await clock.advance(5000);
    expect((await Promise.all(sent)).map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted"]);
    first.crash();
    clock.wallMs = wallMs;
    const second = await processOn(disk, clock, settings, { answer: () => ACCEPTED });
    await clock.advance(60_000);
    expect(second.arrivals.map(({ items }) => items)).toEqual([1, 2, 3]);
    expect(second.books()).toMatchObject({ sent: 6, dropped: 0, queued: 0 });
    // And takes more.
    const more = second.send(4);
    await clock.advance(1000);
    expect(await more).toMatchObject({ kind: "accepted" });
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });
});
