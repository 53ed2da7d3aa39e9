/** A queue that the platform keeps and hands out by calling us: one attempt each time, and what is left is the platform's again. */
import { describe, expect, it } from "vitest";
import type { HandedMessage, PlatformQueue, Verdict } from "../../src/base/broker.ts";
import { SIGNALS } from "../../src/base/signal.ts";
import { TestClock } from "../harness/clock.ts";
import { leaves } from "../harness/multiset.ts";
import { ACCEPTED, deliveryRig, LATER, REFUSED, requestOf, sizesOf, TOO_LARGE, UNTRIED } from "./delivery-rig.ts";

class TestQueue implements PlatformQueue {
  messageBytesMax = 126_000;
  readonly messageCure = "take larger ones";
  fails = false;
  readonly waiting: Omit<HandedMessage, "attempts">[] = [];
  readonly #handlers = new Map<string, (message: HandedMessage) => Promise<Verdict>>();

  async send(message: Omit<HandedMessage, "attempts">): Promise<void> {
    if (this.fails) throw new TypeError("Too many requests");
    this.waiting.push(structuredClone(message));
  }

  onMessage(exporter: string, signal: string, handler: (message: HandedMessage) => Promise<Verdict>): void {
    this.#handlers.set(`${exporter} ${signal}`, handler);
  }

