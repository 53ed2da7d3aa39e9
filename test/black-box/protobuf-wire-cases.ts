/** Group A of the campaign, the wire: cut, flipped, overlong, overrunning, mistyped. Sent plain and as gzip. */
import { expect } from "vitest";
import { type Bytes, field, fixed32, fixed64, group, join, number, of, tag, varint } from "../harness/bytes.ts";
import { judge } from "../harness/judge.ts";
import { coded, CODINGS, statusOf } from "./client.ts";
import { named, span, spans, twoResources, repeated } from "./payloads.ts";
import { type Case, eachOf, expectAccepted, expectRefused, type Rig } from "./rig.ts";
import { mistypedFields } from "./mistyped-fields.ts";

const EVENT = "resourceSpans[0].scopeSpans[0].spans[0].events[0]";

/** The levels of a request for traces: the path, and the request with something at the end of that level. */
const LEVELS: readonly (readonly [path: string, around: (inner: Uint8Array) => Bytes])[] = [
  ["", (inner) => join(inner)],
  ["resourceSpans[0]", (inner) => field(1, inner)],
  ["resourceSpans[0].scopeSpans[0]", (inner) => spans(inner)],
  ["resourceSpans[0].scopeSpans[0].spans[0]", (inner) => spans(span(inner))],
  [EVENT, (inner) => spans(span(field(11, inner)))],
  [`${EVENT}.attributes[0]`, (inner) => spans(span(field(11, field(3, inner))))],
  [`${EVENT}.attributes[0].value`, (inner) => spans(span(field(11, field(3, field(2, inner)))))],
];

/** An unknown field's number that no message has. */
const UNKNOWN = 1999;

/** At every level each of these is 400, with the level's path, in both codings; nothing is delivered. */
async function refuseAtLevels(rig: Rig, damages: readonly Uint8Array[], ...words: readonly (RegExp | string)[]): Promise<void> {
  for (const damage of damages) {
    for (const [path, around] of LEVELS) await refuse(rig, around(damage), path === "" ? /at byte \d+$/ : `in ${path}`, ...words);
  }
}

/** 400 in both codings, with path and offset, and nothing is delivered. */
export async function refuse(rig: Rig, body: Uint8Array, ...words: readonly (RegExp | string)[]): Promise<void> {
  const { proto } = await rig.arrivals(async () => {
    for (const coding of CODINGS) {
      const reply = await rig.export("traces", "proto", coded(coding, body), coding);
      expectRefused(reply, 400, "proto", /, at byte \d+$/, ...words);
    }
  });
  expect(proto).toEqual([]);
}

/** Accepted in both codings, and delivered as these very bytes. */
export async function passThrough(rig: Rig, body: Uint8Array, delivered: Uint8Array = body): Promise<void> {
  for (const coding of CODINGS) {
    const { proto } = await rig.arrivals(async () => expectAccepted(await rig.export("traces", "proto", coded(coding, body), coding), "proto"));
    expect(proto.map((one) => one.toString("hex"))).toEqual([Buffer.from(delivered).toString("hex")]);
  }
}

