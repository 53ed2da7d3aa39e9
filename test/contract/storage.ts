/** What every storage must do: call it with a maker from the storage's own test. */
import { describe, expect, it } from "vitest";
import { STORAGE_KEY_CHARACTERS_MAX, STORAGE_VALUE_BYTES_MAX, type Storage } from "../../src/pipeline/storage.ts";

export function checkStorage(name: string, make: () => Promise<Storage>): void {
  const text = (value: string) => new TextEncoder().encode(value);

  describe(`${name} keeps the storage contract`, () => {
    it("gives back what was committed, and nothing else", async () => {
      const storage = await make();
      await storage.commit([{ kind: "put", key: "a", value: text("1") }]);
      expect(await storage.get("a")).toEqual(text("1"));
      expect(await storage.get("b")).toBeUndefined();
      await storage.commit([{ kind: "delete", key: "a" }]);
      expect(await storage.get("a")).toBeUndefined();
      await storage.close();
    });

    it("copies bytes on the way in and on the way out", async () => {
      const storage = await make();
      const value = text("1");
      await storage.commit([{ kind: "put", key: "a", value }]);
      value.fill(0);
      (await storage.get("a"))?.fill(0);
      expect(await storage.get("a")).toEqual(text("1"));
      await storage.close();
    });

    it("has its own copy when the call returns, also of shared memory", async () => {
      const storage = await make();
      const value = new Uint8Array(new SharedArrayBuffer(9), 1, 3).fill(7);
      const kept = storage.commit([{ kind: "put", key: "a", value }]);
      value.fill(0);
      await kept;
      expect(await storage.get("a")).toEqual(new Uint8Array([7, 7, 7]));
      await storage.close();
    });

    it("takes values that it is given, whole buffers and parts of them, beside others", async () => {
      const storage = await make();
      const part = text("xyz1").subarray(1, 3);
      await storage.commit([
        { kind: "put", key: "a", value: new Uint8Array([1, 2, 3]), given: true },
        { kind: "put", key: "b", value: text("copied") },
        { kind: "put", key: "c", value: part, given: true },
        { kind: "put", key: "d", value: new Uint8Array([4]), given: true },
      ]);
      const kept = await Promise.all(["a", "b", "c", "d"].map((key) => storage.get(key)));
      expect(kept).toEqual([new Uint8Array([1, 2, 3]), text("copied"), text("yz"), new Uint8Array([4])]);
      await storage.close();
    });

    it("takes a value of no bytes, and changes of one key in their order", async () => {
      const storage = await make();
      await storage.commit([
        { kind: "put", key: "a", value: text("1") },
        { kind: "delete", key: "a" },
        { kind: "put", key: "a", value: new Uint8Array(0) },
        { kind: "delete", key: "never there" },
      ]);
      await storage.commit([]);
      expect(await storage.get("a")).toEqual(new Uint8Array(0));
      await storage.close();
    });

    it("lists in the order of code points, whatever the keys are made of", async () => {
      const storage = await make();
      const keys = ["%", "_", "a", "ab", "a%", "b'", "é", "\u{ffff}", "\u{10000}", "\u{10ffff}"];
      await storage.commit(keys.map((key) => ({ kind: "put", key, value: text(key) })));
      expect(await storage.list("", 100)).toEqual(["%", "_", "a", "a%", "ab", "b'", "é", "\u{ffff}", "\u{10000}", "\u{10ffff}"]);
      expect(await storage.list("", 100, "\u{ffff}")).toEqual(["\u{10000}", "\u{10ffff}"]);
      expect(await storage.list("a", 100, "a")).toEqual(["a%", "ab"]);
      expect(await storage.list("%", 100)).toEqual(["%"]);
      await storage.close();
    });

    it.each(["", "a\0b", "\ud800", "k".repeat(STORAGE_KEY_CHARACTERS_MAX + 1)])("refuses the key %j", async (key) => {
      const storage = await make();
      await expect(storage.commit([{ kind: "put", key, value: text("1") }])).rejects.toThrow("Cannot store under a key");
      expect(await storage.list("", 100)).toEqual([]);
      await storage.close();
    });

    it("lists by prefix, in order, in pages", async () => {
      const storage = await make();
      await storage.commit(["q/3", "q/1", "p/9", "q/2"].map((key) => ({ kind: "put", key, value: text(key) })));
      expect(await storage.list("q/", 2)).toEqual(["q/1", "q/2"]);
      expect(await storage.list("q/", 2, "q/2")).toEqual(["q/3"]);
      expect(await storage.list("x/", 2)).toEqual([]);
      await storage.close();
    });

    it("keeps a batch whole or not at all", async () => {
      const storage = await make();
      const tooLong = "k".repeat(STORAGE_KEY_CHARACTERS_MAX + 1);
      await expect(
        storage.commit([
          { kind: "put", key: "a", value: text("1") },
          { kind: "put", key: tooLong, value: text("2") },
        ]),
      ).rejects.toThrow();
      expect(await storage.get("a")).toBeUndefined();
      await storage.close();
    });

    it("takes a key and a value at the limit, and refuses one past it", async () => {
      const storage = await make();
      const key = "k".repeat(STORAGE_KEY_CHARACTERS_MAX);
      await storage.commit([{ kind: "put", key, value: new Uint8Array(STORAGE_VALUE_BYTES_MAX) }]);
      expect((await storage.get(key))?.length).toBe(STORAGE_VALUE_BYTES_MAX);
      await expect(storage.commit([{ kind: "put", key: "a", value: new Uint8Array(STORAGE_VALUE_BYTES_MAX + 1) }])).rejects.toThrow();
      await storage.close();
    });
  });
}
