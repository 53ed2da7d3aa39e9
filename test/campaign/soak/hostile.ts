/**
 * Requests that are damaged, odd, or come from senders that are slow or go away, and what may be answered:
 * 0 is no answer. Their items never arrive anywhere, but for those that say so.
 */
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Random } from "../../../bench/random.ts";
import { head, headersOf, Raw, type Sent, send } from "../../black-box/client.ts";
import { span, spans, nested, attribute } from "../../black-box/payloads.ts";
import { delay } from "../../contract/sinks.ts";
import { join } from "../../harness/bytes.ts";
import { BODY_BYTES_MAX, READ_TIMEOUT_MS } from "./configuration.ts";

const BOMB_BYTES = 64 << 20;
const BOMBS = { gzip: gzipSync(Buffer.alloc(BOMB_BYTES)), zstd: zstdCompressSync(Buffer.alloc(BOMB_BYTES)) };
const DEPTH = 1000;
/** Longer than any deadline of the gateway's. */
const ANSWER_MS_MAX = 30_000;
/** After that the slow ones go away by themselves: Bun counts in steps of 4 s, and leaves silent connections alone. */
const LOITER_MS = READ_TIMEOUT_MS + 2000;
const PIECES = 5;
const PIECE_MS = 150;
const CHUNK = Buffer.alloc(64 << 10);

/** A request of spans, and where it goes. */
export interface Victim {
  readonly port: number;
  readonly random: Random;
  readonly proto: Uint8Array<ArrayBuffer>;
  readonly json: string;
}

export interface Hostile {
  readonly answers: readonly number[];
  /** Its items may arrive, and do when it is answered 200. */
  readonly valid?: true;
  /** Items that are cut at the door. */
  readonly cut?: number;
  /** The status; 0: the connection ended without one. */
  readonly send: (victim: Victim) => Promise<number>;
}

export const HOSTILE = {
  "cut off": { answers: [400], send: ({ port, proto }) => post(port, { body: proto.subarray(0, -1) }) },
  "JSON that is said to be protobuf": { answers: [400], send: ({ json, port }) => post(port, { body: json }) },
  "protobuf that is said to be JSON": { answers: [400], send: ({ port, proto }) => post(port, { body: proto, headers: headersOf("json") }) },
  "garbage that is said to be gzip": {
    answers: [400],
    send: ({ port, random }) => post(port, { body: random.bytes(500), headers: headersOf("proto", "gzip") }),
  },
  "gzip that is cut off": {
    answers: [400],
    send: ({ port, proto }) => post(port, { body: gzipSync(proto).subarray(0, -4), headers: headersOf("proto", "gzip") }),
  },
  "a bomb in gzip": { answers: [413], send: ({ port }) => post(port, { body: BOMBS.gzip, headers: headersOf("proto", "gzip") }) },
  "a bomb in zstd": { answers: [413], send: ({ port }) => post(port, { body: BOMBS.zstd, headers: headersOf("proto", "zstd") }) },
  "nested too deep": {
    answers: [400],
    send: ({ port, proto }) => post(port, { body: join(proto, spans(span(attribute(9, "deep", nested("array", DEPTH))))) }),
  },
  "no type": { answers: [415], send: ({ port, proto }) => post(port, { body: proto, headers: {} }) },
  "a coding that is not served": { answers: [415], send: ({ port, proto }) => post(port, { body: proto, headers: headersOf("proto", "br") }) },
  "another path": { answers: [404], send: ({ port, proto }) => post(port, { body: proto, path: "/v1/nothing" }) },
  "another method": { answers: [405], send: ({ port }) => post(port, { method: "GET" }) },
  "too long, by its length": {
    answers: [413],
    send: ({ port }) => raw(port, (socket) => void socket.write(head("/v1/traces", [PROTO, `Content-Length: ${BODY_BYTES_MAX + 1}`]))),
  },
  "too long, in chunks": {
    // It is still being sent when the answer is there.
    answers: [413, 0],
    send: ({ port }) =>
      raw(port, (socket) => {
        socket.write(head("/v1/traces", [PROTO, "Transfer-Encoding: chunked"]));
        for (let sent = 0; sent <= BODY_BYTES_MAX; sent += CHUNK.length)
          socket
            .write(`${CHUNK.length.toString(16)}\r\n`)
            .write(CHUNK)
            .write("\r\n");
      }),
  },
  "a span without ids among others": {
    answers: [200, 503],
    valid: true,
    cut: 1,
    send: ({ port, proto }) => post(port, { body: join(proto, spans(Uint8Array.of(0x12, 0))) }),
  },
  "text that is not UTF-8": { answers: [200, 503], valid: true, send: ({ port, proto }) => post(port, { body: withoutUtf8(proto) }) },
  // 408 where the machine is busy.
  "a slow sender": { answers: [200, 503, 408], valid: true, send: ({ port, proto }) => raw(port, (socket) => drip(socket, proto, PIECES)) },
  "a sender that closes its side": {
    // Not every server answers then.
    answers: [200, 503, 0],
    valid: true,
    send: ({ port, proto }) => raw(port, (socket) => void whole(socket, proto).socket.end()),
  },
  "gone before the answer": {
    // Some are answered before they are gone.
    answers: [0, 200, 503],
    valid: true,
    send: ({ port, proto, random }) =>
      raw(port, async (socket) => {
        whole(socket, proto);
        await delay(random.below(20));
        socket.destroy();
      }),
  },
  "gone in the middle": {
    answers: [0],
    send: ({ port, proto, random }) =>
      raw(port, async (socket) => {
        socket.write(headFor(proto)).write(proto.subarray(0, proto.length >> 1));
        await delay(random.below(50));
        socket.destroy();
      }),
  },
  "no end of the body": {
    answers: [408, 0],
    send: ({ port, proto }) => raw(port, (socket) => void socket.write(headFor(proto)).write(proto.subarray(0, -1)), LOITER_MS),
  },
  "a body a byte at a time, too slow": { answers: [408, 0], send: ({ port, proto }) => raw(port, (socket) => drip(socket, proto, proto.length), LOITER_MS) },
  "half a head": { answers: [408, 400, 0], send: ({ port }) => raw(port, (socket) => void socket.write("POST /v1/traces HTTP/1.1\r\nHost: loc"), LOITER_MS) },
  "nothing at all": { answers: [408, 400, 0], send: ({ port }) => raw(port, () => {}, LOITER_MS) },
} as const satisfies Readonly<Record<string, Hostile>>;

