/** Dead letters as objects: kept, bounded, over restarts, of several gateways at once, and where the store fails. */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/base/errors.ts";
import { objectLetters } from "../../src/delivery/dead-letters/object-letters.ts";
import { storedFrom } from "../../src/pipeline/stored.ts";
import { MemoryObjects } from "../contract/object-faults.ts";
import { makeObjects } from "../contract/object-stores.ts";
import { TestClock } from "../harness/clock.ts";
import { testEngine } from "../harness/engine.ts";
import { deliveryRig, REFUSED, requestOf, type RigOptions } from "./delivery-rig.ts";

const LETTERS = { dead_letters: { storage: "object_storage" } };
const BOUNDED = { dead_letters: { storage: "object_storage", stored_bytes_max: 1 << 20 } };
const HOUR_MS = 3_600_000;
const DOWN = new SluiceError("storage", "Cannot reach the bucket", { retryable: true });
const FORBIDDEN = new SluiceError("storage", "Cannot list the bucket: status 403");

const engine = testEngine();

/** A gateway whose destination refuses everything. */
async function gatewayOn(objects: MemoryObjects, clock: TestClock, settings: Readonly<Record<string, unknown>> = LETTERS, options: RigOptions = {}) {
  const rig = deliveryRig(settings, { objects, clock, ...options });
  rig.answer = () => REFUSED;
  await rig.exporter.start?.();
  return rig;
}

async function lettersIn(objects: MemoryObjects) {
  const kept = objectLetters(objects);
  return Array.fromAsync(kept.letters(), async (letter) => {
    const stored = storedFrom(engine, await kept.read(letter));
    return { ...letter, message: stored?.message, requests: stored?.envelope.requests, batch: stored?.envelope.id };
  });
}

describe("a dead letter", () => {
  it("is one object, whose name says all but its message and bytes", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rig = await gatewayOn(objects, clock);
    expect(await rig.send(5)).toEqual({ kind: "accepted", warning: "5 items are kept as dead letters: never" });
    expect(objects.calls).toEqual({ put: 1, get: 0, list: 1, delete: 0 });
    const [letter, ...others] = await lettersIn(objects);
    expect(others).toEqual([]);
    const facts = { exporter: "otlp_http/test", signal: "traces", reason: "refused", message: "never", items: 5, rows: 1, atMs: clock.nowMs(), batch: "r1" };
    expect(letter).toMatchObject({ ...facts, requests: [requestOf("traces", 5, 1)] });
    expect(letter?.bytes).toBe(objects.objects.get(letter?.key ?? "")?.length);
    expect(rig.books()).toMatchObject({ offered: 5, dead: 5, dropped: 0 });
    expect([rig.total("sluice_dead_letters"), rig.total("sluice_dead_letters_bytes")]).toEqual([1, letter?.bytes]);
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("is of one piece where a storage would have it in rows", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rig = await gatewayOn(objects, clock);
    const sent = requestOf("traces", 4000, 1);
    await rig.sendBytes(sent);
    const [letter] = await lettersIn(objects);
    expect([letter?.rows, letter?.items, sent.length > 1_800_000]).toEqual([1, 4000, true]);
    // An assertion on the bytes themselves would print them.
    expect(letter?.requests?.length === 1 && letter.requests[0]?.every((byte, index) => byte === sent[index])).toBe(true);
  });

  it("lies in this runtime's own store as in any", async () => {
    const [store, clock] = [await makeObjects(), new TestClock()];
    const rig = deliveryRig(LETTERS, { objects: store, clock });
    rig.answer = () => REFUSED;
    await rig.exporter.start?.();
    for (let turn = 0; turn < 3; turn++) await rig.send(5);
    const kept = objectLetters(store);
    const letters = await Array.fromAsync(kept.letters("otlp_http/test"));
    expect(await Array.fromAsync(letters, async (letter) => storedFrom(engine, await kept.read(letter))?.envelope.id)).toEqual(["r1", "r2", "r3"]);
    await kept.remove(letters);
    expect(await Array.fromAsync(kept.letters())).toEqual([]);
  });

  it("that is damaged, cut short, or none is told from one", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rig = await gatewayOn(objects, clock);
    for (let turn = 0; turn < 4; turn++) await rig.send(5);
    const [cut = "", grown = "", empty = "", whole] = objects.objects.keys();
    const bytes = objects.objects.get(cut) ?? new Uint8Array(0);
    objects.objects.set(cut, bytes.subarray(0, -1));
    objects.objects.set(grown, new Uint8Array([...(objects.objects.get(grown) ?? []), 0]));
    objects.objects.set(empty, new Uint8Array(0));
    for (const name of ["readme.txt", "delivery/dead/otlp_http%2Ftest/notes", `${whole}.bak`, `${whole}/x`, "delivery/dead/x"])
      objects.objects.set(name, bytes);
    expect((await lettersIn(objects)).map(({ batch, key }) => [key, batch])).toEqual([
      [cut, undefined],
      [grown, undefined],
      [empty, undefined],
      [whole, "r4"],
    ]);
  });
});

