/** The contract on this runtime's durable storage, and on storages that live in the tests alone: in memory, slow as a disk may be, and failing. */
import { describe, expect, it } from "vitest";
import { Random } from "../../bench/random.ts";
import { type Change, type Storage, STORAGE_KEY_CHARACTERS_MAX } from "../../src/pipeline/storage.ts";
import { TestClock } from "../harness/clock.ts";
import { failing, MemoryStorage, slow } from "./storage-faults.ts";
import { checkStorage } from "./storage.ts";
import { DURABLE_STORAGE, durableStorages } from "./storages.ts";

const SEEDS = [1, 2, 3];
const makeDurableStorage = durableStorages();

function slowMemory(seed: number): Storage {
  const clock = new TestClock({ runsByItself: true });
  return slow(new MemoryStorage(), { callMsMax: 500, seed, sleep: clock.sleep });
}

checkStorage(DURABLE_STORAGE, makeDurableStorage);
checkStorage("a storage in memory", async () => new MemoryStorage());
for (const seed of SEEDS) checkStorage(`a slow storage, seed ${seed}`, async () => slowMemory(seed));

/** A few puts and deletes of few keys, so that they meet. */
function changesOf(random: Random): Change[] {
  return Array.from({ length: 1 + random.below(4) }, () => {
    const key = `k${random.below(6)}`;
    return random.chance(70) ? { kind: "put" as const, key, value: random.bytes(3) } : { kind: "delete" as const, key };
  });
}

async function contentsOf(storage: Storage): Promise<Map<string, Uint8Array | undefined>> {
  const keys = await storage.list("", 100);
  return new Map(await Promise.all(keys.map(async (key) => [key, await storage.get(key)] as const)));
}

describe(DURABLE_STORAGE, () => {
  it.each(SEEDS)("does what a map does, seed %i", async (seed) => {
    const storage = await makeDurableStorage();
    const model = new MemoryStorage();
    const random = new Random(seed);
    for (let turn = 0; turn < 40; turn++) {
      const changes = changesOf(random);
      await Promise.all([storage.commit(changes), model.commit(changes)]);
      expect(await contentsOf(storage)).toEqual(await contentsOf(model));
    }
    expect(storage.durable).toBe(true);
    await storage.close();
  });

  it("takes commits that are made together, each whole", async () => {
    const storage = await makeDurableStorage();
    const commits = Array.from({ length: 50 }, (_, index) => {
      const key = index % 10 === 9 ? "k".repeat(STORAGE_KEY_CHARACTERS_MAX + 1) : `b/${index}`;
      const value = new Uint8Array(1000).fill(index);
      return storage.commit([
        { kind: "put", key: `a/${index}`, value },
        { kind: "put", key, value },
      ]);
    });
    const kept = await Promise.all(commits.map((one) => one.then(...BOTH)));
    const expected = kept.flatMap((one, index) => (one ? [index] : []));
    expect(expected).toHaveLength(45);
    for (const side of ["a", "b"]) {
      expect(await storage.list(`${side}/`, 100)).toEqual(expected.map((index) => `${side}/${index}`).toSorted());
      for (const index of expected) expect(await storage.get(`${side}/${index}`)).toEqual(new Uint8Array(1000).fill(index));
    }
    await storage.close();
  });
});

describe.each(SEEDS)("a slow storage whose commits fail, seed %i", (seed) => {
  it("keeps nothing of a commit that failed, and all of it when it is tried again", async () => {
    const storage = failing(slowMemory(seed), { percent: 50, seed });
    const model = new Map<string, Uint8Array | undefined>();
    const random = new Random(seed);
    let failures = 0;
    for (let turn = 0; turn < 40; turn++) {
      const changes = changesOf(random);
      while (!(await storage.commit(changes).then(...BOTH))) {
        failures++;
        expect(await contentsOf(storage)).toEqual(sorted(model));
      }
      for (const change of changes) {
        if (change.kind === "put") model.set(change.key, change.value);
        else model.delete(change.key);
      }
      expect(await contentsOf(storage)).toEqual(sorted(model));
    }
    expect(failures).toBeGreaterThan(5);
  });

  it("takes commits that are made together, each whole", async () => {
    const storage = failing(slowMemory(seed), { percent: 30, seed });
    const pairs = Array.from({ length: 20 }, (_, index) =>
      ["a", "b"].map((side) => ({ kind: "put" as const, key: `${side}/${index}`, value: new Uint8Array(1) })),
    );
    const kept = await Promise.all(pairs.map((pair) => storage.commit(pair).then(...BOTH)));
    expect(new Set(kept)).toEqual(new Set([true, false]));
    for (const side of ["a", "b"]) {
      const expected = pairs.flatMap((_, index) => (kept[index] === true ? [`${side}/${index}`] : []));
      expect(await storage.list(`${side}/`, 100)).toEqual(expected.toSorted());
    }
  });
});

/** For `then`: whether it was kept. */
const BOTH = [() => true, () => false] as const;

function sorted(model: ReadonlyMap<string, Uint8Array | undefined>): Map<string, Uint8Array | undefined> {
  return new Map([...model].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
