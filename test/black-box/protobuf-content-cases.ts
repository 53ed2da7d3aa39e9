/** Group A of the campaign, the content: repeated fields, text, ids, values at the edge. Sent plain and as gzip. */
import { expect } from "vitest";
import { type Bytes, counting, field, fixed64, join, number, of } from "../harness/bytes.ts";
import { judge, judgeOf, type Plain } from "../harness/judge.ts";
import { text as textOf } from "../harness/multiset.ts";
import { headersOf, send } from "./client.ts";
import { recordsIn, sendBoth, spansIn, valuesIn } from "./arrivals.ts";
import { attribute, log, metric, named, nested, span, SPAN_ID, spans, text, TRACE_ID } from "./payloads.ts";
import { type Case, expectAccepted, expectRefused, type Rig } from "./rig.ts";

/** Delivered as one body that the judge reads as this request. */
async function delivers(rig: Rig, signal: "traces" | "metrics" | "logs", body: Uint8Array, expected: Plain): Promise<void> {
  await sendBoth(rig, signal, "proto", body, (reply, arrived) => {
    expectAccepted(reply, "proto");
    expect(arrived.map(textOf)).toEqual([textOf(expected)]);
  });
}

/** Delivered as the bytes that were sent. */
async function unchanged(rig: Rig, signal: "traces" | "metrics" | "logs" | "profiles", body: Uint8Array): Promise<string> {
  const { proto, json } = await rig.arrivals(async () => expectAccepted(await rig.export(signal, "proto", body), "proto"));
  expect(proto.map((one) => one.toString("hex"))).toEqual([Buffer.from(body).toString("hex")]);
  return json.map((one) => one.toString()).join("\n");
}

const TWICE: readonly Case[] = [
  {
    id: "A15",
    input: "a oneof set twice: AnyValue, the data of a metric, the value of a point",
    answer: "200, the last counts",
    async run(rig) {
      await sendBoth(rig, "logs", "proto", log(field(5, text("first"), number(3, 7))), (reply, arrived, json) => {
        expectAccepted(reply, "proto");
        expect(valuesIn(arrived)).toEqual([{ intValue: "7" }]);
        expect(json).toContain('"body":{"intValue":"7"}');
      });
      const point = field(1, fixed64(4, 0x3ff0000000000000n), fixed64(6, 9n));
      await delivers(rig, "metrics", metric(field(7, point), field(5, point)), {
        resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "m", gauge: { dataPoints: [{ asInt: "9" }] } }] }] }],
      });
    },
  },
  {
    id: "A16",
    input: "a message twice where there is one: two `resource`, two `scope`, two `status`",
    answer: "200, merged as protobuf says",
    async run(rig) {
      const resource = (key: string, dropped: number): Bytes => field(1, attribute(1, key, text(key)), number(2, dropped));
      const status = join(field(15, field(2, "why")), field(15, number(3, 2)));
      const body = field(1, resource("a", 1), field(2, field(1, field(1, "n")), field(1, field(2, "v")), span(status)), resource("b", 2));
      await delivers(rig, "traces", body, {
        resourceSpans: [
          {
            resource: {
              attributes: [
                { key: "a", value: { stringValue: "a" } },
                { key: "b", value: { stringValue: "b" } },
              ],
              droppedAttributesCount: 2,
            },
            scopeSpans: [{ scope: { name: "n", version: "v" }, spans: [{ traceId: TRACE_ID, spanId: SPAN_ID, status: { message: "why", code: 2 } }] }],
          },
        ],
      });
    },
  },
];

const BAD_TEXT: Readonly<Record<string, Bytes>> = {
  "a lone byte": of(0x61, 0xff, 0x62),
  overlong: of(0x61, 0xc0, 0x80, 0x62),
  "a surrogate": of(0x61, 0xed, 0xa0, 0x80, 0x62),
  "cut off": of(0x61, 0xe2, 0x82),
};

