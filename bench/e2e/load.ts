/**
 * The load generator, a process of its own: recorded requests, made before the clock starts, over raw
 * sockets. Closed loop: each connection sends its next request when the last was answered. Open loop:
 * requests fall due at a fixed rate whatever the gateway does; one that finds no free connection
 * waits, and its waiting counts as latency. Anything but 200 is a failure.
 */
import { connect, type Socket } from "node:net";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Signal } from "../../src/base/signal.ts";
import { MessageParser } from "./http1.ts";
import { answerParent } from "./worker.ts";

export interface Recording {
  readonly signal: Signal;
  readonly coding: "none" | "gzip" | "zstd";
  /** Sent in rotation, all of them different. */
  readonly requests: readonly Uint8Array[];
}

export interface Drive {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Stops earlier, after so many. */
  readonly requestsMax: number;
  /** Undefined: closed loop. */
  readonly requestsASecond?: number | undefined;
}

export interface Driven {
  readonly requests: number;
  readonly failures: number;
  readonly firstFailure: string;
  readonly elapsedMs: number;
  /** Answered with 200, by place in the rotation. */
  readonly sent: readonly number[];
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Open loop: how late the generator itself was in starting requests, 99th percentile. */
  readonly lagP99Ms: number;
}

export interface LoadCommands {
  record: { ask: Recording; answer: { readonly bodyBytes: number } };
  drive: { ask: Drive; answer: Driven };
  /** One request, alone on its connection; resolves with the first line of the answer. */
  single: { ask: { readonly port: number; readonly index: number }; answer: string };
}

/** After the last request fell due: whoever has not answered by then has failed. */
const ANSWER_MS_MAX = 30_000;

let recorded: Buffer[] = [];