  /** Hands out the first one; it goes, where that is the verdict. */
  async handOut(attempts = 1): Promise<Verdict | undefined> {
    const [first] = this.waiting;
    const verdict = first && (await this.#handlers.get(`${first.exporter} ${first.signal}`)?.({ ...first, attempts }));
    if (verdict?.kind === "done") this.waiting.shift();
    return verdict;
  }
}

async function begin(queue: object = { durability: "write_first" }, rest: object = {}) {
  const platform = new TestQueue();
  const rig = deliveryRig({ sending_queue: { storage: "cloudflare_queue", ...queue }, ...rest }, { platformQueue: platform, clock: new TestClock() });
  await rig.exporter.start?.();
  return { platform, rig };
}

describe("write_first", () => {
  it("answers when the queue has it, and sends the very bytes when it is handed out", async () => {
    const { platform, rig } = await begin();
    for (const [index, signal] of SIGNALS.entries()) {
      expect(await rig.send(7, { tenant: "t", headers: { "x-scope": "\u00e9" } }, signal)).toEqual(ACCEPTED);
      expect([rig.arrivals.length, platform.waiting.length]).toEqual([index, 1]);
      expect(await platform.handOut()).toEqual({ kind: "done" });
      expect(rig.arrivals.at(-1)).toMatchObject({ signal, id: `r${index + 1}`, origin: { tenant: "t", headers: { "x-scope": "\u00e9" } } });
      expect(rig.arrivals.at(-1)?.bytes).toEqual(requestOf(signal, 7, index + 1));
      expect(rig.books(signal)).toMatchObject({ offered: 7, published: 7, restored: 7, sent: 7, queued: 0 });
    }
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("needs no Durable Object: it keeps nothing between two requests", async () => {
    const { rig } = await begin();
    expect(rig.exporter.state).toBe("none");
  });

  it("divides what is larger than a message, and all of it is kept before the answer", async () => {
    const { platform, rig } = await begin();
    platform.messageBytesMax = 4000;
    const bytes = requestOf("traces", 60, 1);
    expect(await rig.sendBytes(bytes)).toEqual(ACCEPTED);
    expect(Math.max(...platform.waiting.map((message) => message.bytes.length))).toBeLessThanOrEqual(4000);
    while (platform.waiting.length > 0) await platform.handOut();
    const arrived = rig.arrivals.flatMap((arrival) => leaves("traces", arrival.bytes));
    expect(arrived.toSorted().join() === leaves("traces", bytes).toSorted().join()).toBe(true);
    expect(rig.books()).toMatchObject({ offered: 60, published: 60, restored: 60, sent: 60, queued: 0 });
  });

  it("tells the sender to come again when the queue does not take it, and when an item is too large for good", async () => {
    const { platform, rig } = await begin();
    platform.fails = true;
    expect(await rig.send(3)).toEqual({ kind: "retry", message: "cannot store: Too many requests", afterMs: 1000 });
    platform.fails = false;
    platform.messageBytesMax = 150;
    expect(await rig.send(3)).toMatchObject({ kind: "refused", status: 413 });
    expect(rig.books()).toMatchObject({ offered: 6, returned: 6, queued: 0 });
    expect([rig.total("sluice_exporter_store_failures"), platform.waiting.length, rig.engine.pool.blocks]).toEqual([1, 0, 0]);
  });
});

describe("send_first", () => {
  it("sends nothing to the queue while the destination takes it, and what it refuses for good is the sender's", async () => {
    const { platform, rig } = await begin({});
    expect(await rig.send(5)).toEqual(ACCEPTED);
    rig.answer = () => REFUSED;
    expect(await rig.send(4)).toEqual(REFUSED);
    expect(platform.waiting.length).toBe(0);
    expect(rig.books()).toMatchObject({ offered: 9, sent: 5, returned: 4, published: 0, queued: 0 });
  });

  it("sends there what failed, and then what comes, at once, until an attempt succeeds", async () => {
    const { platform, rig } = await begin({});
    rig.answer = () => LATER;
    expect(await rig.send(5)).toEqual(ACCEPTED);
    expect(await rig.send(6)).toEqual(ACCEPTED);
    expect([sizesOf(rig.arrivals), platform.waiting.length, rig.total("sluice_exporter_late")]).toEqual([[5], 2, 1]);
    rig.answer = () => ACCEPTED;
    expect(await platform.handOut()).toEqual({ kind: "done" });
    expect(await rig.send(7)).toEqual(ACCEPTED);
    expect([sizesOf(rig.arrivals), platform.waiting.length]).toEqual([[5, 5, 7], 1]);
    expect(rig.books()).toMatchObject({ offered: 18, published: 11, restored: 5, sent: 12, queued: 0 });
  });
});

describe("a message", () => {
  it("that failed is handed out again, later each time, or when the destination asks for it", async () => {
    const { platform, rig } = await begin();
    await rig.send(5);
    rig.answer = () => LATER;
    expect([await platform.handOut(1), await platform.handOut(2), await platform.handOut(3)]).toEqual([
      { kind: "again", afterMs: 5000 },
      { kind: "again", afterMs: 7500 },
      { kind: "again", afterMs: 11_250 },
    ]);
    rig.answer = () => ({ ...LATER, afterMs: 60_000 });
    expect(await platform.handOut(4)).toEqual({ kind: "again", afterMs: 60_000 });
    expect(rig.books()).toMatchObject({ offered: 5, restored: 20, published: 25, sent: 0, dropped: 0, queued: 0 });
    rig.answer = () => ACCEPTED;
    expect(await platform.handOut(5)).toEqual({ kind: "done" });
  });

  it("is given up after max_elapsed_time from its arrival, and when retries are off", async () => {
    const { platform, rig } = await begin();
    await rig.send(5);
    await rig.clock.advance(300_000);
    rig.answer = () => LATER;
    expect(await platform.handOut(9)).toEqual({ kind: "done" });
    expect([rig.dropped("max_elapsed_time"), rig.books().queued]).toEqual([5, 0]);
    const off = await begin({ durability: "write_first" }, { retry_on_failure: { enabled: false } });
    await off.rig.send(5);
    off.rig.answer = () => LATER;
    expect(await off.platform.handOut()).toEqual({ kind: "done" });
    expect(off.rig.dropped("send_failed")).toBe(5);
  });

  it("that is refused for good is dropped, one that is too large is divided, one for which there is no memory comes again", async () => {
    const { platform, rig } = await begin();
    await rig.send(5);
    rig.answer = () => UNTRIED;
    expect(await platform.handOut()).toMatchObject({ kind: "again" });
    rig.answer = () => REFUSED;
    expect(await platform.handOut()).toEqual({ kind: "done" });
    expect(rig.dropped("refused")).toBe(5);
    await rig.send(10);
    rig.answer = ({ items }) => (items > 3 ? TOO_LARGE : ACCEPTED);
    expect(await platform.handOut()).toEqual({ kind: "done" });
    expect(rig.books()).toMatchObject({ sent: 10, queued: 0 });
  });

  it("that is damaged is counted", async () => {
    const { platform, rig } = await begin();
    await platform.send({ exporter: "otlp_http/test", signal: "traces", items: 9, bytes: new Uint8Array([1, 2, 3]) });
    expect(await platform.handOut()).toEqual({ kind: "done" });
    expect(rig.books()).toMatchObject({ restored: 9, dropped: 9, queued: 0 });
    expect(rig.dropped("damaged")).toBe(9);
  });
});
