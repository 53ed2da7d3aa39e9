/** Law 4 at the door: a body of exactly the limit, and one byte more, before and after it is inflated. */
import { randomBytes } from "node:crypto";
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect } from "vitest";
import { field } from "../harness/bytes.ts";
import { headersOf, send } from "./client.ts";
import { BODY_BYTES_MAX } from "./connection-cases.ts";
import { attribute, named, span, spans, text, repeated } from "./payloads.ts";
import { type Case, expectAccepted, expectRefused, type Group, type Rig } from "./rig.ts";

/** A request for traces of exactly `size` bytes that hardly compress. */
function requestOf(size: number): Uint8Array {
  const bare = spans(span(named("x"), attribute(9, "k", text(""))));
  const guess = randomText(size - bare.length - 16);
  const made = spans(span(named("x"), attribute(9, "k", text(guess))));
  // What is missing is a field that nobody knows.
  return Buffer.concat([made, field(15, new Uint8Array(size - made.length - 2))]);
}

function randomText(length: number): Uint8Array {
  return randomBytes(length).map((byte) => 0x20 + (byte % 0x5f));
}

async function atTheLimit(rig: Rig, codedOf: (body: Uint8Array) => Uint8Array, headers: Record<string, string>): Promise<void> {
  for (const [size, fits] of [
    [BODY_BYTES_MAX - 1, true],
    [BODY_BYTES_MAX, true],
    [BODY_BYTES_MAX + 1, false],
  ] as const) {
    const body = requestOf(size);
    expect(body.length).toBe(size);
    const { proto } = await rig.arrivals(async () => {
      const reply = await send(rig.target.port, { headers: { ...headersOf("proto"), ...headers }, body: codedOf(body) });
      if (fits) expectAccepted(reply, "proto");
      else expectRefused(reply, 413, "proto", `over ${BODY_BYTES_MAX} bytes`);
    });
    expect(proto.map((one) => one.equals(body))).toEqual(fits ? [true] : []);
  }
}

const CASES: readonly Case[] = [
  {
    id: "L1",
    input: "a body one byte under the limit, at it, one over: with a length, and chunked",
    answer: "200, 200, 413",
    async run(rig) {
      await atTheLimit(rig, (body) => body, {});
      await atTheLimit(rig, (body) => body, { "transfer-encoding": "chunked" });
    },
  },
  {
    id: "L2",
    input: "a body that inflates to one byte under the limit, to it, to one over: gzip, deflate as zlib and raw, zstd",
    answer: "200, 200, 413",
    async run(rig) {
      const ways = [
        ["gzip", (body: Uint8Array) => gzipSync(body)],
        ["deflate", (body: Uint8Array) => deflateSync(body)],
        ["deflate", (body: Uint8Array) => deflateRawSync(body)],
        ["zstd", (body: Uint8Array) => zstdCompressSync(body)],
      ] as const;
      for (const [coding, compress] of ways) await atTheLimit(rig, compress, { "content-encoding": coding });
    },
  },
  {
    id: "L3",
    input: "a coded body over the limit before it is inflated, with a length and chunked, of which nothing would come",
    answer: "413",
    async run(rig) {
      const empty = gzipSync(Buffer.alloc(0));
      const members = Buffer.concat(repeated(Math.floor(BODY_BYTES_MAX / empty.length), empty));
      for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
        const fitting = await send(rig.target.port, { headers: { ...headersOf("proto", "gzip"), ...headers }, body: members });
        expectAccepted(fitting, "proto");
        const over = await send(rig.target.port, { headers: { ...headersOf("proto", "gzip"), ...headers }, body: Buffer.concat([members, empty]) });
        expectRefused(over, 413, "proto", `over ${BODY_BYTES_MAX} bytes`);
      }
    },
  },
];

export const LIMIT_GROUPS: readonly Group[] = [{ title: "Limits of a body", cases: CASES }];
