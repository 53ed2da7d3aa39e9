/** Group C of the campaign, content codings: what is inflated, what is damage, and what is too much. */
import { brotliCompressSync, crc32, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect } from "vitest";
import { join, of } from "../harness/bytes.ts";
import type { Reply } from "./client.ts";
import { BODY_BYTES_MAX, expectBounded, REFUSED_BODIES } from "./memory.ts";
import { goodTraces, repeated } from "./payloads.ts";
import { type Case, expectAccepted, expectRefused, type Group, type Rig } from "./rig.ts";
import { TARGET } from "./target.ts";

const JSON_GOOD = Buffer.from('{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"}]}]}]}');

/** Skipped by whoever reads zstd (RFC 8878, 3.1.2): magic number, length, content. */
const SKIPPABLE = of(0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);

type Compress = (body: Uint8Array) => Uint8Array;

/** Every way to send a coded body: the name of the coding, and what makes it. */
const WAYS: readonly (readonly [coding: string, compress: Compress])[] = [
  ["gzip", (body) => gzipSync(body)],
  ["deflate", (body) => deflateSync(body)],
  ["deflate", (body) => deflateRawSync(body)],
  ["zstd", (body) => zstdCompressSync(body)],
];

/** Accepted, and delivered as `plain`. */
async function delivers(rig: Rig, coding: string, coded: Uint8Array, plain: Uint8Array): Promise<void> {
  const { proto } = await rig.arrivals(async () => expectAccepted(await rig.export("traces", "proto", coded, coding), "proto"));
  expect(proto.map((body) => body.toString("hex"))).toEqual([Buffer.from(plain).toString("hex")]);
}

/** 400 in both encodings, and nothing is delivered. */
async function refuses(rig: Rig, coding: string, coded: (body: Uint8Array) => Uint8Array): Promise<void> {
  const { proto } = await rig.arrivals(async () => {
    expectRefused(await rig.export("traces", "proto", coded(goodTraces().bytes), coding), 400, "proto", "Cannot inflate the body");
    expectRefused(await rig.export("traces", "json", coded(JSON_GOOD), coding), 400, "json", "Cannot inflate the body");
  });
  expect(proto).toEqual([]);
}

const CODINGS: readonly Case[] = [
  {
    id: "C42",
    input: "identity, gzip, deflate as zlib and raw, zstd, and each name in any case",
    answer: "200",
    async run(rig) {
      for (const [name, compress] of [...WAYS, ["identity", (body: Uint8Array) => body] as const]) {
        for (const coding of [name, name.toUpperCase(), `  ${name} `]) {
          const { bytes } = goodTraces();
          await delivers(rig, coding, compress(bytes), bytes);
          expectAccepted(await rig.export("traces", "json", compress(JSON_GOOD), coding), "json");
        }
      }
    },
  },
  {
    id: "C41",
    input: "several gzip members, several zstd frames, empty and skippable ones between them, zeros behind a gzip member",
    answer: "200, all of them are read",
    async run(rig) {
      const [a, b] = [goodTraces().bytes, goodTraces().bytes];
      const both = join(a, b);
      await delivers(rig, "gzip", join(gzipSync(a), gzipSync(b)), both);
      await delivers(rig, "gzip", join(gzipSync(of()), gzipSync(a), gzipSync(of()), gzipSync(b), gzipSync(of())), both);
      await delivers(rig, "gzip", join(gzipSync(both), new Uint8Array(513)), both);
      await delivers(rig, "zstd", join(zstdCompressSync(a), zstdCompressSync(b)), both);
      await delivers(rig, "zstd", join(SKIPPABLE, zstdCompressSync(a), SKIPPABLE, zstdCompressSync(of()), zstdCompressSync(b), SKIPPABLE), both);
    },
  },
  {
    id: "C41",
    input: "something behind the end of the compressed data",
    answer: "400",
    async run(rig) {
      for (const [coding, compress] of WAYS) {
        for (const junk of [of(1), of(0x1f, 0x8b), of(0, 0, 1), of(0x28, 0xb5, 0x2f, 0xfd)]) await refuses(rig, coding, (body) => join(compress(body), junk));
      }
      await refuses(rig, "zstd", (body) => join(zstdCompressSync(body), of(0)));
      await refuses(rig, "deflate", (body) => join(deflateSync(body), of(0)));
    },
  },
];

/** A gzip body whose byte at `at`, counted from the end when below 0, is another. */
function altered(body: Uint8Array, at: number): Uint8Array {
  const made = body.slice();
  const place = at < 0 ? made.length + at : at;
  made[place] = (made[place] ?? 0) ^ 0x5a;
  return made;
}

