/** Group A's heavy end: as many of the smallest things as a request may have, and one more. */
import { expect } from "vitest";
import { ATTRIBUTES_MAX } from "../../src/kernel/kernel.ts";
import { field, join } from "../harness/bytes.ts";
import { coded, CODINGS } from "./client.ts";
import { BODY_BYTES_MAX, expectBounded, REFUSED_BODIES, TAKEN_BODIES } from "./memory.ts";
import { IDS } from "./payloads.ts";
import { type Case, expectAccepted, expectRefused, type Group, type Rig } from "./rig.ts";
import { TARGET } from "./target.ts";

/** One for each 512 bytes of memory (docs/limits.md), which is 512 MiB, on Workers 64. */
const RECORDS_MAX = ((TARGET === "workers" ? 64 : 512) << 20) / 512;

/** `times` fields of two bytes: a tag, and a length of 0. */
function empties(tag: number, times: number): Buffer {
  return Buffer.alloc(times * 2, Uint8Array.of(tag, 0));
}

/** Sends `body` in both codings within the bound of memory; what is delivered is `delivered`, or nothing. */
async function tries(rig: Rig, body: Uint8Array, answer: "accepted" | "refused", delivered: Uint8Array | undefined): Promise<void> {
  for (const coding of CODINGS) {
    const sent = coded(coding, body);
    await expectBounded(
      rig,
      async () => {
        const reply = await rig.export("traces", "proto", sent, coding);
        if (answer === "accepted") expectAccepted(reply, "proto");
        else expectRefused(reply, 413, "proto");
      },
      answer === "accepted" ? TAKEN_BODIES : REFUSED_BODIES,
    );
    // Besides the good requests of the other client, which are a few hundred bytes each.
    const large = rig.proto.bodies.filter((one) => one.length > 1000);
    expect(large.map((one) => delivered !== undefined && one.equals(delivered))).toEqual(delivered === undefined ? [] : [true]);
    rig.proto.bodies.length = 0;
  }
}

/** A request of `size` bytes, an even number: one span whose attribute is a list of empty values. */
function manyValues(size: number): Buffer {
  const around = (list: Uint8Array): Buffer => Buffer.from(field(1, field(2, field(2, IDS, field(9, field(2, field(5, list)))))));
  const frame = around(empties(0x0a, 1 << 22)).length - (1 << 23);
  // All lengths have four bytes here, so the frame stays as it is; an odd one is made even by the value's tag, overlong.
  return around(join(frame % 2 === 0 ? empties(0x0a, 0) : Uint8Array.of(0x8a, 0x00, 0x00), empties(0x0a, Math.floor((size - frame - (frame % 2) * 3) / 2))));
}

const CASES: readonly Case[] = [
  {
    id: "A19",
    input: "empty resources, as many as the memory has records, and one more",
    answer: "200, nothing to export; one more is 413",
    async run(rig) {
      await tries(rig, empties(0x0a, RECORDS_MAX), "accepted", undefined);
      await tries(rig, empties(0x0a, RECORDS_MAX + 1), "refused", undefined);
    },
  },
  {
    id: "A19",
    input: "32,768 empty attributes on one span, and one more",
    answer: "200, delivered byte for byte; one more is 413",
    async run(rig) {
      const spanWith = (attributes: number) => field(1, field(2, field(2, IDS, empties(0x4a, attributes))));
      await tries(rig, spanWith(ATTRIBUTES_MAX), "accepted", spanWith(ATTRIBUTES_MAX));
      await tries(rig, spanWith(ATTRIBUTES_MAX + 1), "refused", undefined);
    },
  },
  {
    id: "A19",
    input: "as many empty values in one list as the limit of a body allows, and one more",
    answer: "200, delivered byte for byte; one more is 413, within the memory of two bodies",
    async run(rig) {
      const fits = manyValues(BODY_BYTES_MAX);
      expect(fits.length).toBe(BODY_BYTES_MAX);
      await tries(rig, fits, "accepted", fits);
      await tries(rig, manyValues(BODY_BYTES_MAX + 2), "refused", undefined);
    },
  },
  {
    id: "A17",
    input: "8 MiB of attributes of which none has a key in UTF-8",
    answer: "200, every one of them repaired with U+FFFD",
    async run(rig) {
      const spanWith = (key: Uint8Array): Uint8Array => field(2, IDS, Buffer.alloc(key.length * 30_000, key));
      const around = (key: Uint8Array): Uint8Array => field(1, field(2, ...Array.from({ length: 40 }, () => spanWith(key))));
      // A KeyValue with a key of three bytes, of which one becomes three.
      const broken = Uint8Array.of(0x4a, 5, 0x0a, 3, 0x61, 0xff, 0x62);
      const repaired = Uint8Array.of(0x4a, 7, 0x0a, 5, 0x61, 0xef, 0xbf, 0xbd, 0x62);
      await tries(rig, around(broken), "accepted", around(repaired));
    },
  },
];

export const PROTOBUF_HEAVY_GROUPS: readonly Group[] = [{ title: "Protobuf: large", cases: CASES }];