export type HostileKind = keyof typeof HOSTILE;
export const HOSTILE_KINDS = Object.keys(HOSTILE) as readonly HostileKind[]; // its own keys

const PROTO = "Content-Type: application/x-protobuf";

async function post(port: number, sent: Sent): Promise<number> {
  const { status } = await send(port, { headers: headersOf("proto"), ...sent });
  return status;
}

/** What `write` does to a bare connection, until there is an answer, it is closed, or `patienceMs` are over. */
async function raw(port: number, write: (socket: Raw) => unknown, patienceMs = ANSWER_MS_MAX): Promise<number> {
  const socket = new Raw(port);
  const endMs = performance.now() + patienceMs;
  try {
    await Promise.all([write(socket), socket.until(() => socket.statuses.length > 0 || performance.now() > endMs, 2 * ANSWER_MS_MAX)]);
    return socket.statuses[0] ?? 0;
  } finally {
    socket.destroy();
  }
}

function headFor(body: Uint8Array): string {
  return head("/v1/traces", [PROTO, `Content-Length: ${body.length}`]);
}

function whole(socket: Raw, body: Uint8Array): Raw {
  return socket.write(headFor(body)).write(body);
}

/** The body in so many pieces, as long as anybody listens; in time when they are few. */
async function drip(socket: Raw, body: Uint8Array, pieces: number): Promise<void> {
  socket.write(headFor(body));
  const size = Math.ceil(body.length / pieces);
  const endMs = performance.now() + LOITER_MS;
  for (let at = 0; at < body.length && !socket.closed && socket.statuses.length === 0 && performance.now() < endMs; at += size) {
    socket.write(body.subarray(at, at + size));
    await delay(PIECE_MS);
  }
}

/** The first letter of the first name is no letter any more; the same bytes where there is none. */
function withoutUtf8(proto: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const made = proto.slice();
  const at = Buffer.from(made.buffer).indexOf("POST /orders");
  if (at >= 0) made[at] = 0xff;
  return made;
}
