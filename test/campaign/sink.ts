/**
 * Destinations that misbehave by chance, from a seed: they refuse for now, throttle, read everything and
 * never answer, hang for a while, reset the connection. Each writes down what it took and what it said.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Random } from "../../bench/random.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { bodyOf } from "./body.ts";
import type { Books } from "./books.ts";

const QUIET_MS = 30_000;

export interface SinkOptions {
  readonly name: string;
  readonly books: Books;
  readonly seed: number;
  /** Of 100 requests, those that do not end well. */
  readonly faults: number;
}

export class Sink {
  readonly #server: Server;
  readonly #options: SinkOptions;
  readonly #random: Random;
  /** While it is set every request is answered 200. */
  well = false;

  private constructor(options: SinkOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async listen(options: SinkOptions): Promise<Sink> {
    const sink = new Sink(options);
    await new Promise<void>((resolve) => sink.#server.listen(0, "127.0.0.1", resolve));
    return sink;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo; // it listens on a port
    return `http://127.0.0.1:${port}`;
  }

  /** Resolves when nobody is connected any more. */
  async quiet(): Promise<void> {
    for (const untilMs = performance.now() + QUIET_MS; (await this.#connections()) > 0;) {
      if (performance.now() > untilMs) throw new Error(`Destination ${this.#options.name} has connections ${QUIET_MS} ms after its gateway is gone`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #connections(): Promise<number> {
    return new Promise((resolve, reject) => this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { books, faults, name } = this.#options;
    response.on("error", ignore);
    const body = await bodyOf(request);
    if (body === undefined) return;
    const items = spanIds(body);
    const readMs = performance.now();
    const tell = (answered: boolean) => books.delivered(name, items, { readMs, ms: performance.now(), answered });
    if (this.well || !this.#random.chance(faults)) return this.#accept(response, tell);
    switch (this.#random.below(6)) {
      case 0:
        return end(response.writeHead(503, { "retry-after": "0" }));
      case 1:
        return end(response.writeHead(429));
      case 2:
        // Taken, and the answer never arrives.
        tell(false);
        return void request.socket.destroy();
      case 3:
        tell(false);
        return void setTimeout(() => request.socket.destroy(), 300);
      case 4:
        await new Promise((resolve) => setTimeout(resolve, 200 + this.#random.below(800)));
        return this.#accept(response, tell);
      default:
        return void request.socket.destroy();
    }
  }

  #accept(response: ServerResponse, tell: (answered: boolean) => void): void {
    if (response.destroyed || response.socket?.destroyed !== false) return tell(false);
    tell(true);
    end(response.writeHead(200, { "content-type": "application/x-protobuf" }));
  }
}

function end(response: ServerResponse): void {
  response.end();
}

function spanIds(body: Uint8Array): string[] {
  const found: string[] = [];
  for (const group of list(judge("traces").toObject(body), "resourceSpans")) {
    for (const scope of list(group, "scopeSpans")) {
      for (const span of list(scope, "spans")) found.push(hexOf(span));
    }
  }
  return found;
}

function hexOf({ spanId }: Plain): string {
  return Buffer.from(spanId as Uint8Array).toString("hex"); // the judge's own
}

function ignore(): void {
  // The other side was killed.
}
