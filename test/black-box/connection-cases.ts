/** Group C of the campaign, bytes on the wire: framing, slow senders, floods, pipelines, aborts. On bare sockets. */
import { expect } from "vitest";
import { delay } from "../contract/sinks.ts";
import { head, headersOf, Raw, send } from "./client.ts";
import { goodTraces, repeated } from "./payloads.ts";
import { type Case, type Group, type Rig } from "./rig.ts";
import { TARGET } from "./target.ts";

/** The server's section `http`: its time-outs are short, and its limit is small. */
export const BODY_BYTES_MAX = 100_000;
export const HTTP_SECTION = `max_request_body_size: ${BODY_BYTES_MAX}, read_timeout: 4s, read_header_timeout: 2s, idle_timeout: 2s`;

const PROTO = "Content-Type: application/x-protobuf";
const CHUNKED = "Transfer-Encoding: chunked";

/** Sends these bytes and waits for the end of the connection; nothing may be delivered. */
async function closes(rig: Rig, bytes: readonly (string | Uint8Array)[], ends = false): Promise<Raw> {
  const raw = new Raw(rig.target.port);
  const { proto } = await rig.arrivals(async () => {
    for (const one of bytes) raw.write(one);
    if (ends) raw.socket.end();
    await raw.until();
  });
  expect(proto).toEqual([]);
  return raw;
}

/** The same, answered with one of these codes, or with nothing where 0 is among them. */
async function refuses(rig: Rig, bytes: readonly (string | Uint8Array)[], statuses: readonly number[]): Promise<Raw> {
  const raw = new Raw(rig.target.port);
  const { proto } = await rig.arrivals(async () => {
    for (const one of bytes) raw.write(one);
    await raw.until(() => raw.statuses.length > 0);
  });
  expect(statuses, raw.received).toContain(raw.statuses[0] ?? 0);
  expect(proto).toEqual([]);
  raw.destroy();
  return raw;
}

const FRAMING: readonly Case[] = [
  {
    id: "C43",
    input: "a Content-Length larger than the body",
    answer: "cut off: closed when the sender closes, or by `read_timeout`",
    async run(rig) {
      const { bytes } = goodTraces();
      const started = [head("/v1/traces", [PROTO, `Content-Length: ${bytes.length + 1}`]), bytes];
      const ended = await closes(rig, started, true);
      expect(ended.statuses.filter((status) => status < 400)).toEqual([]);
    },
  },
  {
    id: "C43",
    input: "a Content-Length smaller than the body",
    answer: "the body is as long as it was said to be: 400; what follows is no request",
    async run(rig) {
      const { bytes } = goodTraces();
      const raw = await refuses(rig, [head("/v1/traces", [PROTO, `Content-Length: ${bytes.length - 1}`]), bytes], [400]);
      expect(raw.statuses.filter((status) => status !== 400)).toEqual([]);
    },
  },
  {
    id: "C43",
    input: "a Content-Length of 10 GB, of one byte over the limit",
    answer: "413 before a byte of the body is sent",
    async run(rig) {
      for (const length of ["10000000000", String(BODY_BYTES_MAX + 1)]) {
        for (const type of [PROTO, "Content-Type: application/json"]) await refuses(rig, [head("/v1/traces", [type, `Content-Length: ${length}`])], [413]);
      }
    },
  },
  {
    id: "C43",
    input: "a Content-Length that is no number, below zero, a list, twice",
    answer: "400",
    async run(rig) {
      const lengths = ["-1", "abc", "0x10", "5, 6", "+5", "1e1", "5;"];
      for (const length of lengths) await refuses(rig, [head("/v1/traces", [PROTO, `Content-Length: ${length}`]), "12345"], [400]);
      await refuses(rig, [head("/v1/traces", [PROTO, "Content-Length: 5", "Content-Length: 6"]), "12345"], [400]);
    },
  },
  {
    id: "C43",
    input: "Content-Length beside Transfer-Encoding",
    answer: "400",
    async run(rig) {
      await refuses(rig, [head("/v1/traces", [PROTO, "Content-Length: 5", CHUNKED]), "0\r\n\r\n"], [400]);
      await refuses(rig, [head("/v1/traces", [PROTO, CHUNKED, "Content-Length: 5"]), "0\r\n\r\n"], [400]);
    },
  },
  {
    id: "C44",
    input: "chunks of a bad size, too large a size, without an end",
    answer: "400, or closed; nothing is delivered",
    async run(rig) {
      for (const chunk of ["zz\r\n", "-1\r\nx\r\n", "FFFFFFFFFFFFFFFFFF\r\n", "2\r\nabcd\r\n", "\r\n"]) {
        const raw = await closes(rig, [head("/v1/traces", [PROTO, CHUNKED]), chunk]);
        expect(raw.statuses.filter((status) => status < 400)).toEqual([]);
      }
    },
  },
  {
    id: "C44",
    input: "tiny chunks without end",
    answer: "413 at the limit",
    async run(rig) {
      // Before a Worker stands a proxy of wrangler's that is slow at them: of one byte they would meet `read_timeout` first.
      const size = TARGET === "workers" ? 100 : 1;
      const chunk = `${size.toString(16)}\r\n${"\n".repeat(size)}\r\n`;
      await refuses(rig, [head("/v1/traces", [PROTO, CHUNKED]), chunk.repeat(BODY_BYTES_MAX / size + 10)], [413]);
    },
  },
  {
    id: "C44",
    input: "a flood of trailers",
    answer: "refused, or not read behind the body, and the connection ends",
    async run(rig) {
      const trailers = `0\r\n${"X-Trailer: 0123456789\r\n".repeat(50_000)}`;
      await closes(rig, [head("/v1/traces", [PROTO, CHUNKED]), trailers]);
    },
  },
];

