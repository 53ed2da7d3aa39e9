/** A queue that a broker keeps: who is answered when, what is sent how often, and who has it when a gateway, or the broker, is gone. */
import { describe, expect, it } from "vitest";
import { SIGNALS } from "../../src/base/signal.ts";
import { TestClock } from "../harness/clock.ts";
import { leaves } from "../harness/multiset.ts";
import { gatewayOn, inBroker, TestBroker } from "./broker-rig.ts";
import { ACCEPTED, held, LATER, REFUSED, requestOf, sizesOf, TOO_LARGE } from "./delivery-rig.ts";

const WRITE_FIRST = inBroker({ durability: "write_first" });
const SEND_FIRST = inBroker({ durability: "send_first" });
const COUNT_MS = 5000;

async function begin(settings = WRITE_FIRST) {
  const clock = new TestClock();
  const broker = new TestBroker(clock);
  return { clock, broker, gateway: await gatewayOn(broker, settings) };
}

describe("write_first", () => {
  it("answers when the broker has it, and neither before it nor with the destination", async () => {
    const { broker, clock, gateway } = await begin();
    gateway.answer = () => new Promise(() => {});
    broker.publishMs = 50;
    let answered: unknown;
    void gateway.send(5).then((outcome) => (answered = outcome));
    await clock.advance(49);
    expect([answered, gateway.arrivals.length]).toEqual([undefined, 0]);
    await clock.advance(1);
    expect([answered, sizesOf(gateway.arrivals)]).toEqual([ACCEPTED, [5]]);
    expect(gateway.books()).toMatchObject({ offered: 5, published: 5, restored: 5, queued: 5, inFlight: 1 });
  });

  it("sends the very bytes, with id and origin, of every signal, and nothing is left then", async () => {
    const { broker, clock, gateway } = await begin();
    for (const [index, signal] of SIGNALS.entries()) {
      await gateway.send(7, { tenant: "t", headers: { "x-scope": "\u00e9" } }, signal);
      await clock.advance(0);
      expect(gateway.arrivals.at(-1)).toMatchObject({ signal, id: `r${index + 1}`, origin: { tenant: "t", headers: { "x-scope": "\u00e9" } } });
      expect(gateway.arrivals.at(-1)?.bytes).toEqual(requestOf(signal, 7, index + 1));
      expect(gateway.books(signal)).toMatchObject({ offered: 7, published: 7, restored: 7, sent: 7, queued: 0, size: 0, bytes: 0 });
    }
    expect([broker.messages.length, gateway.engine.pool.blocks]).toEqual([0, 0]);
  });

  it("tries again in memory, and acknowledges what was taken then", async () => {
    const { broker, clock, gateway } = await begin();
    let turn = 0;
    gateway.answer = () => (turn++ < 3 ? LATER : ACCEPTED);
    await gateway.send(4);
    await clock.advance(120_000);
    expect([sizesOf(gateway.arrivals), broker.messages.length]).toEqual([[4, 4, 4, 4], 0]);
    expect(gateway.books()).toMatchObject({ sent: 4, restored: 4, queued: 0 });
  });

  it("keeps a message for as long as it is worked on", async () => {
    const { broker, clock, gateway } = await begin();
    const other = await gatewayOn(broker, WRITE_FIRST);
    const both = [gateway, other];
    for (const one of both) one.answer = () => LATER;
    await gateway.send(4);
    await clock.advance(6 * broker.ackWaitMs);
    expect(broker.messages.map(({ deliveries }) => deliveries)).toEqual([1]);
    expect(both.filter(({ arrivals }) => arrivals.length > 0).length).toBe(1);
  });

  it("counts what is refused for good as dropped, and nobody is given it again", async () => {
    const { broker, clock, gateway } = await begin();
    gateway.answer = () => REFUSED;
    expect(await gateway.send(4)).toEqual(ACCEPTED);
    await clock.advance(0);
    expect(gateway.books()).toMatchObject({ dropped: 4, queued: 0 });
    expect([gateway.dropped("refused"), broker.messages.length]).toEqual([4, 0]);
  });

  it("divides in memory what the destination finds too large", async () => {
    const { broker, clock, gateway } = await begin();
    gateway.answer = ({ items }) => (items > 3 ? TOO_LARGE : ACCEPTED);
    await gateway.send(10);
    await clock.advance(0);
    expect(gateway.books()).toMatchObject({ sent: 10, queued: 0 });
    expect(broker.messages.length).toBe(0);
  });
});

