/** Group C of the campaign, the head of a request: methods, paths, content types, codings. Answered before the body is read. */
import { expect } from "vitest";
import { type Encoding, headersOf, type Reply, send } from "./client.ts";
import { goodTraces } from "./payloads.ts";
import { type Case, expectAccepted, expectRefused, type Group, type Rig } from "./rig.ts";

const ENCODINGS: readonly Encoding[] = ["proto", "json"];
const JSON_GOOD = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"}]}]}]}';

/** A good body in this encoding. */
function good(encoding: Encoding): Uint8Array | string {
  return encoding === "json" ? JSON_GOOD : goodTraces().bytes;
}

/** Sends what must be refused, and sees that nothing was delivered. */
async function refused(rig: Rig, sending: () => Promise<Reply>, status: number, encoding: Encoding, ...words: readonly (RegExp | string)[]): Promise<Reply> {
  let reply: Reply | undefined;
  const { proto } = await rig.arrivals(async () => (reply = await sending()));
  expect(proto).toEqual([]);
  if (reply === undefined) throw new TypeError("There was no answer");
  expectRefused(reply, status, encoding, ...words);
  return reply;
}

const PATHS: readonly Case[] = [
  {
    id: "C37",
    input: "GET, PUT, DELETE, PATCH, OPTIONS and HEAD",
    answer: "405 with `Allow: POST`; HEAD without a body",
    async run(rig) {
      for (const encoding of ENCODINGS) {
        for (const method of ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
          const body = method === "GET" || method === "OPTIONS" ? "" : good(encoding);
          const reply = await refused(rig, () => send(rig.target.port, { method, headers: headersOf(encoding), body }), 405, encoding, "OTLP uses POST");
          expect(reply.headers["allow"]).toBe("POST");
        }
        const reply = await send(rig.target.port, { method: "HEAD", headers: headersOf(encoding) });
        expect([reply.status, reply.headers["allow"], reply.body.length]).toEqual([405, "POST", 0]);
      }
    },
  },
  {
    id: "C37",
    input: "a path that is not served, with a slash at its end, two slashes, an encoded letter or slash, another case, dots",
    answer: "404",
    async run(rig) {
      const paths = [
        "/",
        "/v1",
        "/v2/traces",
        "/v1/traces/",
        "//v1/traces",
        "/v1//traces",
        "/v1/%74races",
        "/v1%2Ftraces",
        "/V1/traces",
        "/v1/traces%00",
        "/v1/traces;x=1",
      ];
      for (const encoding of ENCODINGS) {
        for (const path of paths) {
          await refused(rig, () => send(rig.target.port, { path, headers: headersOf(encoding), body: good(encoding) }), 404, encoding, "/v1/traces");
        }
      }
    },
  },
  {
    id: "C37",
    input: "a query behind the path",
    answer: "ignored",
    async run(rig) {
      for (const encoding of ENCODINGS) {
        const reply = await send(rig.target.port, { path: "/v1/traces?x=/v1/logs", headers: headersOf(encoding), body: good(encoding) });
        expectAccepted(reply, encoding);
      }
    },
  },
];

const TYPES: readonly Case[] = [
  {
    id: "C38",
    input: "no content type, and one that is not OTLP's",
    answer: "415 in protobuf, with `Accept`",
    async run(rig) {
      const types = [
        "text/plain",
        "application/grpc",
        "application/x-protobufx",
        "application/jsonp",
        "*/*",
        "application",
        "",
        "application/json, application/x-protobuf",
      ];
      const others = types.map((type): Record<string, string> => ({ "content-type": type }));
      for (const headers of [{}, ...others]) {
        const reply = await refused(rig, () => send(rig.target.port, { headers, body: goodTraces().bytes }), 415, "proto", "content type");
        expect(reply.headers["accept"]).toBe("application/x-protobuf, application/json");
      }
    },
  },
  {
    id: "C38",
    input: "a content type with parameters, in another case, with blanks",
    answer: "200, answered in kind",
    async run(rig) {
      for (const type of ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json ;charset=x", "Application/Json;"]) {
        expectAccepted(await send(rig.target.port, { headers: { "content-type": type }, body: JSON_GOOD }), "json");
      }
      for (const type of ["APPLICATION/X-PROTOBUF", "application/x-protobuf; proto=x"]) {
        expectAccepted(await send(rig.target.port, { headers: { "content-type": type }, body: goodTraces().bytes }), "proto");
      }
    },
  },
  {
    id: "C38",
    input: "JSON that is said to be protobuf, and protobuf that is said to be JSON",
    answer: "400, in the encoding that was said",
    async run(rig) {
      await refused(rig, () => rig.export("traces", "proto", JSON_GOOD), 400, "proto", "at byte");
      await refused(rig, () => rig.export("traces", "json", goodTraces().bytes), 400, "json", "not JSON here, at byte");
    },
  },
  {
    id: "C42",
    input: "a content coding that is not served: br, a chain, an unknown one",
    answer: "415 with `Accept-Encoding`, whatever the body is",
    async run(rig) {
      const codings = ["br", "BR", "gzip, gzip", "gzip,br", "identity, gzip", "compress", "snappy", "lz4", "x-gzip", "*", "gzip;q=1", "base64"];
      for (const encoding of ENCODINGS) {
        for (const coding of codings) {
          const reply = await refused(rig, () => rig.export("traces", encoding, good(encoding), coding), 415, encoding, "content encoding");
          expect(reply.headers["accept-encoding"]).toBe("identity, gzip, zstd, deflate");
        }
        // Two headers are one list.
        const headers = [...Object.entries(headersOf(encoding)).flat(), "content-encoding", "gzip", "content-encoding", "gzip"];
        await refused(rig, () => send(rig.target.port, { headers, body: good(encoding) }), 415, encoding, "content encoding");
      }
    },
  },
];

export const HTTP_GROUPS: readonly Group[] = [
  { title: "HTTP: methods and paths", cases: PATHS },
  { title: "HTTP: content types and codings", cases: TYPES },
];
