/**
 * The back end of the harness, a process of its own: takes every POST, answers 200, counts requests,
 * bytes and items. Plain bodies are counted as they come, by framing; compressed ones are kept and
 * counted when asked, so that inflating costs nothing while a gateway is measured (at most 768 MiB of
 * them; past that they are counted at once). Told what to do over the parent's channel.
 */
import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Signal } from "../../src/base/signal.ts";
import { countItems } from "./count-items.ts";
import { headerOf, MessageParser, type Message } from "./http1.ts";
import { answerParent } from "./worker.ts";

export interface SinkCount {
  readonly requests: number;
  readonly bodyBytes: number;
  /** -1 when a body could not be read. */
  readonly items: number;
  /** User-Agent of the last request, in lower case. */
  readonly agent: string;
}

export interface SinkCommands {
  listen: { ask: undefined; answer: { readonly port: number } };
  /** What came since the last `reset`. */
  count: { ask: undefined; answer: SinkCount };
  reset: { ask: { readonly keepBodies: boolean }; answer: undefined };
  /** The plain bodies since the last `reset` with `keepBodies`. */
  bodies: { ask: undefined; answer: readonly Uint8Array[] };
}

const KEPT_BYTES_MAX = 768 * 1024 * 1024;
const OK = Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n");
const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

interface Kept {
  readonly signal: Signal;
  readonly coding: string;
  readonly body: Uint8Array;
}

let requests = 0;
let bodyBytes = 0;
let items = 0;
let damaged = false;
let agent = "";
let keepBodies = false;
let kept: Kept[] = [];
let keptBytes = 0;
let bodies: Uint8Array[] = [];
/** Items of compressed bodies seen before, by digest: equal bytes hold equal items, and rotations repeat. */
const known = new Map<string, number>();
const KNOWN_MAX = 10_000;

function take(message: Message): void {
  requests++;
  bodyBytes += message.body.length;
  agent = headerOf(message.head, "user-agent") ?? "";
  const signal = signalOf(message.start);
  const coding = headerOf(message.head, "content-encoding") ?? "identity";
  if (coding === "identity" && !keepBodies) {
    add(countItems(signal, message.body));
    return;
  }
  const body = Uint8Array.from(message.body);
  if (keptBytes + body.length > KEPT_BYTES_MAX) count({ signal, coding, body });
  else {
    kept.push({ signal, coding, body });
    keptBytes += body.length;
  }
}

function count({ signal, coding, body }: Kept): void {
  const digest = keepBodies || coding === "identity" ? "" : `${signal} ${coding} ${createHash("sha1").update(body).digest("base64")}`;
  const found = known.get(digest);
  if (found !== undefined) {
    add(found);
    return;
  }
  const plain = inflate(coding, body);
  const counted = countItems(signal, plain);
  add(counted);
  if (keepBodies) bodies.push(plain);
  if (digest !== "" && known.size < KNOWN_MAX) known.set(digest, counted);
}

function inflate(coding: string, body: Uint8Array): Uint8Array {
  if (coding === "gzip") return gunzipSync(body);
  if (coding === "zstd") return zstdDecompressSync(body);
  return body;
}

function countKept(): void {
  for (const one of kept) count(one);
  kept = [];
  keptBytes = 0;
}

function add(found: number): void {
  if (found < 0) damaged = true;
  else items += found;
}

function signalOf(start: string): Signal {
  if (start.includes("/v1/metrics")) return "metrics";
  return start.includes("/v1/logs") ? "logs" : "traces";
}

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  const parser = new MessageParser(
    (message) => {
      take(message);
      socket.write(OK);
    },
    () => socket.write(CONTINUE),
  );
  socket.on("data", (chunk) => {
    parser.push(chunk);
  });
  // A gateway that is stopped resets its connections: nothing to do.
  socket.on("error", () => socket.destroy());
}

const server = createServer(serve);

answerParent<SinkCommands>({
  listen: () =>
    new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve({ port: typeof address === "object" && address !== null ? address.port : 0 });
      });
    }),
  count: () => {
    countKept();
    return Promise.resolve({ requests, bodyBytes, items: damaged ? -1 : items, agent });
  },
  reset: (ask) => {
    requests = 0;
    bodyBytes = 0;
    items = 0;
    damaged = false;
    agent = "";
    kept = [];
    keptBytes = 0;
    bodies = [];
    keepBodies = ask.keepBodies;
    return Promise.resolve(undefined);
  },
  bodies: () => {
    countKept();
    return Promise.resolve(bodies);
  },
});