const SLOW = 40;

/** `SLOW` connections for each way to be slow: its parts are sent one every 400 ms, and then nothing. All are cut off. */
async function slow(rig: Rig, ways: readonly (readonly string[])[]): Promise<void> {
  const all = ways.flatMap((parts) => Array.from({ length: SLOW }, () => ({ parts, raw: new Raw(rig.target.port) })));
  for (let turn = 0; all.some(({ raw }) => !raw.closed); turn++) {
    if (turn > 100) throw new Error(`Still open: ${all.findIndex(({ raw }) => !raw.closed)} of ${all.length}`);
    for (const { parts, raw } of all) if (turn < parts.length) raw.write(parts[turn] ?? "");
    // Others are served meanwhile.
    await rig.expectGood();
    await delay(400);
  }
  for (const { raw } of all) expect(raw.statuses.filter((status) => status < 400)).toEqual([]);
}

const TIME: readonly Case[] = [
  {
    id: "C45",
    input: "connections that send nothing, half a head, half a body, a byte every 400 ms",
    answer: "cut off by the deadlines (408, or closed), others are served meanwhile",
    async run(rig) {
      const half = head("/v1/traces", [PROTO, "Content-Length: 1000"]);
      const drip = repeated(40, "x");
      await slow(rig, [[], [half.slice(0, 30)], [half, "half"], [half, ...drip], ["POST /v1/traces HTTP/1.1\r\n", ...drip.map(() => "X-Drip: 1\r\n")]]);
    },
  },
  {
    id: "C45",
    input: "a connection that is kept and not used",
    answer: "closed by `idle_timeout`",
    async run(rig) {
      const { bytes } = goodTraces();
      const raw = new Raw(rig.target.port).write(head("/v1/traces", [PROTO, `Content-Length: ${bytes.length}`])).write(bytes);
      await raw.until();
      expect(raw.statuses).toEqual([200]);
    },
  },
];

