/**
 * A destination that misbehaves, by chance from a seed: each request draws a fate from those of the mood
 * that the destination is in, and moods change. What it took and what it said goes into the ledger.
 *
 * Fates and moods come from bags that are emptied before they are filled again: in a long run each comes
 * as often as every other, in a short one each comes.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Random } from "../../../bench/random.ts";
import type { Signal } from "../../../src/base/signal.ts";
import { delay, portOf } from "../../contract/sinks.ts";
import { judge } from "../../harness/judge.ts";
import { bodyOf } from "../body.ts";
import { Bag } from "./bag.ts";
import { TIMEOUT_MS } from "./configuration.ts";
import { found } from "./items.ts";
import type { Arrival, Ledger, Taken } from "./ledger.ts";

export const FATES = [
  "taken",
  "taken slowly",
  "read slowly",
  "taken, with an answer that is none of OTLP's",
  "partial success",
  "429 with Retry-After",
  "503",
  "413",
  "400",
  "no answer",
  "reset before the request",
  "reset in the middle of the request",
  "reset after the request",
  "half-closed before the answer",
  "an answer that ends in its head",
  "an answer that is no HTTP",
] as const;
export type Fate = (typeof FATES)[number];

const WELL: readonly Fate[] = ["taken"];
/** What a destination is like for a while. */
const MOODS: readonly (readonly Fate[])[] = [
  WELL,
  WELL,
  ["taken", "taken slowly", "read slowly"],
  ["taken", "taken", "taken", "reset before the request", "reset in the middle of the request", "reset after the request", "half-closed before the answer"],
  ["taken", "taken", "an answer that ends in its head", "an answer that is no HTTP", "taken, with an answer that is none of OTLP's"],
  ["taken", "429 with Retry-After", "503", "503"],
  ["no answer", "no answer", "taken"],
  ["reset before the request"],
  ["taken", "taken", "partial success", "400", "413"],
  FATES,
];
const MOOD_MS_MIN = 3000;
const MOOD_MS_MAX = 20_000;

const SIGNALS: Readonly<Record<string, Signal>> = { traces: "traces", metrics: "metrics", logs: "logs", profiles: "profiles" };
const REJECTED_KEYS: Readonly<Record<Signal, string>> = {
  traces: "rejectedSpans",
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
  profiles: "rejectedProfiles",
};
const REJECTED_MAX = 3;
const SLOW_MS_MIN = 100;
const SLOW_MS_MAX = 400;
/** An answer that comes later than this part of the exporter's timeout may not be heard: a busy machine needs time on both ways. */
const HEARD_SHARE = 0.3;
/** No protobuf, and no JSON. */
const GARBAGE = Buffer.alloc(9, 0xff);

export interface DestinationOptions {
  readonly name: string;
  readonly random: Random;
  readonly ledger: Ledger;
  /** Whether moods change; otherwise each request draws from all fates. */
  readonly moody: boolean;
}

/** A request whose body was read. */
interface Exchange {
  readonly response: ServerResponse;
  readonly arrival: Arrival;
  readonly json: boolean;
  readonly startMs: number;
}

export class Destination {
  /** How often each fate came. */
  readonly fates = new Map<Fate, number>();
  readonly #options: DestinationOptions;
  readonly #server: Server;
  readonly #moods: Bag<readonly Fate[]>;
  #bag: Bag<Fate>;
  #moodEndMs = -Infinity;
  #well = false;
  /** Connections that are kept waiting. */
  readonly #hung = new Set<Socket>();

