import { describe, expect, it } from "vitest";
import { Windows } from "../../src/delivery/durable/windows.ts";
import { TestClock } from "../harness/clock.ts";

const WINDOW_MS = 100;

function begin() {
  const clock = new TestClock();
  const over: string[] = [];
  const windows = new Windows<string>({ clock, sleep: clock.sleep }, WINDOW_MS, (item) => void over.push(item));
  return { clock, over, windows };
}

describe("windows", () => {
  it("end in the order in which they were opened, each at its time", async () => {
    const { clock, over, windows } = begin();
    windows.open("first");
    await clock.advance(60);
    windows.open("second");
    await clock.advance(39);
    expect(over).toEqual([]);
    await clock.advance(1);
    expect(over).toEqual(["first"]);
    await clock.advance(60);
    expect(over).toEqual(["first", "second"]);
  });

  it("that are closed end nothing, and hold nothing of their item", async () => {
    const { clock, over, windows } = begin();
    const [first, second, third] = ["first", "second", "third"].map((item) => windows.open(item));
    if (first === undefined || second === undefined || third === undefined) throw new Error("There are three");
    windows.close(second);
    windows.close(first);
    expect([first.item, second.item, third.item]).toEqual([undefined, undefined, "third"]);
    await clock.advance(WINDOW_MS);
    expect(over).toEqual(["third"]);
    windows.open("fourth");
    await clock.advance(WINDOW_MS);
    expect(over).toEqual(["third", "fourth"]);
  });
});