const TEXT: readonly Case[] = [
  {
    id: "A17",
    input: "text that is not UTF-8 (a lone byte, overlong, a surrogate, cut off) in a key, a name and a value",
    answer: "200, repaired with U+FFFD",
    async run(rig) {
      for (const [name, bytes] of Object.entries(BAD_TEXT)) {
        const repaired = new TextDecoder().decode(bytes);
        expect(repaired, name).toContain("\uFFFD");
        await sendBoth(rig, "traces", "proto", spans(span(named(bytes), attribute(9, bytes, text(bytes)))), (reply, arrived) => {
          expectAccepted(reply, "proto");
          const attributes = [{ key: repaired, value: { stringValue: repaired } }];
          expect(spansIn(arrived)).toMatchObject([{ name: repaired, attributes }]);
        });
        await sendBoth(rig, "logs", "proto", log(field(5, text(bytes))), (reply, arrived, json) => {
          expectAccepted(reply, "proto");
          expect(valuesIn(arrived)).toEqual([{ stringValue: repaired }]);
          // The JSON back end got text, and the same.
          expect(json).toContain(`{"stringValue":${JSON.stringify(repaired)}}`);
        });
      }
    },
  },
  {
    id: "A18",
    input: "values nested 64 deep, as lists and as maps",
    answer: "200, delivered byte for byte",
    async run(rig) {
      for (const kind of ["array", "map"] as const) {
        for (const depth of [1, 63, 64]) {
          await unchanged(rig, "traces", spans(span(attribute(9, "k", nested(kind, depth)))));
          JSON.parse(await unchanged(rig, "logs", log(field(5, nested(kind, depth)))));
        }
      }
    },
  },
  {
    id: "A18",
    input: "values nested 65, 10,000 and 1,000,000 deep, as lists and as maps",
    answer: "400",
    async run(rig) {
      for (const kind of ["array", "map"] as const) {
        for (const depth of [65, 10_000, 1_000_000]) {
          const value = nested(kind, depth);
          for (const [signal, body] of [
            ["traces", spans(span(attribute(9, "k", value)))],
            ["logs", log(field(5, value))],
          ] as const) {
            const { proto } = await rig.arrivals(async () =>
              expectRefused(await rig.export(signal, "proto", body), 400, "proto", "deeper than 64", /at byte \d+$/),
            );
            expect(proto).toEqual([]);
          }
        }
      }
    },
  },
  {
    id: "A20",
    input: "indices into a dictionary that only profiles have",
    answer: "200, treated as absent",
    async run(rig) {
      const value = join(number(8, 3));
      await sendBoth(rig, "traces", "proto", spans(span(field(9, field(1, "k"), number(3, 7), field(2, value)))), (reply, arrived) => {
        expectAccepted(reply, "proto");
        expect(spansIn(arrived)).toMatchObject([{ attributes: [{ key: "k", value: {} }] }]);
        expect(textOf(arrived)).not.toContain("trindex");
      });
      await sendBoth(rig, "logs", "proto", log(field(5, value)), (reply, arrived, json) => {
        expectAccepted(reply, "proto");
        expect(valuesIn(arrived)).toEqual([{}]);
        expect(json).not.toContain("trindex");
      });
    },
  },
];

const LENGTHS = [0, 8, 15, 17, 32] as const;

const IDENTIFIERS: readonly Case[] = [
  {
    id: "A21",
    input: "a span whose trace id or span id is absent, of another length, or all zero",
    answer: "200 with a partial success: the span is rejected, its neighbours are kept",
    async run(rig) {
      const bad = [
        of(),
        field(1, TRACE_ID),
        field(2, SPAN_ID),
        ...LENGTHS.map((length) => join(field(1, counting(length)), field(2, SPAN_ID))),
        ...[0, 4, 7, 9, 16].map((length) => join(field(1, TRACE_ID), field(2, counting(length)))),
        join(field(1, new Uint8Array(16)), field(2, SPAN_ID)),
        join(field(1, TRACE_ID), field(2, new Uint8Array(8))),
      ];
      for (const ids of bad)
        await rejects(
          rig,
          spans(span(named("a")), field(2, ids, named("bad")), span(named("b"))),
          1,
          "1 span without a valid trace_id and span_id was rejected",
        );
      const all = spans(...bad.map((ids) => field(2, ids, named("bad"))), span(named("a")), span(named("b")));
      await rejects(rig, all, bad.length, `${bad.length} spans without a valid trace_id and span_id were rejected`);
    },
  },
  {
    id: "A21",
    input: "bad ids in a parent, a link, a log record and an exemplar",
    answer: "200, the id is cleared and the item kept",
    async run(rig) {
      for (const length of [1, 15, 17]) {
        const id = counting(length);
        await sendBoth(rig, "traces", "proto", spans(span(field(4, id), field(13, field(1, id), field(2, SPAN_ID)))), (reply, arrived) => {
          expectAccepted(reply, "proto");
          expect(spansIn(arrived).map(textOf)).toEqual([textOf({ traceId: TRACE_ID, spanId: SPAN_ID, links: [{ spanId: SPAN_ID }] })]);
        });
        await sendBoth(rig, "logs", "proto", log(field(5, text("kept")), field(9, id), field(10, id)), (reply, arrived) => {
          expectAccepted(reply, "proto");
          expect(recordsIn(arrived).map(textOf)).toEqual([textOf({ body: { stringValue: "kept" } })]);
        });
        const exemplar = field(5, fixed64(3, 0n), field(4, id), field(5, id));
        await sendBoth(rig, "metrics", "proto", metric(field(5, field(1, fixed64(6, 1n), exemplar))), (reply, arrived) => {
          expectAccepted(reply, "proto");
          expect(textOf(arrived)).not.toContain("Id");
          expect(textOf(arrived)).toContain("exemplars");
        });
      }
    },
  },
];

