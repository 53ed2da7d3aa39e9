/** One process: a gateway over the simulated world, from its start to its stop, or until it is gone from one moment to the next. */
import { Random } from "../../bench/random.ts";
import type { Answer, Handler, Host, Listener } from "../../src/base/host.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { Engine } from "../../src/otlp/engine.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Gateway, type GatewayPlan } from "../../src/pipeline/gateway.ts";
import { bareHost } from "../processors/support.ts";
import type { Disk } from "./disk.ts";
import type { Destination } from "./network.ts";
import type { Power, SimulatedTime } from "./time.ts";

const UPLOAD_MS_MAX = 20;

export interface World {
  readonly plan: GatewayPlan;
  readonly time: SimulatedTime;
  readonly disk: Disk;
  /** In the order of the exporters. */
  readonly destinations: readonly Destination[];
  /** Each process has it for itself: there is one at a time. */
  readonly kernel: Kernel;
}

export interface Upload {
  readonly bytes: Uint8Array;
  readonly key: string | undefined;
}

export class Life {
  readonly power: Power = { on: true };
  readonly counters = new Counters();
  readonly engine: Engine;
  /** How it has begun: "starting" where that takes its time still. */
  state: "starting" | "running" | "failed" = "starting";
  /** What a start has failed with. */
  error: unknown;
  readonly #world: World;
  readonly #random: Random;
  readonly #gone = Promise.withResolvers<undefined>();
  #handler: Handler | undefined;
  #gateway: Gateway | undefined;
  #exchanges = 0;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#random = new Random(seed);
    this.engine = new Engine(world.kernel, { poison: true });
    void this.#start();
  }

  /** From now on nothing of it happens. `cut`: by a power cut. */
  end(cut: boolean): void {
    this.power.on = false;
    this.#gone.resolve(undefined);
    this.#world.disk.crashed(cut);
  }

  /** Undefined: nobody listens, or it was gone before it answered. */
  async send(upload: Upload): Promise<Answer | undefined> {
    const handler = this.#handler;
    if (handler === undefined) return undefined;
    this.#exchanges++;
    const headers: Readonly<Record<string, string>> = {
      "content-type": "application/x-protobuf",
      ...(upload.key === undefined ? {} : { "idempotency-key": upload.key }),
    };
    const head = {
      method: "POST",
      path: "/v1/traces",
      header: (name: string) => headers[name],
      headers: () => headers,
      peer: "127.0.0.1:1",
      contentLength: upload.bytes.length,
    };
    const answering = handler(head, { read: (bytesMax) => this.#read(upload.bytes, bytesMax) });
    try {
      return await Promise.race([answering, this.#gone.promise]);
    } finally {
      this.#exchanges--;
    }
  }

  /** Resolves when it has stopped in order. */
  async stop(deadlineMs: number): Promise<void> {
    await this.#gateway?.stop(deadlineMs);
  }

  async #start(): Promise<void> {
    const { plan } = this.#world;
    try {
      this.#gateway = await Gateway.start({ plan, host: this.#host(), engine: this.engine, counters: this.counters });
      this.state = "running";
    } catch (error) {
      this.state = "failed";
      this.error = error;
    }
  }

  #host(): Host {
    const { destinations, disk, time } = this.#world;
    let clients = 0;
    return {
      ...bareHost,
      clock: time,
      random: () => this.#random.next() / 2 ** 32,
      sleep: (ms) => time.after(ms, this.power),
      server: { listen: (_, handler) => Promise.resolve(this.#listen(handler)) },
      client: () => destinations[clients++]?.client(this.power) ?? bareHost.client(NO_CLIENT),
      openStorage: () => Promise.resolve(disk.open(this.power)),
    };
  }

  #listen(handler: Handler): Listener {
    const { time } = this.#world;
    this.#handler = handler;
    return {
      port: 4318,
      stop: async (deadlineMs) => {
        this.#handler = undefined;
        const endMs = time.monotonicMs() + deadlineMs;
        while (this.#exchanges > 0 && time.monotonicMs() < endMs) await time.after(1, this.power);
      },
    };
  }

  async #read(bytes: Uint8Array, bytesMax: number) {
    if (bytes.length > bytesMax) return { kind: "too_large" } as const;
    const block = this.engine.pool.take(bytes.length);
    if (block === undefined) return { kind: "over_budget" } as const;
    await this.#world.time.after(this.#random.below(UPLOAD_MS_MAX), this.power);
    this.engine.bytes.set(bytes, block.start);
    return { kind: "ok", block, start: block.start, end: block.start + bytes.length } as const;
  }
}

const NO_CLIENT = {
  tls: { insecureSkipVerify: false },
  maxIdleConnections: 0,
  maxConnections: 0,
  idleTimeoutMs: 0,
};
