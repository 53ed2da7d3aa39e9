/**
 * What every queue promises, wherever it keeps what waits: in memory, in SQLite, in a Durable Object, in a
 * broker. Answers come from real disks and servers, so a test waits for what it expects, and moves the
 * clock meanwhile.
 */
import { describe, expect, it } from "vitest";
import { SIGNALS } from "../../src/base/signal.ts";
import { ACCEPTED, type DeliveryRig, LATER, REFUSED, requestOf, TOO_LARGE } from "../delivery/delivery-rig.ts";
import { leaves } from "../harness/multiset.ts";

export interface QueueProcess extends DeliveryRig {
  /** From now on nothing that it does reaches what keeps the queue. */
  crash(): void;
}

/** An empty queue's place. */
export interface QueueKind {
  /** Keys of `sending_queue` that make the queue one of this kind. */
  readonly keys: Readonly<Record<string, unknown>>;
  /** A process that has started over what is kept. */
  start(settings: Readonly<Record<string, unknown>>): Promise<QueueProcess>;
}

/** Whether what was acknowledged outlives the process. */
export interface Promised {
  readonly keeps: boolean;
}

const STEP_MS = 1000;
const WAIT_MS = 20_000;
const NEVER: Promise<never> = new Promise(() => {});

export function checkQueue(name: string, { keeps }: Promised, make: () => Promise<QueueKind>): void {
  const modes: readonly Readonly<Record<string, string | boolean>>[] = keeps
    ? [{ durability: "write_first" }, { durability: "send_first" }]
    : [{ wait_for_result: true }];

  const begin = async (mode: object, queue: object = {}) => {
    const kind = await make();
    const settings = { sending_queue: { ...kind.keys, ...mode, ...queue }, retry_on_failure: { max_elapsed_time: "0s" } };
    return { start: () => kind.start(settings), process: await kind.start(settings) };
  };

  describe.each(modes)(`${name}, %j`, (mode) => {
    it("delivers what it acknowledged, once, byte for byte, and is empty then", async () => {
      const { process } = await begin(mode);
      const origin = { tenant: "t", peer: "p", headers: { "x-scope": "\u00e9" } };
      for (const signal of SIGNALS) expect(await sent(process, process.send(7, origin, signal))).toEqual(ACCEPTED);
      await until(process, () => process.arrivals.length === SIGNALS.length && SIGNALS.every((signal) => process.books(signal).queued === 0));
      for (const [index, signal] of SIGNALS.entries()) {
        const arrival = process.arrivals.find((one) => one.signal === signal);
        expect(arrival).toMatchObject({ id: `r${index + 1}`, items: 7, origin, bytes: requestOf(signal, 7, index + 1) });
      }
      await until(process, () => process.books().size === 0);
      await ended(process);
      expect(process.engine.pool.blocks).toBe(0);
    });

    it("tries again what failed, and loses nothing of it", async () => {
      const { process } = await begin(mode);
      const taken: string[] = [];
      let turn = 0;
      process.answer = ({ bytes, items }) => {
        if (turn++ < 4) return LATER;
        if (items > 6) return TOO_LARGE;
        taken.push(...leaves("traces", bytes));
        return ACCEPTED;
      };
      const outcomes = await sent(process, Promise.all([5, 9, 12].map((items) => process.send(items))));
      expect(outcomes).toEqual([ACCEPTED, ACCEPTED, ACCEPTED]);
      await until(process, () => taken.length === 26);
      await until(process, () => process.books().queued === 0 && process.books().size === 0);
      const offered = [5, 9, 12].flatMap((items, index) => leaves("traces", requestOf("traces", items, index + 1)));
      expect(taken.toSorted().join() === offered.toSorted().join()).toBe(true);
      expect(process.books()).toMatchObject({ offered: 26, sent: 26, dropped: 0, returned: 0 });
      await ended(process);
    });

    it("counts what is refused for good, and keeps nothing of it", async () => {
      const { process, start } = await begin(mode);
      process.answer = () => REFUSED;
      await sent(process, process.send(5));
      await until(process, () => process.books().dropped + process.books().returned === 5);
      await until(process, () => process.books().size === 0);
      await ended(process);
      const next = await start();
      await next.clock.advance(STEP_MS);
      expect([next.arrivals.length, next.books().restored]).toEqual([0, 0]);
      await ended(next);
    });

    it("tells a sender that finds no room to come again, and has room when it is free", async () => {
      const { process } = await begin(mode, { queue_size: 2 });
      let well = false;
      process.answer = () => (well ? ACCEPTED : LATER);
      const sends = [process.send(1), process.send(1)];
      if (keeps) expect(await sent(process, Promise.all(sends))).toEqual([ACCEPTED, ACCEPTED]);
      expect(await process.send(1)).toMatchObject({ kind: "retry", afterMs: 1000 });
      well = true;
      await until(process, () => process.books().sent === 2 && process.books().size === 0);
      expect(await sent(process, process.send(1))).toEqual(ACCEPTED);
      await until(process, () => process.books().sent === 3);
      await ended(process);
    });

    if (!keeps) return;

    it.each(["stop", "crash"] as const)("keeps what it acknowledged over a %s of its process", async (end) => {
      const { process, start } = await begin(mode);
      process.answer = () => NEVER;
      const outcomes = await sent(process, Promise.all([1, 2, 3].map((items) => process.send(items))));
      expect(outcomes).toEqual([ACCEPTED, ACCEPTED, ACCEPTED]);
      if (end === "stop") await ended(process);
      process.crash();
      const next = await start();
      await until(next, () => next.books().sent === 6);
      await until(next, () => next.books().queued === 0 && next.books().size === 0);
      expect(new Set(next.arrivals.map(({ bytes }) => leaves("traces", bytes).join())).size).toBe(3);
      expect(next.books()).toMatchObject({ offered: 0, restored: 6, sent: 6, dropped: 0 });
      await ended(next);
      const last = await start();
      await last.clock.advance(STEP_MS);
      expect([last.arrivals.length, last.books().restored]).toEqual([0, 0]);
      await ended(last);
    });
  });
}

/** Lets time pass until it is so. */
export async function until({ clock }: Pick<DeliveryRig, "clock">, isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  while (!isSo()) {
    if (performance.now() > endMs) expect.fail(`Not so in ${WAIT_MS} ms: ${isSo.toString()}`);
    await clock.advance(STEP_MS);
  }
}

/** The answer, for which time may have to pass. */
export async function sent<Answer>(process: Pick<DeliveryRig, "clock">, sending: Promise<Answer>): Promise<Answer> {
  const state = { over: false };
  const over = () => void (state.over = true);
  void sending.then(over, over);
  await until(process, () => state.over);
  return sending;
}

/** Stopped, which may need answers from outside as well as time. */
export async function ended(process: Pick<DeliveryRig, "clock" | "exporter">): Promise<void> {
  await sent(process, process.exporter.stop(1000));
}