const CUT: readonly Case[] = [
  {
    id: "A1",
    input: "an empty body, and a request without items",
    answer: "200, nothing is exported",
    async run(rig) {
      const { proto } = await rig.arrivals(async () => {
        for (const body of [of(), field(1), field(1, field(2))]) {
          for (const coding of CODINGS) expectAccepted(await rig.export("traces", "proto", coded(coding, body), coding), "proto");
        }
        expectAccepted(await rig.export("traces", "json", "{}"), "json");
        expectAccepted(await rig.export("traces", "json", '{"resourceSpans":[]}'), "json");
      });
      expect(proto).toEqual([]);
    },
  },
  {
    id: "A2",
    input: "every prefix of a request",
    answer: "400; 200 where whole resources are left, which are delivered",
    async run(rig) {
      const { bytes, boundary } = twoResources();
      for (const coding of CODINGS) {
        const { proto } = await rig.arrivals(async () => {
          await eachOf([...bytes.keys()], async (length) => {
            const reply = await rig.export("traces", "proto", coded(coding, bytes.subarray(0, length)), coding);
            if (length === 0 || length === boundary) expectAccepted(reply, "proto");
            else expectRefused(reply, 400, "proto", "at byte");
          });
        });
        expect(proto).toEqual([Buffer.from(bytes.subarray(0, boundary))]);
      }
    },
  },
  {
    id: "A3",
    input: "one bit flipped in each byte",
    answer: "400, or what is delivered is a request that stays as it is when it is sent again",
    run: flips,
  },
  {
    id: "A4",
    input: "a tag, a length or a value cut off, at each of seven levels",
    answer: "400, with the path",
    run: (rig) =>
      refuseAtLevels(rig, [of(0x80), tag(UNKNOWN, 2), join(tag(UNKNOWN, 2), of(5, 1)), join(tag(UNKNOWN, 1), of(1)), join(tag(UNKNOWN, 0), of(0x80))]),
  },
  {
    id: "A5",
    input: "a varint of 11 bytes, and one of 10 with more than 64 bits",
    answer: "400",
    async run(rig) {
      const eleven = of(...repeated(10, 0x80), 0);
      const wide = of(...repeated(9, 0xff), 0x02);
      for (const long of [eleven, wide]) await refuseAtLevels(rig, [long, join(tag(UNKNOWN, 0), long), join(tag(UNKNOWN, 2), long)], "more than 64 bits");
    },
  },
  {
    id: "A6",
    input: "varints longer than they need be, in tags, lengths and values",
    answer: "200, read as the same numbers",
    async run(rig) {
      const kind = join(varint(6 * 8, 4), varint(3, 10));
      const name = join(varint(5 * 8 + 2, 2), varint(2, 5), of(0x6f, 0x6b));
      await passThrough(rig, spans(span(kind, name)));
      const { proto } = await rig.arrivals(() => rig.export("traces", "proto", spans(span(kind, name))));
      expect(proto.map((body) => JSON.stringify(judge("traces").toObject(body)))).toEqual([expect.stringContaining('"name":"ok","kind":3')]);
    },
  },
  {
    id: "A7",
    input: "a length of 2^31-1, 2^32, 2^63 or below zero",
    answer: "400 at once",
    run: (rig) =>
      refuseAtLevels(
        rig,
        [2n ** 31n - 1n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 63n, -1n].map((length) => join(tag(UNKNOWN, 2), varint(length), of(1))),
        "reaches past the end",
      ),
  },
  {
    id: "A8",
    input: "a length one past the end of the message around it",
    answer: "400",
    async run(rig) {
      for (const [, around] of LEVELS) {
        // What lies behind the message around it must not make the length right.
        const body = join(around(join(tag(UNKNOWN, 2), of(3, 1, 2))), field(1), field(1));
        if (around(of()).length > 0) await refuse(rig, body, "reaches past the end");
      }
      await refuse(rig, join(tag(UNKNOWN, 2), of(3, 1, 2)), "reaches past the end");
    },
  },
];