describe("send_first", () => {
  it("publishes nothing while the destination accepts in its window", async () => {
    const { broker, clock, gateway } = await begin(SEND_FIRST);
    gateway.answer = () => clock.sleep(900).then(() => ACCEPTED);
    const sending = gateway.send(5);
    await clock.advance(1000);
    expect([await sending, broker.messages.length]).toEqual([ACCEPTED, 0]);
    expect(gateway.books()).toMatchObject({ offered: 5, sent: 5, published: 0, restored: 0, size: 0 });
  });

  it("publishes what the window is over for, and takes it back when the attempt ends well", async () => {
    const { broker, clock, gateway } = await begin(SEND_FIRST);
    gateway.answer = () => clock.sleep(5000).then(() => ACCEPTED);
    const sending = gateway.send(5);
    await clock.advance(999);
    expect(broker.messages.length).toBe(0);
    await clock.advance(1);
    expect([await sending, broker.messages.length]).toEqual([ACCEPTED, 1]);
    expect(gateway.books()).toMatchObject({ queued: 5, published: 0, size: 1 });
    await clock.advance(60_000);
    expect([sizesOf(gateway.arrivals), broker.messages.length]).toEqual([[5], 0]);
    expect(gateway.books()).toMatchObject({ offered: 5, sent: 5, restored: 0, published: 0, queued: 0, size: 0 });
  });

  it("publishes what fails at once, and what comes then, and sends each once more as a message", async () => {
    const { broker, clock, gateway } = await begin(SEND_FIRST);
    let well = false;
    gateway.answer = () => (well ? ACCEPTED : LATER);
    const sends = [await gateway.send(3), await gateway.send(4)];
    expect(sends).toEqual([ACCEPTED, ACCEPTED]);
    expect(gateway.total("sluice_exporter_late")).toBe(1);
    expect(broker.messages.length).toBe(2);
    well = true;
    await clock.advance(120_000);
    expect(gateway.books()).toMatchObject({ offered: 7, sent: 7, queued: 0, size: 0, bytes: 0 });
    expect(sizesOf(gateway.arrivals).toSorted((one, other) => one - other)).toEqual([3, 3, 4, 4]);
    expect([broker.messages.length, gateway.total("sluice_exporter_late"), gateway.engine.pool.blocks]).toEqual([0, 0, 0]);
  });

  it("sends once what two gateways see while it is down: none keeps a copy beside the message", async () => {
    const { broker, clock, gateway } = await begin(SEND_FIRST);
    const other = await gatewayOn(broker, SEND_FIRST);
    let well = false;
    const taken: string[] = [];
    for (const one of [gateway, other]) {
      one.answer = ({ bytes }) => {
        if (well) taken.push(...leaves("traces", bytes));
        return well ? ACCEPTED : LATER;
      };
    }
    for (let index = 0; index < 6; index++) await gateway.send(2);
    await clock.advance(60_000);
    well = true;
    await clock.advance(120_000);
    expect([taken.length, new Set(taken).size]).toEqual([12, 12]);
    const books = [gateway.books(), other.books()];
    expect(books.reduce((sum, { sent }) => sum + sent, 0)).toBe(12);
    expect(books.map(({ queued }) => queued)).toEqual([0, 0]);
    expect(broker.messages.length).toBe(0);
  });

  it("sends a message that is on its way to us while its attempt ends well once", async () => {
    const { broker, clock, gateway } = await begin(SEND_FIRST);
    gateway.answer = () => clock.sleep(1500).then(() => ACCEPTED);
    broker.pullMs = 1000;
    broker.deaf = true;
    void gateway.send(5);
    await clock.advance(60_000);
    broker.deaf = false;
    await clock.advance(60_000);
    expect([sizesOf(gateway.arrivals), broker.messages.length]).toEqual([[5], 0]);
    expect(gateway.books()).toMatchObject({ sent: 5, restored: 0, queued: 0, size: 0 });
  });

  it("leaves to the broker what was joined to a batch that is not tried any more", async () => {
    const batch = { sizer: "items", min_size: 10, max_size: 15, flush_timeout: "200ms" };
    const { broker, clock, gateway } = await begin(
      inBroker({ durability: "send_first", num_consumers: 1, batch }, { retry_on_failure: { max_elapsed_time: "0s" } }),
    );
    gateway.answer = () => clock.sleep(1700).then(() => ACCEPTED);
    const sends = [gateway.send(1), gateway.send(15)];
    await clock.advance(120_000);
    expect(await Promise.all(sends)).toEqual([ACCEPTED, ACCEPTED]);
    const { dropped, offered, published, queued, restored, sent } = gateway.books();
    expect([offered, dropped, queued, sent - restored + published, broker.messages.length]).toEqual([16, 0, 0, 16, 0]);
    expect(new Set(gateway.arrivals.flatMap(({ bytes }) => leaves("traces", bytes))).size).toBe(16);
  });

  it("gives the sender what is refused for good, and keeps nothing", async () => {
    const { broker, gateway } = await begin(SEND_FIRST);
    gateway.answer = () => REFUSED;
    expect(await gateway.send(5)).toEqual(REFUSED);
    expect(gateway.books()).toMatchObject({ returned: 5, queued: 0, size: 0 });
    expect(broker.messages.length).toBe(0);
  });

  it("leaves the rest of a request to the broker that a destination took a part of", async () => {
    const { broker, clock, gateway } = await begin(SEND_FIRST);
    let turn = 0;
    gateway.answer = () => [TOO_LARGE, ACCEPTED, LATER][turn++] ?? ACCEPTED;
    expect(await gateway.send(10)).toEqual(ACCEPTED);
    await clock.advance(120_000);
    const books = gateway.books();
    expect(books).toMatchObject({ offered: 10, dropped: 0, returned: 0, queued: 0, restored: 10 });
    expect([sizesOf(gateway.arrivals)[3], broker.messages.length]).toEqual([10, 0]);
  });
});

