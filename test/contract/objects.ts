/** What every store of objects must do: call it with a maker of an empty one, from the store's own test. */
import { describe, expect, it } from "vitest";
import { OBJECT_NAME_CHARACTERS_MAX, type ObjectStore, objectsUnder } from "../../src/base/objects.ts";

/** More than a page of the stores that have a thousand names in one. */
const MANY = 1203;
const AT_A_TIME = 100;
const LARGE_BYTES = 8 << 20;
/** What a part of a name may be made of. */
const ODD = ["a%2Fb", "a~b", "a!b'c(d)e*f", "a-b", "a_b", "A.b", "%", "otlp_http%2F%C3%A9", "-", "a..b", "0"];

/** `many` is more than a page. */
export function checkObjects(name: string, make: () => Promise<ObjectStore>, many = MANY): void {
  const text = (value: string) => new TextEncoder().encode(value);

  describe(`${name} keeps the contract of objects`, () => {
    it("gives back what was put, and nothing else", async () => {
      const store = await make();
      expect(await store.put("p/a", text("1"))).toBe("kept");
      expect(await store.get("p/a", 1)).toEqual(text("1"));
      expect(await store.get("p/b", 1)).toBeUndefined();
      expect(await store.get("p", 1)).toBeUndefined();
      expect(await store.get("p/a/b", 1)).toBeUndefined();
      expect(await namesIn(store)).toEqual(["p/a"]);
    });

    it("takes objects of no bytes and of 8 MB, whole", async () => {
      const store = await make();
      const large = new Uint8Array(LARGE_BYTES).map((_, index) => (index * 7 + (index >> 8)) & 0xff);
      expect([await store.put("empty", new Uint8Array(0)), await store.put("large", large)]).toEqual(["kept", "kept"]);
      expect(await store.get("empty", 0)).toEqual(new Uint8Array(0));
      const read = await store.get("large", LARGE_BYTES);
      // An assertion on the bytes themselves would print them.
      expect(read?.length === LARGE_BYTES && read.every((byte, index) => byte === large[index])).toBe(true);
      await expect(store.get("large", LARGE_BYTES - 1)).rejects.toMatchObject({ code: "storage", damaged: true });
    });

    it("leaves what has the name as it is", async () => {
      const store = await make();
      expect([await store.put("a", text("1")), await store.put("a", text("22"))]).toEqual(["kept", "taken"]);
      expect(await store.get("a", 10)).toEqual(text("1"));
      await store.delete(["a"]);
      expect(await store.put("a", text("3"))).toBe("kept");
      expect(await store.get("a", 10)).toEqual(text("3"));
    });

    it("takes odd names, and lists them in the order of their bytes", async () => {
      const store = await make();
      // What lies below `x` comes between what begins with `x-` and with `x0`.
      const names = [...ODD.flatMap((part) => [`n/${part}`, `n/${part}~/${part}`]), "n/x/1", "n/x-1", "n/x.1", "n/x0"];
      for (const one of names) expect(await store.put(one, text(one))).toBe("kept");
      expect(await namesIn(store)).toEqual(names.toSorted((one, other) => (one < other ? -1 : 1)));
      for (const one of names) expect(await store.get(one, 100)).toEqual(text(one));
      expect(await namesIn(store, "n/a%")).toEqual(["n/a%2Fb", "n/a%2Fb~/a%2Fb"]);
      expect(await namesIn(store, "x/")).toEqual([]);
      await store.delete(names);
      expect(await namesIn(store)).toEqual([]);
    });

    it("refuses what is no name", async () => {
      const store = await make();
      const tooLong = ["k".repeat(256), `${"k/".repeat(OBJECT_NAME_CHARACTERS_MAX / 2)}k`];
      for (const wrong of ["", "/a", "a/", "a//b", ".", "..", "a/../b", ".a", "a b", "a\\b", "a\0", "\u00e9", ...tooLong]) {
        for (const call of [store.put(wrong, text("1")), store.get(wrong, 1), store.delete([wrong])])
          await expect(call, wrong).rejects.toThrow("Cannot name an object");
      }
      expect(await namesIn(store)).toEqual([]);
    });

    it("lists and deletes more than a page of them, by prefix, whether they are there or not", async () => {
      const store = await make();
      const names = Array.from({ length: many }, (_, index) => `many/${String(index).padStart(6, "0")}`);
      await store.put("man", text("1"));
      for (let at = 0; at < many; at += AT_A_TIME) await Promise.all(names.slice(at, at + AT_A_TIME).map((one) => store.put(one, text(one))));
      const pages = await Array.fromAsync(store.list("many/"));
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.flat()).toEqual(names);
      await store.delete(["never/there", ...names, "many"]);
      expect(await namesIn(store)).toEqual(["man"]);
      await store.delete([]);
    });

    it("has one winner of two that write one name at once", async () => {
      const store = await make();
      for (let turn = 0; turn < 5; turn++) {
        const values = [text(`one ${turn}`), text(`other ${turn}`)];
        const told = await Promise.all(values.map((value) => store.put(`turn/${turn}`, value)));
        expect(told.toSorted()).toEqual(["kept", "taken"]);
        expect(await store.get(`turn/${turn}`, 100)).toEqual(values[told.indexOf("kept")]);
      }
    });

    it("is seen under a prefix as if that were all", async () => {
      const store = await make();
      const [one, other] = [objectsUnder("one/%41", store), objectsUnder("on", store)];
      expect([await one.put("a", text("1")), await other.put("a", text("2")), await one.put("a", text("3"))]).toEqual(["kept", "kept", "taken"]);
      expect([await one.get("a", 1), await other.get("a", 1)]).toEqual([text("1"), text("2")]);
      expect([await namesIn(one), await namesIn(other), await namesIn(store)]).toEqual([["a"], ["a"], ["on/a", "one/%41/a"]]);
      await one.delete(["a"]);
      expect(await namesIn(store)).toEqual(["on/a"]);
    });
  });
}

export async function namesIn(store: ObjectStore, prefix = ""): Promise<readonly string[]> {
  return (await Array.fromAsync(store.list(prefix))).flat();
}