/** A partial success to the letter, in protobuf; the spans `a` and `b` are delivered, and no other. */
async function rejects(rig: Rig, body: Uint8Array, count: number, errorMessage: string): Promise<void> {
  await sendBoth(rig, "traces", "proto", body, (reply, arrived) => {
    expect([reply.status, reply.headers["content-type"]]).toEqual([200, "application/x-protobuf"]);
    const said = judgeOf("opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse").toObject(reply.body);
    expect(said).toEqual({ partialSuccess: { rejectedSpans: String(count), errorMessage } });
    expect(spansIn(arrived).map(({ name }) => name)).toEqual(["a", "b"]);
  });
}

function double(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

const VALUES: readonly Case[] = [
  {
    id: "A22",
    input: "one attribute key twice",
    answer: "200, delivered byte for byte",
    run: async (rig) => void (await unchanged(rig, "traces", spans(span(attribute(9, "k", text("1")), attribute(9, "k", text("2")))))),
  },
  {
    id: "A23",
    input: "times of 0, an end before its start, the year 2554; NaN, infinities, -0; the least int64; bounds unsorted, too many, too few",
    answer: '200, delivered byte for byte; JSON has "NaN" and strings of digits',
    async run(rig) {
      const last = 2n ** 64n - 1n;
      await unchanged(rig, "traces", spans(span(fixed64(7, last), fixed64(8, 1n)), span(fixed64(7, 0n), fixed64(8, 0n))));
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const json = await unchanged(rig, "metrics", metric(field(5, field(1, fixed64(3, last), of(0x21), double(value)))));
        expect(json).toContain(`"asDouble":"${value}"`);
        expect(json).toContain(`"timeUnixNano":"${last}"`);
      }
      expect(await unchanged(rig, "metrics", metric(field(5, field(1, of(0x21), double(-0)))))).toContain('"asDouble":-0');
      expect(await unchanged(rig, "metrics", metric(field(5, field(1, fixed64(6, 2n ** 63n)))))).toContain('"asInt":"-9223372036854775808"');
      const bounds = [[2, 1], [1, 2, 3, 4], []];
      for (const list of bounds) {
        const point = field(1, field(6, fixed64(1, 1n).subarray(1), fixed64(1, 2n).subarray(1)), field(7, ...list.map(double)));
        JSON.parse(await unchanged(rig, "metrics", metric(field(9, point))));
      }
    },
  },
  {
    id: "A24",
    input: "an optional sum that is 0, and one that is absent",
    answer: "200, told apart in both encodings",
    async run(rig) {
      const point = (...sum: readonly Uint8Array[]): Bytes => metric(field(9, field(1, fixed64(4, 3n), ...sum), number(2, 2)));
      expect(await unchanged(rig, "metrics", point(of(0x29), double(0)))).toContain('"sum":0');
      expect(await unchanged(rig, "metrics", point())).not.toContain('"sum"');
      const [zero, absent] = ['"sum":0', ""].map(
        (sum) => `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","histogram":{"dataPoints":[{${sum}}]}}]}]}]}`,
      );
      for (const [body, has] of [
        [zero ?? "", true],
        [absent ?? "", false],
      ] as const) {
        await sendBoth(rig, "metrics", "json", body, (reply, arrived, json) => {
          expectAccepted(reply, "json");
          expect([textOf(arrived).includes('"sum"'), json.includes('"sum"')]).toEqual([has, has]);
        });
      }
    },
  },
  {
    id: "A25",
    input: "profiles on both paths; an index beyond the dictionary",
    answer: "200, delivered byte for byte",
    async run(rig) {
      const good = join(field(1, field(2, field(2, field(7, counting(16))))), field(2, field(5), field(5, "cpu")));
      const bad = field(1, field(2, field(2, field(2, number(1, 1_000_000), number(3, 2 ** 31 - 1)))));
      for (const path of ["/v1/profiles", "/v1development/profiles"]) {
        for (const body of [good, bad]) {
          const { proto } = await rig.arrivals(async () => expectAccepted(await send(rig.target.port, { path, headers: headersOf("proto"), body }), "proto"));
          expect(proto).toEqual([Buffer.from(body)]);
        }
        const json = { path, headers: headersOf("json"), body: '{"resourceProfiles":[{"scopeProfiles":[{"profiles":[{"profileId":"0102"}]}]}]}' };
        const { proto } = await rig.arrivals(async () => expectAccepted(await send(rig.target.port, json), "json"));
        expect(proto.map((one) => textOf(judge("profiles").toObject(Uint8Array.from(one))))).toEqual([expect.stringContaining("0x0102")]);
      }
    },
  },
];

export const CONTENT_CASES = { TWICE, TEXT, IDENTIFIERS, VALUES } as const;