describe("a gateway that is gone", () => {
  it.each([WRITE_FIRST, SEND_FIRST])("leaves what it had acknowledged to the others, after ack_wait (%j)", async (settings) => {
    const { broker, clock, gateway } = await begin(settings);
    gateway.answer = () => new Promise(() => {});
    const sends = [1, 2, 3].map((items) => gateway.send(items));
    await clock.advance(1000);
    expect(await Promise.all(sends)).toEqual([ACCEPTED, ACCEPTED, ACCEPTED]);
    const other = await gatewayOn(broker, settings);
    gateway.crash();
    await clock.advance(broker.ackWaitMs - 1001);
    expect(other.arrivals.length).toBe(0);
    await clock.advance(1001);
    expect(sizesOf(other.arrivals)).toEqual([1, 2, 3]);
    expect(other.books()).toMatchObject({ offered: 0, restored: 6, sent: 6, queued: 0 });
    expect(broker.messages.length).toBe(0);
  });

  it.each([WRITE_FIRST, SEND_FIRST])("hands back at its stop what it could not deliver, at once (%j)", async (settings) => {
    const { broker, clock, gateway } = await begin(settings);
    gateway.answer = () => new Promise(() => {});
    const sends = [1, 2, 3].map((items) => gateway.send(items));
    await clock.advance(100);
    await gateway.stop(1000);
    expect(await Promise.all(sends)).toEqual([ACCEPTED, ACCEPTED, ACCEPTED]);
    expect(gateway.books()).toMatchObject({ queued: 0, dropped: 0, returned: 0, inFlight: 0, bytes: 0 });
    const other = await gatewayOn(broker, settings);
    await clock.advance(0);
    expect(sizesOf(other.arrivals)).toEqual([1, 2, 3]);
    expect(other.books()).toMatchObject({ restored: 6, sent: 6 });
  });

  it("refuses what comes while it stops", async () => {
    const { gateway } = await begin();
    await gateway.stop(0);
    expect(await gateway.send(1)).toMatchObject({ kind: "retry", message: "the gateway is stopping" });
    expect(gateway.books()).toMatchObject({ returned: 1 });
  });
});