const DAMAGE: readonly Case[] = [
  {
    id: "C40",
    input: "garbage, a wrong checksum, a wrong length, every way to cut it off",
    answer: "400",
    async run(rig) {
      for (const coding of ["gzip", "zstd"]) await refuses(rig, coding, (body) => body);
      await refuses(rig, "deflate", () => new Uint8Array(100).fill(0xff));
      // The trailer is CRC-32 and length (RFC 1952, 2.3.1).
      for (const at of [-1, -4, -5, -8]) await refuses(rig, "gzip", (body) => altered(gzipSync(body), at));
      await refuses(rig, "deflate", (body) => altered(deflateSync(body), -1));
      for (const [coding, compress] of WAYS) {
        const { bytes } = goodTraces();
        const whole = compress(bytes);
        for (let length = 1; length < whole.length; length += 3) {
          expectRefused(await rig.export("traces", "proto", whole.subarray(0, length), coding), 400, "proto", "Cannot inflate the body");
        }
      }
      expect(crc32(of())).toBe(0);
    },
  },
  {
    id: "C40",
    input: "nothing at all under a content coding, and a coded nothing",
    answer: "nothing at all is 400, a coded nothing an empty request: 200 in protobuf, 400 in JSON",
    async run(rig) {
      const { proto } = await rig.arrivals(async () => {
        for (const [coding, compress] of WAYS) {
          expectRefused(await rig.export("traces", "proto", of(), coding), 400, "proto");
          expectAccepted(await rig.export("traces", "proto", compress(of()), coding), "proto");
          expectRefused(await rig.export("traces", "json", compress(of()), coding), 400, "json", "ends too early");
        }
      });
      expect(proto).toEqual([]);
    },
  },
];

const ZEROS = 64 << 20;
/** The most that a block of zstd may come to. */
const ZSTD_BLOCK_BYTES = 128 << 10;

/** A body is tried in three sizes, each with a window of 8 MiB: next to a Worker's limit of 16 MiB these are bodies themselves. */
const UNSIZED_BODIES = TARGET === "workers" ? 4 : REFUSED_BODIES;

/** A zstd frame of `size` zeros that does not say how many they are: a window of 8 MiB, blocks of one repeated byte (RFC 8878, 3.1.1). */
function unsized(size: number): Uint8Array {
  const blocks = size / ZSTD_BLOCK_BYTES;
  const frame = Buffer.alloc(6 + 4 * blocks);
  frame.set([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68]);
  for (let block = 0; block < blocks; block++) frame.writeUIntLE((ZSTD_BLOCK_BYTES << 3) | (1 << 1) | (block === blocks - 1 ? 1 : 0), 6 + 4 * block, 3);
  return frame;
}

/** Bodies of a few hundred kilobytes at most that inflate to far more than the limit. */
const BOMBS: Readonly<Record<string, readonly [coding: string, make: () => Uint8Array, bodies?: number]>> = {
  "gzip, one member": ["gzip", () => gzipSync(Buffer.alloc(4 * ZEROS), { level: 9 })],
  "gzip, a gigabyte in members": ["gzip", () => join(...repeated(16, gzipSync(Buffer.alloc(ZEROS), { level: 9 })))],
  deflate: ["deflate", () => deflateSync(Buffer.alloc(4 * ZEROS), { level: 9 })],
  "deflate, raw": ["deflate", () => deflateRawSync(Buffer.alloc(4 * ZEROS), { level: 9 })],
  "zstd, one frame": ["zstd", () => zstdCompressSync(Buffer.alloc(4 * ZEROS))],
  "zstd, a gigabyte that is not declared": ["zstd", () => unsized(16 * ZEROS), UNSIZED_BODIES],
  "zstd, a gigabyte in frames": ["zstd", () => join(...repeated(16, zstdCompressSync(Buffer.alloc(ZEROS))))],
};

const TOO_MUCH: readonly Case[] = [
  {
    id: "C39",
    input: "bombs: 256 MiB and 1 GiB of zeros in gzip, deflate and zstd, in one member or frame and in sixteen",
    answer: "413, within the memory of two bodies (on Workers three, four where zstd does not declare its size), others are served meanwhile",
    async run(rig) {
      for (const [name, [coding, make, bodies = REFUSED_BODIES]] of Object.entries(BOMBS)) {
        const bomb = make();
        expect(bomb.length, name).toBeLessThan(BODY_BYTES_MAX / 8);
        for (const encoding of ["proto", "json"] as const) {
          await expectBounded(
            rig,
            async () => expectRefused(await rig.export("traces", encoding, bomb, coding), 413, encoding, `over ${BODY_BYTES_MAX} bytes`),
            bodies,
          );
        }
      }
    },
  },
  {
    id: "C39",
    input: "gzip in gzip, and a brotli bomb",
    answer: "one layer is inflated: 400; br is 415",
    async run(rig) {
      const { bytes } = goodTraces();
      expectRefused(await rig.export("traces", "proto", gzipSync(gzipSync(bytes)), "gzip"), 400, "proto", "at byte");
      const reply: Reply = await rig.export("traces", "proto", brotliCompressSync(Buffer.alloc(ZEROS)), "br");
      expectRefused(reply, 415, "proto");
    },
  },
];

export const COMPRESSION_GROUPS: readonly Group[] = [
  { title: "Compression: what is read", cases: CODINGS },
  { title: "Compression: damage", cases: DAMAGE },
  { title: "Compression: too much", cases: TOO_MUCH },
];