describe("several gateways", () => {
  const putByTwo = async (chances: readonly [RigOptions, RigOptions]) => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rigs = await Promise.all(chances.map((chance) => gatewayOn(objects, clock, LETTERS, chance)));
    for (let turn = 0; turn < 10; turn++) await Promise.all(rigs.map((rig) => rig.send(5)));
    const letters = await lettersIn(objects);
    const batches = Array.from({ length: 20 }, (_, index) => `r${1 + (index >> 1)}`);
    expect(letters.map(({ batch = "" }) => batch).toSorted()).toEqual(batches.toSorted());
    expect(rigs.map((rig) => rig.total("sluice_dead_letters"))).toEqual([10, 10]);
    return { letters, puts: objects.calls.put };
  };

  it("have numbers of their own in the same millisecond", async () => {
    const { letters, puts } = await putByTwo([{ seed: 1 }, { seed: 2 }]);
    expect([new Set(letters.map(({ seq }) => seq)).size, puts]).toEqual([20, 20]);
  });

  it("never overwrite each other's, though chance is the same for both", async () => {
    const { puts } = await putByTwo([{}, {}]);
    expect(puts).toBeGreaterThan(20);
  });

  it("keep the bounds over what others put as well, once there is too much of their own", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rigs = await Promise.all([gatewayOn(objects, clock, BOUNDED), gatewayOn(objects, clock, BOUNDED)]);
    for (let turn = 0; turn < 9; turn++) for (const rig of rigs) await rig.send(200);
    await clock.advance(HOUR_MS);
    for (let turn = 0; turn < 9; turn++) await rigs[0].send(200);
    const letters = await lettersIn(objects);
    expect(letters.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(1 << 20);
    expect(letters.slice(-9).map(({ batch }) => batch)).toEqual(["r10", "r11", "r12", "r13", "r14", "r15", "r16", "r17", "r18"].slice(-letters.length));
    expect(rigs[0].total("sluice_dead_letters")).toBe(letters.length);
    expect(rigs.reduce((sum, rig) => sum + rig.total("sluice_dead_letters_dropped_items"), 0)).toBe((27 - letters.length) * 200);
  });

  it("do not count what an operator has removed", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rig = await gatewayOn(objects, clock, BOUNDED);
    while (rig.total("sluice_dead_letters_bytes") < 900_000) await rig.send(200);
    objects.objects.clear();
    await clock.advance(HOUR_MS);
    await rig.send(200);
    await rig.send(200);
    expect([objects.objects.size, rig.total("sluice_dead_letters"), rig.total("sluice_dead_letters_dropped_items")]).toEqual([2, 2, 0]);
  });
});

describe("bounds", () => {
  it("bytes: the oldest go, counted, over restarts", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rig = await gatewayOn(objects, clock, BOUNDED);
    for (let turn = 0; turn < 12; turn++) await rig.send(200);
    const before = await lettersIn(objects);
    expect(before.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(1 << 20);
    expect(rig.total("sluice_dead_letters_dropped_items")).toBe((12 - before.length) * 200);
    await clock.advance(1);
    const next = await gatewayOn(objects, clock, BOUNDED);
    expect(next.total("sluice_dead_letters")).toBe(before.length);
    await next.send(200);
    expect((await lettersIn(objects)).map(({ batch }) => batch)).toEqual([...before.slice(1).map(({ batch }) => batch), "r1"]);
  });

  it("age: what is older goes with the next, and at the start", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const aged = { dead_letters: { storage: "object_storage", max_age: "1h" } };
    const rig = await gatewayOn(objects, clock, aged);
    await rig.send(1);
    await clock.advance(HOUR_MS + 1);
    await rig.send(2);
    expect((await lettersIn(objects)).map(({ items }) => items)).toEqual([2]);
    await clock.advance(HOUR_MS + 1);
    const next = await gatewayOn(objects, clock, aged);
    await clock.advance(0);
    expect(objects.objects.size).toBe(0);
    expect(next.total("sluice_dead_letters_dropped_items")).toBe(2);
  });

  it("one that is larger than all of them is not kept", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rig = await gatewayOn(objects, clock, BOUNDED);
    expect((await rig.send(5000)).kind).toBe("refused");
    expect([objects.calls.put, rig.books()]).toMatchObject([0, { returned: 5000, dead: 0 }]);
  });
});