describe("a broker that is gone", () => {
  it("acknowledges nothing, and goes on when it is back", async () => {
    const { broker, clock, gateway } = await begin();
    broker.up = false;
    broker.stir();
    expect(await gateway.send(5)).toEqual({ kind: "retry", message: "cannot store: Cannot reach the broker", afterMs: 1000 });
    expect(gateway.books()).toMatchObject({ offered: 5, returned: 5, queued: 0, size: 0 });
    await clock.advance(10_000);
    broker.up = true;
    expect(await gateway.send(6)).toEqual(ACCEPTED);
    await clock.advance(COUNT_MS);
    expect(gateway.books()).toMatchObject({ sent: 6, queued: 0, size: 0 });
    expect(gateway.total("sluice_exporter_store_failures")).toBeGreaterThan(0);
  });

  it("does not send again what was delivered while no acknowledgement arrived", async () => {
    const { broker, clock, gateway } = await begin();
    broker.deaf = true;
    await gateway.send(5);
    await clock.advance(0);
    expect([sizesOf(gateway.arrivals), broker.messages.length]).toEqual([[5], 1]);
    broker.deaf = false;
    await clock.advance(2 * broker.ackWaitMs);
    expect([sizesOf(gateway.arrivals), broker.messages.length]).toEqual([[5], 0]);
    expect(gateway.books()).toMatchObject({ restored: 5, sent: 5 });
  });

  it("under send_first gives back what it cannot take, and the attempt may end well all the same", async () => {
    const { broker, clock, gateway } = await begin(SEND_FIRST);
    const { answer, waiting } = held();
    gateway.answer = answer;
    broker.up = false;
    const sending = gateway.send(5);
    await clock.advance(1000);
    expect(await sending).toMatchObject({ kind: "retry", afterMs: 1000 });
    waiting[0]?.();
    await clock.advance(0);
    expect(gateway.books()).toMatchObject({ sent: 5, returned: 0, queued: 0, size: 0 });
    expect(gateway.engine.pool.blocks).toBe(0);
  });
});