function record({ signal, coding, requests }: Recording): { bodyBytes: number } {
  let bodyBytes = 0;
  recorded = requests.map((bytes) => {
    const body = compress(coding, bytes);
    bodyBytes += body.length;
    const encoding = coding === "none" ? "" : `Content-Encoding: ${coding}\r\n`;
    const head = `POST /v1/${signal} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-protobuf\r\n${encoding}Content-Length: ${body.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  });
  return { bodyBytes };
}

function compress(coding: Recording["coding"], bytes: Uint8Array): Uint8Array {
  if (coding === "gzip") return gzipSync(bytes, { level: 6 });
  return coding === "zstd" ? zstdCompressSync(bytes) : bytes;
}

/** What one run has counted so far. */
class Tally {
  readonly sent: number[] = recorded.map(() => 0);
  readonly latencies = new Samples();
  readonly lags = new Samples();
  started = 0;
  ended = 0;
  failures = 0;
  firstFailure = "";

  answered(index: number, sinceMs: number, start: string): void {
    this.ended++;
    if (start.startsWith("HTTP/1.1 200")) {
      this.sent[index] = (this.sent[index] ?? 0) + 1;
      this.latencies.add(performance.now() - sinceMs);
    } else this.failed(start);
  }

  failed(why: string): void {
    this.failures++;
    if (this.firstFailure === "") this.firstFailure = why;
  }
}

/** Numbers as they come; grows by doubling. */
class Samples {
  #values = new Float64Array(4096);
  #count = 0;

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = value;
  }

  /** The values at these shares of the sorted row. */
  quantiles(shares: readonly number[]): number[] {
    const sorted = this.#values.slice(0, this.#count).toSorted();
    return shares.map((share) => sorted[Math.min(this.#count - 1, Math.floor(share * this.#count))] ?? 0);
  }
}

/** A connection that sends one request at a time. */
class Line {
  readonly #socket: Socket;
  readonly #tally: Tally;
  readonly #onFree: (line: Line) => void;
  #index = -1;
  #sinceMs = 0;
  closed = false;

  constructor(socket: Socket, tally: Tally, onFree: (line: Line) => void) {
    this.#socket = socket;
    this.#tally = tally;
    this.#onFree = onFree;
    const parser = new MessageParser(({ start }) => {
      const index = this.#index;
      this.#index = -1;
      tally.answered(index, this.#sinceMs, start);
      this.#onFree(this);
    });
    socket.on("data", (chunk) => {
      parser.push(chunk);
    });
    socket.on("error", (error) => {
      this.#end(error.message);
    });
    socket.on("close", () => {
      this.#end("connection closed");
    });
  }

  send(index: number, sinceMs: number): void {
    this.#index = index;
    this.#sinceMs = sinceMs;
    const request = recorded[index];
    if (request !== undefined) this.#socket.write(request);
  }

  close(): void {
    this.closed = true;
    this.#socket.destroy();
  }

  #end(why: string): void {
    if (this.closed) return;
    this.closed = true;
    if (this.#index >= 0) {
      this.#tally.ended++;
      this.#tally.failed(why);
      this.#onFree(this);
    }
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.setNoDelay(true);
    socket.once("error", reject);
  });
}

async function drive(how: Drive): Promise<Driven> {
  const tally = new Tally();
  const sockets = await Promise.all(Array.from({ length: how.connections }, () => open(how.port)));
  const cut = setTimeout(
    () => {
      for (const socket of sockets) socket.destroy(new Error(`no answer ${ANSWER_MS_MAX / 1000} s after the end`));
    },
    how.seconds * 1000 + ANSWER_MS_MAX,
  );
  const from = performance.now();
  await (how.requestsASecond === undefined ? closedLoop(how, sockets, tally) : openLoop(how, how.requestsASecond, sockets, tally));
  clearTimeout(cut);
  const elapsedMs = performance.now() - from;
  const [p50Ms = 0, p99Ms = 0, p999Ms = 0] = tally.latencies.quantiles([0.5, 0.99, 0.999]);
  const [lagP99Ms = 0] = tally.lags.quantiles([0.99]);
  const { ended: requests, failures, firstFailure, sent } = tally;
  return { requests, failures, firstFailure, elapsedMs, sent, p50Ms, p99Ms, p999Ms, lagP99Ms };
}

function closedLoop(how: Drive, sockets: readonly Socket[], tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const until = performance.now() + how.seconds * 1000;
    let busy = 0;
    const next = (line: Line): void => {
      busy--;
      const now = performance.now();
      if (!line.closed && now < until && tally.started < how.requestsMax) {
        busy++;
        line.send(tally.started++ % recorded.length, now);
        return;
      }
      line.close();
      if (busy === 0) resolve();
    };
    for (const socket of sockets) {
      busy++;
      next(new Line(socket, tally, next));
    }
  });
}

function openLoop(how: Drive, rate: number, sockets: readonly Socket[], tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const total = Math.min(how.requestsMax, Math.floor(rate * how.seconds));
    const everyMs = 1000 / rate;
    const free: Line[] = [];
    const waiting: { readonly index: number; readonly sinceMs: number }[] = [];
    const lines: Line[] = [];
    const finish = (): void => {
      for (const line of lines) line.close();
      resolve();
    };
    const onFree = (line: Line): void => {
      const request = line.closed ? undefined : waiting.shift();
      if (request !== undefined) line.send(request.index, request.sinceMs);
      else if (!line.closed) free.push(line);
      if (tally.ended === total || lines.every(({ closed }) => closed)) finish();
    };
    for (const socket of sockets) lines.push(new Line(socket, tally, onFree));
    free.push(...lines);
    const from = performance.now();
    const tick = (): void => {
      const now = performance.now();
      while (tally.started < total && from + tally.started * everyMs <= now) {
        tally.lags.add(now - (from + tally.started * everyMs));
        const index = tally.started++ % recorded.length;
        const line = free.pop();
        if (line === undefined) waiting.push({ index, sinceMs: now });
        else line.send(index, now);
      }
      if (tally.started < total) setTimeout(tick, Math.max(0, from + tally.started * everyMs - performance.now()));
    };
    tick();
  });
}

async function single({ port, index }: { readonly port: number; readonly index: number }): Promise<string> {
  const socket = await open(port);
  return new Promise((resolve, reject) => {
    const parser = new MessageParser(({ start, body }) => {
      socket.destroy();
      resolve(start.startsWith("HTTP/1.1 200") ? start : `${start}: ${Buffer.from(body).toString("latin1")}`);
    });
    socket.on("data", (chunk) => {
      parser.push(chunk);
    });
    socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy());
    socket.on("error", reject);
    socket.on("close", () => {
      reject(new Error("Cannot read an answer: the connection was closed"));
    });
    socket.write(recorded[index] ?? "");
  });
}

answerParent<LoadCommands>({
  record: (ask) => Promise.resolve(record(ask)),
  drive,
  single,
});