  private constructor(options: DestinationOptions) {
    this.#options = options;
    this.#moods = new Bag(MOODS, options.random);
    this.#bag = new Bag(FATES, options.random);
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => options.ledger.fault("cannot be read by a destination", `${options.name}: ${String(error)}`));
    });
  }

  static async listen(options: DestinationOptions): Promise<Destination> {
    const destination = new Destination(options);
    await new Promise<void>((resolve) => destination.#server.listen(0, "127.0.0.1", resolve));
    return destination;
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#server)}`;
  }

  /** From now on every request is taken, and nobody is kept waiting. */
  recover(): void {
    this.#well = true;
    for (const socket of this.#hung) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #draw(): Fate {
    const { moody, random } = this.#options;
    if (this.#well) return "taken";
    if (moody && performance.now() >= this.#moodEndMs) {
      this.#moodEndMs = performance.now() + MOOD_MS_MIN + random.below(MOOD_MS_MAX - MOOD_MS_MIN);
      this.#bag = new Bag(this.#moods.draw(), random);
    }
    return this.#bag.draw();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startMs = performance.now();
    const fate = this.#draw();
    this.fates.set(fate, (this.fates.get(fate) ?? 0) + 1);
    // Resets are its trade.
    request.on("error", () => {});
    response.on("error", () => {});
    if (fate === "reset before the request") return void request.socket.resetAndDestroy();
    if (fate === "reset in the middle of the request") return void request.once("data", () => request.socket.resetAndDestroy());
    if (fate === "read slowly") await this.#pause();
    const body = await bodyOf(request);
    if (body === undefined) return;
    await this.#end(fate, { response, startMs, ...this.#understood(request, body) });
  }

  #understood({ headers, url = "" }: IncomingMessage, body: Buffer): Pick<Exchange, "arrival" | "json"> {
    const plain = inflated(headers["content-encoding"], body);
    const json = headers["content-type"] === "application/json";
    const signal = SIGNALS[url.slice(url.lastIndexOf("/") + 1)];
    if (signal === undefined) throw new RangeError(`no path of OTLP: ${url}`);
    // Of a Buffer the judge would make Buffers.
    const parsed: unknown = json ? JSON.parse(plain.toString("utf8")) : judge(signal).toObject(Uint8Array.from(plain));
    return { arrival: { destination: this.#options.name, signal, ...found(signal, parsed) }, json };
  }

  async #end(fate: Fate, exchange: Exchange): Promise<void> {
    const { arrival, response } = exchange;
    const { ledger, random } = this.#options;
    const { socket } = response;
    switch (fate) {
      case "429 with Retry-After":
        return void response.writeHead(429, { "retry-after": String(random.below(2)) }).end();
      case "503":
        return void response.writeHead(random.pick([502, 503, 504])).end();
      case "400":
        ledger.refused(arrival);
        return void response.writeHead(400).end();
      case "413":
        if (arrival.numbers.length + arrival.made < 2) return this.#accept(exchange);
        return void response.writeHead(413).end();
      case "partial success":
        return this.#acceptSome(exchange);
      case "taken, with an answer that is none of OTLP's":
        return this.#accept(exchange, GARBAGE);
      case "taken slowly":
        await this.#pause();
        return this.#accept(exchange);
      case "no answer":
        ledger.arrived(arrival, "unanswered");
        return this.#hang(response);
      case "reset after the request":
        ledger.arrived(arrival, "unanswered");
        return void socket?.resetAndDestroy();
      case "half-closed before the answer":
        ledger.arrived(arrival, "unanswered");
        return void socket?.end();
      case "an answer that ends in its head":
        ledger.arrived(arrival, "unanswered");
        return void socket?.end("HTTP/1.1 200 OK\r\nContent-Le");
      case "an answer that is no HTTP":
        ledger.arrived(arrival, "unanswered");
        return void socket?.end("SSH-2.0-nothing\r\n\r\n");
      default:
        return this.#accept(exchange);
    }
  }

  /** Until the gateway gives up. */
  #hang({ socket }: ServerResponse): void {
    if (socket === null) return;
    this.#hung.add(socket);
    socket.once("close", () => this.#hung.delete(socket));
  }

  #pause(): Promise<void> {
    return delay(SLOW_MS_MIN + this.#options.random.below(SLOW_MS_MAX - SLOW_MS_MIN));
  }

  #accept(exchange: Exchange, body?: Buffer): void {
    const { arrival, json, response } = exchange;
    this.#options.ledger.arrived(arrival, this.#takenBy(exchange));
    response.writeHead(200, { "content-type": contentType(json) }).end(body ?? (json ? "{}" : undefined));
  }

  /** It rejects the first few items that have a number. */
  #acceptSome(exchange: Exchange): void {
    const { arrival, json, response } = exchange;
    const { destination, numbers, signal } = arrival;
    const taken = this.#takenBy(exchange);
    if (numbers.length === 0 || taken !== "answered") return this.#accept(exchange);
    const count = Math.min(numbers.length, 1 + this.#options.random.below(REJECTED_MAX));
    const { ledger } = this.#options;
    ledger.arrived({ ...arrival, numbers: numbers.slice(count) }, taken);
    ledger.rejected({ destination, signal, numbers: numbers.slice(0, count) });
    // Export<Signal>ServiceResponse.partial_success, of which rejected_<items> is field 1.
    const body = json ? JSON.stringify({ partialSuccess: { [REJECTED_KEYS[signal]]: String(count) } }) : Buffer.of(0x0a, 2, 0x08, count);
    response.writeHead(200, { "content-type": contentType(json) }).end(body);
  }

  #takenBy({ response, startMs }: Exchange): Taken {
    if (response.destroyed || response.socket?.destroyed !== false) return "unanswered";
    return performance.now() - startMs < TIMEOUT_MS * HEARD_SHARE ? "answered" : "unsure";
  }
}

function contentType(json: boolean): string {
  return json ? "application/json" : "application/x-protobuf";
}

function inflated(coding: string | undefined, body: Buffer): Buffer {
  if (coding === "gzip") return gunzipSync(body);
  return coding === "zstd" ? zstdDecompressSync(body) : body;
}