describe("messages", () => {
  it("are as large as the broker takes: a larger request is divided, and all of it kept before the answer", async () => {
    const { broker, clock, gateway } = await begin(inBroker({ durability: "write_first", num_consumers: 1000 }));
    gateway.answer = () => new Promise(() => {});
    broker.messageBytesMax = 4000;
    const bytes = requestOf("traces", 100, 1);
    expect(bytes.length).toBeGreaterThan(4 * broker.messageBytesMax);
    expect(await gateway.sendBytes(bytes)).toEqual(ACCEPTED);
    await clock.advance(0);
    expect(Math.max(...broker.messages.map((message) => message.bytes.length))).toBeLessThanOrEqual(4000);
    const arrived = gateway.arrivals.flatMap((arrival) => leaves("traces", arrival.bytes));
    expect(arrived.toSorted().join() === leaves("traces", bytes).toSorted().join()).toBe(true);
    expect(gateway.books()).toMatchObject({ offered: 100, published: 100, restored: 100, queued: 100 });
  });

  it("of which a part is not taken are the sender's again, but for that part", async () => {
    const { broker, clock, gateway } = await begin();
    gateway.answer = () => new Promise(() => {});
    broker.messageBytesMax = 4000;
    broker.publishMs = 10;
    const sending = gateway.sendBytes(requestOf("traces", 100, 1));
    await clock.advance(15);
    broker.up = false;
    await clock.advance(10);
    expect(await sending).toMatchObject({ kind: "retry" });
    const { published, returned } = gateway.books();
    expect([published > 0, published + returned]).toEqual([true, 100]);
  });

  it("cannot be of an item that is larger: refused, with the cure", async () => {
    const { broker, gateway } = await begin();
    broker.messageBytesMax = 150;
    expect(await gateway.send(3)).toMatchObject({ kind: "refused", status: 413, message: expect.stringMatching(/ 150: take larger ones$/) });
    expect(gateway.books()).toMatchObject({ returned: 3, queued: 0, size: 0 });
    expect([broker.messages.length, gateway.engine.pool.blocks]).toEqual([0, 0]);
  });

  it("that are damaged are counted, and discarded", async () => {
    const { broker, clock, gateway } = await begin();
    const place = await broker.connect().open("otlp_http/test", "traces");
    await place.publish("x-1/0.9", new Uint8Array([1, 2, 3]));
    await clock.advance(0);
    expect(gateway.books()).toMatchObject({ restored: 9, dropped: 9, queued: 0 });
    expect([gateway.dropped("damaged"), broker.discarded, broker.messages.length]).toEqual([9, ["no batch of Sluice"], 0]);
  });

  it("are named by their sender's key: two gateways keep a request once", async () => {
    const { broker, clock, gateway } = await begin();
    const other = await gatewayOn(broker, WRITE_FIRST);
    for (const one of [gateway, other]) one.answer = () => clock.sleep(1000).then(() => ACCEPTED);
    const bytes = requestOf("traces", 4, 1);
    expect(await gateway.sendBytes(bytes, { key: "k" })).toEqual(ACCEPTED);
    expect(await other.sendBytes(bytes, { key: "k" })).toEqual(ACCEPTED);
    await clock.advance(10_000);
    expect(gateway.arrivals.length + other.arrivals.length).toBe(1);
    expect(other.books()).toMatchObject({ offered: 4, repeated: 4 });
  });
});

describe("room", () => {
  it("is queue_size messages, whoever published them: beyond it the sender is told to come again", async () => {
    const settings = inBroker({ durability: "write_first", queue_size: 2 });
    const { broker, clock, gateway } = await begin(settings);
    const other = await gatewayOn(broker, settings);
    for (const one of [gateway, other]) one.answer = () => LATER;
    expect(await gateway.send(1)).toEqual(ACCEPTED);
    expect(await gateway.send(1)).toEqual(ACCEPTED);
    expect(await gateway.send(1)).toEqual({ kind: "retry", message: "the sending queue is full: 2 requests", afterMs: 1000 });
    await clock.advance(COUNT_MS);
    expect(await other.send(1)).toMatchObject({ kind: "retry", message: "the sending queue is full: 2 requests" });
    expect([gateway.books().size, other.books().size]).toEqual([2, 2]);
    for (const one of [gateway, other]) one.answer = () => ACCEPTED;
    await clock.advance(120_000);
    expect(await other.send(1)).toEqual(ACCEPTED);
  });

  it("in memory is held_bytes_max: what it has no room for waits in the broker", async () => {
    const { broker, clock, gateway } = await begin(inBroker({ durability: "write_first", num_consumers: 1 }));
    const { answer, waiting } = held();
    gateway.answer = answer;
    const bytes = requestOf("traces", 700, 1);
    const count = Math.ceil((6 << 20) / bytes.length);
    for (let index = 0; index < count; index++) {
      expect(await gateway.sendBytes(bytes)).toEqual(ACCEPTED);
      await clock.advance(0);
    }
    expect(gateway.books().bytes).toBeLessThanOrEqual(5 << 20);
    expect(broker.messages.some(({ deliveries }) => deliveries === 0)).toBe(true);
    for (let done = 0; done < count; done++) {
      waiting[done]?.();
      await clock.advance(0);
    }
    expect(gateway.books()).toMatchObject({ sent: 700 * count, queued: 0, bytes: 0, size: 0 });
  });
});
