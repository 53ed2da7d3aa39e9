/** What the kernel does for edits: copies of every length, pieces laid end to end, attributes of every size and form. */
import { describe, expect, it } from "vitest";
import { Random } from "../../bench/random.ts";
import { gatherAll } from "../../src/base/memory.ts";
import { encodeAnyValue } from "../../src/otlp/any-value.ts";
import { Cursor } from "../../src/otlp/cursor.ts";
import { KERNEL_PADDING } from "../../src/kernel/kernel.ts";
import { EditScript } from "../../src/wire/script.ts";
import { Scratch } from "../../src/wire/scratch.ts";
import { field, join } from "../harness/bytes.ts";
import { testEngine } from "../harness/engine.ts";
import { testKernel } from "../harness/kernel.ts";

const LENGTHS = [...Array(40).keys(), 63, 64, 65, 79, 80, 81, 127, 128, 129, 200, 1000];
const SIZES = [0, 1, 2, 15, 16, 111, 112, 113, 122, 123, 124, 125, 126, 127, 128, 129, 300, 16_384];

describe("the kernel's edits", () => {
  it("copies any length any distance, overlapping or not", () => {
    const kernel = testKernel();
    const from = kernel.heapBase + 2000;
    for (const length of LENGTHS) {
      for (const distance of [-1500, -130, -65, -64, -17, -16, -15, -9, -8, -7, -4, -3, -1, 0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 64, 65, 130, 1500]) {
        const around = kernel.bytes.subarray(kernel.heapBase, kernel.heapBase + 6000);
        for (let i = 0; i < around.length; i++) around[i] = (i * 31 + (i >> 8)) & 255;
        const wanted = around.slice().copyWithin(2000 + distance, 2000, 2000 + length);
        kernel.copy(from + distance, from, length);
        expect(Buffer.compare(around, wanted), `${length} bytes, ${distance} on`).toBe(0);
      }
    }
  });

  it.each([0, 1, 4095, 4096, 4097, 9000])("lays %i pieces end to end", (count) => {
    const kernel = testKernel();
    const random = new Random(count + 1);
    const room = kernel.heapBase;
    for (let i = 0; i < 1000; i++) kernel.bytes[room + i] = random.below(256);
    const pieces = new Int32Array(count * 2);
    for (let i = 0; i < count; i++) {
      pieces[2 * i] = room + random.below(900);
      pieces[2 * i + 1] = (pieces[2 * i] ?? 0) + random.below(100);
    }
    const wanted = join(...Array.from({ length: count }, (_, i) => kernel.bytes.slice(pieces[2 * i], pieces[2 * i + 1])));
    const at = room + 1001;
    expect(gatherAll(kernel, pieces, at)).toBe(at + wanted.length);
    expect(Buffer.compare(kernel.bytes.subarray(at, at + wanted.length), wanted)).toBe(0);
    expect(kernel.bytes[at + wanted.length]).toBe(0);
  });

  it("reads no attribute past the padding at the end of the memory, whatever lies there", () => {
    const kernel = testKernel();
    const end = kernel.bytes.length - KERNEL_PADDING;
    kernel.bytes.fill(0x7f, end);
    kernel.bytes[end] = 0x0a;
    kernel.bytes.set([0x4a, 4, 0x0a, 2, 0x61, 0x62, 0x4a, 0], end - 8);
    const [rows, set] = [kernel.heapBase, kernel.heapBase + 200];
    expect(kernel.readAttributes(end - 8, end, 0x4a, rows, 5, set)).toBe(2);
    expect(kernel.findAttribute(rows, 2, end - 4, end - 2)).toBe(0);
    expect(kernel.findAttribute(rows, 2, end, end)).toBe(1);
  });

  it.each(["key first", "value first", "no value", "no key", "unknown behind"])("finds attributes of every size: %s", (form) => {
    const engine = testEngine();
    const cursor = new Cursor(engine.desk(new Scratch(engine.pool), new EditScript()), "logs");
    const start = engine.region(40_000);
    const otherText = engine.text("other");
    for (const keySize of SIZES) {
      const name = form === "no key" ? "" : "k".repeat(keySize);
      const [text, absent] = [engine.text(name), engine.text(`${name}?`)];
      for (const valueSize of SIZES) {
        const [key, value] = [field(1, name), field(2, encodeAnyValue("v".repeat(valueSize)))];
        const parts: Readonly<Record<string, readonly Uint8Array[]>> = {
          "key first": [key, value],
          "value first": [value, key],
          "no value": [key],
          "no key": [value],
          "unknown behind": [key, value, field(9, "unknown")],
        };
        const other = field(6, join(field(1, "other"), field(2, encodeAnyValue(true))));
        const bytes = join(field(5, encodeAnyValue("body")), other, field(6, join(...(parts[form] ?? []))), other);
        engine.bytes.set(bytes, start);
        cursor.item.at(start, start, start + bytes.length);
        const { attributes } = cursor.item;
        const found = attributes.find(text);
        expect([attributes.count, found, attributes.find(otherText)], `${keySize}, ${valueSize}`).toEqual([3, 1, 0]);
        const taken = engine.bytes.slice(attributes.valueStart(found), attributes.valueEnd(found));
        const wanted = form === "no value" ? new Uint8Array(0) : encodeAnyValue("v".repeat(valueSize));
        expect(Buffer.compare(taken, wanted), `${keySize}, ${valueSize}`).toBe(0);
        expect(attributes.find(absent)).toBe(-1);
      }
    }
    cursor.close();
  });
});
