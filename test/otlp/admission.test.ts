/** The door's verdicts: what is damaged, what is mended and counted, what passes untouched (law 6). */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { type Signal, SIGNALS } from "../../src/base/signal.ts";
import { admitBytes, admitted, bytesOf, testEngine } from "../harness/engine.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { list, text } from "../harness/multiset.ts";

const TRACE_ID = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
const SPAN_ID = Uint8Array.from({ length: 8 }, (_, i) => i + 1);

function field(number: number, body: ArrayLike<number>): number[] {
  const length = body.length;
  const prefix = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
  return [(number << 3) | 2, ...prefix, ...Array.from(body)];
}

const span = (...fields: number[][]) => fields.flat();
const ids = () => [field(1, TRACE_ID), field(2, SPAN_ID)].flat();
const request = (...spans: number[][]) =>
  Uint8Array.from(
    field(
      1,
      field(
        2,
        spans.flatMap((one) => field(2, one)),
      ),
    ),
  );

function spansOf(bytes: Uint8Array): readonly Plain[] {
  return list(judge("traces").toObject(bytes), "resourceSpans")
    .flatMap((group) => list(group, "scopeSpans"))
    .flatMap((scope) => list(scope, "spans"));
}

function admit(bytes: Uint8Array, signal: Signal = "traces") {
  const engine = testEngine();
  const admission = admitted(engine, signal, bytes);
  const out = bytesOf(admission.chunk);
  admission.chunk.release();
  expect(engine.pool.blocks).toBe(0);
  return { ...admission, out };
}

describe("Engine.admit", () => {
  it.each(SIGNALS)("passes clean %s as they are", (signal) => {
    for (const order of ["ascending", "descending", "interleaved"] as const) {
      const { bytes, items } = payload(signal, { items: signal === "profiles" ? 4 : 50, order, unknown: order === "interleaved" });
      const admission = admit(bytes, signal);
      expect(admission.unchanged).toBe(true);
      expect(admission.items).toBe(items);
      expect(admission.out).toEqual(bytes);
    }
  });

  it("takes an empty request", () => {
    expect(admit(new Uint8Array(0))).toMatchObject({ items: 0, rejected: 0, unchanged: true });
  });

  it.each([
    ["no ids at all", span(field(5, [120]))],
    ["no span id", span(field(1, TRACE_ID))],
    ["a trace id of 15 bytes", span(field(1, TRACE_ID.subarray(1)), field(2, SPAN_ID))],
    ["a trace id of zeros", span(field(1, new Uint8Array(16)), field(2, SPAN_ID))],
    ["an empty span id", span(field(1, TRACE_ID), field(2, []))],
  ])("cuts a span with %s, keeps its neighbours and says so", (_name, bad) => {
    const admission = admit(request(span(ids(), field(5, [97])), bad, span(ids(), field(5, [98]))));
    expect(admission).toMatchObject({ items: 2, rejected: 1, unchanged: false });
    expect(admission.message).toBe("1 span without a valid trace_id and span_id was rejected");
    expect(spansOf(admission.out).map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("clears a bad parent id and a bad link id, and keeps the span", () => {
    const admission = admit(request(span(ids(), field(4, [1, 2, 3]), field(13, [...field(1, new Uint8Array(16)), ...field(2, SPAN_ID)]))));
    expect(admission).toMatchObject({ items: 1, rejected: 0, repairs: { idsCleared: 2 } });
    const [kept] = spansOf(admission.out);
    expect(kept).not.toHaveProperty("parentSpanId");
    expect(list(kept, "links")[0]).not.toHaveProperty("traceId");
    expect(list(kept, "links")[0]).toHaveProperty("spanId");
  });

  it("repairs text that is not UTF-8", () => {
    const admission = admit(request(span(ids(), field(5, [0x61, 0xff, 0x62]))));
    expect(admission).toMatchObject({ items: 1, rejected: 0, repairs: { textsRepaired: 1 } });
    expect(spansOf(admission.out)[0]?.["name"]).toBe("a\uFFFDb");
  });

  it("makes room when repaired text is three times as long", () => {
    const admission = admit(request(span(ids(), field(5, new Uint8Array(1000).fill(0xff)))));
    expect(spansOf(admission.out)[0]?.["name"]).toBe("\uFFFD".repeat(1000));
  });

  it("merges repeated messages, and lets the last scalar and oneof count, as protobuf does", () => {
    const resource = (key: number) => field(1, field(1, field(1, [key])));
    const value = (...fields: number[][]) => field(9, [...field(1, [107]), ...field(2, fields.flat())]);
    const twice = span(ids(), field(5, [97]), field(5, [98]), value([0x18, 7], field(1, [120])), field(15, field(2, [109])), field(15, [0x18, 2]));
    const bytes = Uint8Array.from(field(1, [...resource(97), ...field(2, field(2, twice)), ...resource(98)]));
    const admission = admit(bytes);
    expect(admission.repairs.fieldsMerged).toBe(4);
    expect(text(judge("traces").toObject(admission.out))).toBe(text(judge("traces").toObject(bytes)));
  });

  it("removes dictionary indices outside profiles, and keeps unknown fields", () => {
    const unknown = [0xf8, 0x7f, 5];
    const admission = admit(request(span(ids(), unknown, field(9, [...field(1, [107]), ...field(2, [0x40, 3]), 0x18, 9]))));
    expect(admission.repairs.indicesCleared).toBe(2);
    const out = Array.from(admission.out).join();
    expect(out).toContain(unknown.join());
  });

  it("leaves the ids of profiles alone but for a link's of the wrong length: entry 0 of the dictionary is zeros by design", () => {
    const profile = [...field(7, [1, 2, 3])];
    const links = [field(4, field(1, new Uint8Array(16))), field(4, field(1, [9])), field(5, [0xff])].flat();
    const bytes = Uint8Array.from([...field(1, field(2, field(2, profile))), ...field(2, links)]);
    const { out, repairs } = admit(bytes, "profiles");
    expect(repairs).toMatchObject({ idsCleared: 1, textsRepaired: 1 });
    const object = judge("profiles").toObject(out);
    expect(text(object)).toContain(`"profileId":"0x010203"`);
    expect(text(object)).toContain(`"traceId":"0x${"00".repeat(16)}"`);
    expect(text(object)).not.toContain("0x09");
  });

  it("names the path and the offset of damage", () => {
    const bytes = request(span(ids()), span(ids(), [0x4a, 3, 0x0a, 9, 107]));
    const engine = testEngine();
    const admission = admitBytes(engine, "traces", bytes);
    expect(admission).toEqual({
      kind: "malformed",
      code: "malformed_protobuf",
      message: "the length reaches past the end of the message around it",
      offset: bytes.length - 1,
      path: "resourceSpans[0].scopeSpans[0].spans[1].attributes[0].key",
    });
    expect(engine.pool.blocks).toBe(0);
  });

  it("agrees with the judge on mended requests of all orders", () => {
    for (const order of ["ascending", "descending", "interleaved"] as const) {
      const { bytes } = payload("traces", { items: 40, order, unknown: true });
      const damaged = Uint8Array.from([...bytes, ...request(span(field(5, [97])))]);
      const admission = admit(damaged);
      expect(admission).toMatchObject({ items: 40, rejected: 1 });
      expect(spansOf(admission.out).map(text)).toEqual(spansOf(bytes).map(text));
    }
  });
});