describe("a store that fails", () => {
  it("loses the letter, counted and told, and keeps the next", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rig = await gatewayOn(objects, clock);
    objects.fault = (call) => (call === "put" ? DOWN : undefined);
    expect((await rig.send(5)).kind).toBe("refused");
    expect(rig.books()).toMatchObject({ dead: 0, returned: 5 });
    expect(["failures", "bytes"].map((name) => rig.total(`sluice_dead_letters_${name}`))).toEqual([1, 0]);
    expect(rig.log.filter((line) => line.includes("Cannot keep a dead letter")).length).toBe(1);
    objects.fault = () => undefined;
    await rig.send(5);
    expect([objects.objects.size, rig.total("sluice_dead_letters")]).toEqual([1, 1]);
  });

  it("with an answer that will not change, at the start, is an error", async () => {
    const objects = new MemoryObjects();
    objects.fault = (call) => (call === "list" ? FORBIDDEN : undefined);
    await expect(gatewayOn(objects, new TestClock()).then(() => "started")).rejects.toThrow("status 403");
  });

  it("otherwise does not keep a gateway from its start: what is there is found later", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    await (await gatewayOn(objects, clock)).send(5);
    objects.fault = (call) => (call === "list" ? DOWN : undefined);
    const rig = await gatewayOn(objects, clock);
    expect(rig.log.filter((line) => line.includes("Cannot list dead letters")).length).toBe(1);
    await rig.send(5);
    expect([rig.total("sluice_dead_letters"), objects.calls.list]).toEqual([1, 2]);
    await clock.advance(60_000);
    objects.fault = () => undefined;
    await rig.send(5);
    expect([rig.total("sluice_dead_letters"), objects.calls.list]).toEqual([3, 3]);
  });

  it("where nothing can be deleted, keeps letters all the same, and deletes later", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rig = await gatewayOn(objects, clock, BOUNDED);
    objects.fault = (call) => (call === "delete" ? DOWN : undefined);
    for (let turn = 0; turn < 12; turn++) await rig.send(200);
    expect([objects.objects.size, rig.total("sluice_dead_letters_failures")]).toEqual([12, 0]);
    expect(rig.total("sluice_storage_sweep_failures")).toBeGreaterThan(0);
    objects.fault = () => undefined;
    const next = await gatewayOn(objects, clock, BOUNDED);
    await clock.advance(0);
    expect(next.total("sluice_dead_letters_bytes")).toBeLessThanOrEqual(1 << 20);
    expect(objects.objects.size).toBe(next.total("sluice_dead_letters"));
  });
});

describe("a list that takes its time", () => {
  it("does not bring back what was dropped meanwhile", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rig = await gatewayOn(objects, clock, BOUNDED);
    for (let turn = 0; turn < 6; turn++) await rig.send(200);
    await clock.advance(HOUR_MS);
    // What it has seen, it says later.
    let go = (): void => {};
    const said = new Promise<void>((resolve) => (go = resolve));
    const list = objects.list.bind(objects);
    objects.list = async function* (prefix) {
      const pages = await Array.fromAsync(list(prefix));
      await said;
      yield* pages;
      return undefined;
    };
    const sending = Array.from({ length: 4 }, () => rig.send(200));
    await clock.advance(0);
    go();
    await Promise.all(sending);
    expect([rig.total("sluice_dead_letters"), rig.total("sluice_dead_letters_dropped_items")]).toEqual([
      objects.objects.size,
      (10 - objects.objects.size) * 200,
    ]);
    expect(rig.total("sluice_dead_letters_bytes")).toBe([...objects.objects.values()].reduce((sum, { length }) => sum + length, 0));
  });
});

describe("on Workers", () => {
  it("nothing is asked for before the first letter", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    await (await gatewayOn(objects, clock)).send(5);
    const before = { ...objects.calls };
    const rig = await gatewayOn(objects, clock, LETTERS, { runtime: "workers" });
    expect(objects.calls).toEqual(before);
    await rig.send(5);
    await rig.send(5);
    expect([objects.calls.list - before.list, rig.total("sluice_dead_letters")]).toEqual([1, 3]);
  });

  it("no letter waits for a list that another request has begun, and that never ends", async () => {
    const [objects, clock] = [new MemoryObjects(), new TestClock()];
    const rig = await gatewayOn(objects, clock, LETTERS, { runtime: "workers" });
    objects.pause = (call) => (call === "list" ? new Promise(() => {}) : Promise.resolve());
    void rig.send(5);
    await clock.advance(0);
    expect([objects.calls.list, objects.objects.size]).toEqual([1, 1]);
    expect((await rig.send(5)).kind).toBe("accepted");
    objects.pause = () => Promise.resolve();
    await clock.advance(60_000);
    await rig.send(5);
    expect([objects.calls.list, rig.total("sluice_dead_letters")]).toEqual([2, 3]);
  });
});