const HEADS: readonly Case[] = [
  {
    id: "C46",
    input: "headers of 20 KB and 300 KB, 3,000 headers, a URL of 40 KB",
    answer: "431",
    async run(rig) {
      for (const line of [`X-Large: ${"x".repeat(20_000)}`, `X-Large: ${"x".repeat(300_000)}`, "X-Many: 1\r\n".repeat(3000).trimEnd()]) {
        await refuses(rig, [head("/v1/traces", [PROTO, "Content-Length: 0", line])], [431]);
      }
      await refuses(rig, [head(`/v1/traces?${"x".repeat(40_000)}`, [PROTO, "Content-Length: 0"])], [431, 414]);
    },
  },
  {
    id: "C47",
    input: "several requests on one connection, sent at once",
    answer: "answered in order",
    async run(rig) {
      const { bytes } = goodTraces();
      const request = (path: string): string => `${head(path, [PROTO, `Content-Length: ${bytes.length}`])}${Buffer.from(bytes).toString("latin1")}`;
      const raw = new Raw(rig.target.port).write(Buffer.from(request("/v1/traces") + request("/nowhere") + request("/v1/traces"), "latin1"));
      await raw.until(() => raw.statuses.length === 2 || raw.statuses.length === 3);
      await raw.until(() => raw.statuses.length === 3);
      // A refusal before the body was read may end the connection: what was answered is in order.
      expect([
        [200, 404, 200],
        [200, 404],
      ]).toContainEqual(raw.statuses);
      raw.destroy();
    },
  },
  {
    id: "C47",
    input: "Expect: 100-continue, with a length over the limit",
    answer: "413 without 100",
    async run(rig) {
      const over = await refuses(rig, [expecting(BODY_BYTES_MAX + 1)], [413]);
      expect(over.statuses).toEqual([413]);
    },
  },
  {
    id: "C47",
    input: "Expect: 100-continue, with a length within the limit",
    answer: "100, then 200",
    async run(rig) {
      const { bytes } = goodTraces();
      const raw = new Raw(rig.target.port).write(expecting(bytes.length));
      await raw.until(() => raw.statuses.includes(100));
      raw.write(bytes);
      await raw.until(() => raw.statuses.length === 2);
      expect(raw.statuses).toEqual([100, 200]);
      raw.destroy();
    },
  },
];

function expecting(length: number): string {
  return head("/v1/traces", [PROTO, `Content-Length: ${length}`, "Expect: 100-continue"]);
}

const ABORTS: readonly Case[] = [
  {
    id: "C48",
    input: "1,000 senders that go away: in the middle of the body, behind it, while they wait for the answer",
    answer: "what they held is given back; what was whole is delivered once",
    async run(rig) {
      const { bytes } = goodTraces();
      const whole = head("/v1/traces", [PROTO, `Content-Length: ${bytes.length}`]);
      const half = head("/v1/traces", [PROTO, `Content-Length: ${BODY_BYTES_MAX}`]);
      for (let round = 0; round < 20; round++) {
        const all = Array.from({ length: 50 }, (_, index) => {
          const raw = new Raw(rig.target.port);
          if (index % 2 === 0) raw.write(half).write(Buffer.alloc(30_000));
          else raw.write(whole).write(bytes);
          return raw;
        });
        await delay(10);
        for (const raw of all) raw.destroy();
      }
      // The memory holds some 200 bodies of the limit: had the 500 halves kept theirs, this would stay 503.
      const large = Buffer.alloc(BODY_BYTES_MAX);
      let statuses: readonly number[] = [];
      // 503: not all is given back yet. 408: what stands before a Worker has a thousand aborts to deal with, and brings no body in time.
      const early = (status: number) => status === 503 || status === 408;
      for (let attempt = 0; attempt < 50 && (attempt === 0 || statuses.some(early)); attempt++) {
        const replies = await Promise.all(Array.from({ length: 20 }, () => send(rig.target.port, { headers: headersOf("json"), body: large })));
        statuses = replies.map(({ status }) => status);
        await delay(200);
      }
      expect(statuses).toEqual(statuses.map(() => 400));
      // What was whole may still be under way.
      for (let known = -1; known !== rig.proto.bodies.length; await delay(1000)) known = rig.proto.bodies.length;
      expect(rig.proto.bodies.length).toBeLessThanOrEqual(20 * 25 + 1);
    },
  },
];

export const CONNECTION_GROUPS: readonly Group[] = [
  { title: "Connections: framing", cases: FRAMING },
  { title: "Connections: slow senders", cases: TIME },
  { title: "Connections: heads", cases: HEADS },
  { title: "Connections: aborts", cases: ABORTS },
];

/** A Worker's memory is what it is. */
export const ARGS: readonly string[] = TARGET === "workers" ? [] : ["--memory", "32MiB"];