const TYPES: readonly Case[] = [
  {
    id: "A9",
    input: "every field of every message in every other wire type",
    answer: "400",
    async run(rig) {
      const wrong = mistypedFields();
      expect(wrong.length).toBeGreaterThan(500);
      await eachOf(wrong, async ({ signal, path, body }) => {
        const reply = await rig.export(signal, "proto", body);
        expect([reply.status, statusOf(reply).message], path).toEqual([400, expect.stringContaining("another wire type")]);
        expect(statusOf(reply).message).toContain(`in ${path}`);
      });
    },
  },
  {
    id: "A10",
    input: "lists of numbers, packed and not: counts, bounds, locations",
    answer: "200, both",
    async run(rig) {
      const value = (at: number, bits: bigint): Bytes => fixed64(at, bits);
      const point = (...lists: readonly Uint8Array[]): Bytes => field(1, field(2, field(2, field(1, "m"), field(9, field(1, ...lists), number(2, 2)))));
      const packed = point(field(6, value(1, 5n).subarray(1), value(1, 6n).subarray(1)), field(7, value(1, 0n).subarray(1)));
      const loose = point(value(6, 5n), value(6, 6n), value(7, 0n));
      const read: unknown[] = [];
      for (const body of [packed, loose]) {
        const { proto, json } = await rig.arrivals(async () => expectAccepted(await rig.export("metrics", "proto", body), "proto"));
        expect(proto).toEqual([Buffer.from(body)]);
        read.push(json.map((one) => JSON.parse(one.toString())));
        expect(json[0]?.toString()).toContain('"bucketCounts":["5","6"],"explicitBounds":[0');
      }
      expect(read[0]).toEqual(read[1]);
      const sample = (...indices: readonly Uint8Array[]): Bytes => field(1, field(2, field(2, field(2, ...indices))));
      for (const body of [sample(field(4, of(1, 2))), sample(number(4, 1), number(4, 2))]) {
        const { proto } = await rig.arrivals(async () => expectAccepted(await rig.export("profiles", "proto", body), "proto"));
        expect(proto).toEqual([Buffer.from(body)]);
      }
    },
  },
  {
    id: "A11",
    input: "a packed list of doubles whose length is no multiple of 8",
    answer: "400",
    async run(rig) {
      for (const at of [6, 7]) {
        for (const length of [1, 7, 9]) {
          const body = field(1, field(2, field(2, field(1, "m"), field(9, field(1, field(at, new Uint8Array(length)))))));
          const { proto, json } = await rig.arrivals(async () =>
            expectRefused(await rig.export("metrics", "proto", body), 400, "proto", "no multiple", at === 6 ? "bucketCounts" : "explicitBounds"),
          );
          expect([proto, json]).toEqual([[], []]);
        }
      }
    },
  },
  {
    id: "A12",
    input: "unknown fields of every wire type, and groups, at each level",
    answer: "200, delivered byte for byte",
    async run(rig) {
      const strange = [
        number(UNKNOWN, 5),
        fixed64(UNKNOWN, 7n),
        field(UNKNOWN, "x"),
        fixed32(UNKNOWN, 9),
        group(UNKNOWN, number(1, 1), group(2, field(3, "y"))),
      ];
      const all = join(...strange);
      for (const [, around] of LEVELS) await passThrough(rig, join(around(all), spans(span(named("neighbour")))));
    },
  },
  {
    id: "A13",
    input: "unknown groups 1 and 100 deep",
    answer: "200, delivered byte for byte",
    async run(rig) {
      for (const depth of [1, 100]) {
        for (const [, around] of LEVELS) await passThrough(rig, join(around(groups(depth)), spans(span())));
      }
    },
  },
  {
    id: "A13",
    input: "unknown groups 101 and 1,000,000 deep; one without an end, an end without a start, an end of another",
    answer: "400",
    async run(rig) {
      await refuseAtLevels(rig, [groups(101)], "deeper than 100");
      for (const [path, around] of LEVELS) await refuse(rig, around(groups(1_000_000)), path, "deeper than 100");
      await refuseAtLevels(
        rig,
        [tag(UNKNOWN, 3), tag(UNKNOWN, 4), join(tag(UNKNOWN, 3), tag(UNKNOWN + 1, 4)), join(group(UNKNOWN), tag(UNKNOWN, 4))],
        "a group ends",
      );
    },
  },
  {
    id: "A14",
    input: "field number 0, one above 2^29-1, wire types 6 and 7",
    answer: "400",
    async run(rig) {
      await refuseAtLevels(
        rig,
        [0, 1, 5].map((wire) => join(tag(0, wire), new Uint8Array(8))),
        "field numbers go from 1",
      );
      await refuseAtLevels(rig, [join(varint(2n ** 32n), of(1)), join(varint(2n ** 35n + 8n), of(1))], "field numbers go from 1");
      await refuseAtLevels(rig, [join(tag(UNKNOWN, 6), of(1)), join(tag(UNKNOWN, 7), of(1)), join(tag(1, 6), of(1))], "wire types 6 and 7");
    },
  },
];

function groups(depth: number): Bytes {
  const start = tag(UNKNOWN, 3);
  const end = tag(UNKNOWN, 4);
  const made = new Uint8Array(depth * (start.length + end.length));
  for (let level = 0; level < depth; level++) {
    made.set(start, level * start.length);
    made.set(end, made.length - (level + 1) * end.length);
  }
  return made;
}

async function flips(rig: Rig): Promise<void> {
  const { bytes } = twoResources();
  const seen = { refused: 0, delivered: 0 };
  for (let at = 0; at < bytes.length; at++) {
    const flipped = bytes.slice();
    flipped[at] = (flipped[at] ?? 0) ^ (1 << ((at * 5) % 8));
    const coding = CODINGS[at % 2] ?? "identity";
    let status = 0;
    const { proto } = await rig.arrivals(async () => ({ status } = await rig.export("traces", "proto", coded(coding, flipped), coding)));
    expect([200, 400], `byte ${at}`).toContain(status);
    const [delivered] = proto;
    if (status === 400) {
      expect(proto).toEqual([]);
      seen.refused++;
    } else if (delivered !== undefined) {
      judge("traces").decode(flipped);
      judge("traces").decode(delivered);
      const again = await rig.arrivals(async () => expectAccepted(await rig.export("traces", "proto", delivered), "proto"));
      expect(again.proto, `byte ${at}`).toEqual([delivered]);
      seen.delivered++;
    }
  }
  // Some bits are structure and some are content: the case saw both.
  expect(Math.min(seen.refused, seen.delivered)).toBeGreaterThan(50);
}

export const WIRE_CASES = { CUT, TYPES } as const;
