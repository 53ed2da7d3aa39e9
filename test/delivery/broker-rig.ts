/**
 * A broker in memory over a test's clock, and gateways over it, which come and go. It keeps its contract
 * (base/broker.ts) to the letter, and a test takes it away, makes it slow, or lets it lose an answer.
 */
import type { Broker, BrokerMessage, BrokerPlace } from "../../src/base/broker.ts";
import { SluiceError } from "../../src/base/errors.ts";
import type { TestClock } from "../harness/clock.ts";
import { deliveryRig, type DeliveryRig, type RigOptions } from "./delivery-rig.ts";

const PULL_MS = 30_000;

interface Waiting {
  readonly id: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
  /** Handed out until then, or handed back until then. */
  dueMs: number;
  deliveries: number;
}

export class TestBroker {
  readonly clock: TestClock;
  messageBytesMax = 1 << 20;
  readonly ackWaitMs = 30_000;
  /** Whether it can be reached. */
  up = true;
  /** How long a publication takes, ms. */
  publishMs = 0;
  /** How long a message is on its way, ms. */
  pullMs = 0;
  /** Acknowledgements, and what is taken back, do not arrive. */
  deaf = false;
  readonly discarded: string[] = [];
  readonly #places = new Map<string, Map<number, Waiting>>();
  /** Numbers of messages, by place and id. */
  readonly #ids = new Map<string, number>();
  readonly #pulls = new Set<() => void>();
  #last = 0;
  /** Gateways that have started. */
  gateways = 0;

  constructor(clock: TestClock) {
    this.clock = clock;
  }

  /** What waits for everyone. */
  get messages(): readonly Waiting[] {
    return [...this.#places.values()].flatMap((waiting) => [...waiting.values()]);
  }

  /** Wakes whoever pulls. */
  stir(): void {
    for (const wake of this.#pulls) wake();
  }

  /** A gateway's connection. */
  connect(power: { readonly on: boolean } = { on: true }): Broker {
    const max = () => this.messageBytesMax;
    return {
      messageCure: "take larger ones",
      get messageBytesMax() {
        return max();
      },
      ackWaitMs: this.ackWaitMs,
      open: (exporter, signal) => Promise.resolve(this.#place(`${exporter}/${signal}`, power)),
      close: () => Promise.resolve(),
    };
  }

  #place(name: string, power: { readonly on: boolean }): BrokerPlace {
    const waiting = this.#places.get(name) ?? new Map<number, Waiting>();
    this.#places.set(name, waiting);
    const state = { stopped: false };
    const reach = async () => {
      if (!power.on) await new Promise(() => {});
      if (!this.up) throw new SluiceError("storage", "Cannot reach the broker", { retryable: true });
    };
    return {
      publish: async (id, bytes) => {
        const copy = bytes.slice();
        if (this.publishMs > 0) await this.clock.sleep(this.publishMs);
        await reach();
        const known = this.#ids.get(`${name} ${id}`);
        const duplicate = known !== undefined;
        const seq = known ?? ++this.#last;
        this.#ids.set(`${name} ${id}`, seq);
        if (!duplicate) waiting.set(seq, { id, seq, bytes: copy, dueMs: 0, deliveries: 0 });
        this.stir();
        return {
          seq,
          duplicate,
          remove: async () => {
            await reach();
            if (!this.deaf) waiting.delete(seq);
          },
        };
      },
      pull: async (bytesMax, onMessage) => {
        const endMs = this.clock.monotonicMs() + PULL_MS;
        for (;;) {
          await reach();
          if (state.stopped) return;
          if (this.#handOut(waiting, bytesMax, power, onMessage) > 0) return;
          const nowMs = this.clock.monotonicMs();
          if (nowMs >= endMs) return;
          const dueMs = [...waiting.values()].reduce((least, one) => Math.min(least, one.dueMs), endMs);
          await this.#stirred(dueMs - nowMs);
        }
      },
      waiting: async () => {
        await reach();
        return waiting.size;
      },
      stop: () => {
        state.stopped = true;
        this.stir();
      },
    };
  }

  #handOut(waiting: Map<number, Waiting>, bytesMax: number, power: { readonly on: boolean }, onMessage: (message: BrokerMessage) => void): number {
    let left = bytesMax;
    let count = 0;
    for (const one of waiting.values()) {
      if (one.dueMs > this.clock.monotonicMs() || one.bytes.length > left) continue;
      left -= one.bytes.length;
      count++;
      one.deliveries++;
      this.#wait(one, this.ackWaitMs);
      const message = this.#message(waiting, one, power);
      if (this.pullMs === 0) onMessage(message);
      else void this.clock.sleep(this.pullMs).then(() => onMessage(message));
    }
    return count;
  }

  #message(waiting: Map<number, Waiting>, one: Waiting, power: { readonly on: boolean }): BrokerMessage {
    const told = (tell: () => void) => {
      if (power.on && this.up && !this.deaf) tell();
    };
    return {
      id: one.id,
      seq: one.seq,
      bytes: one.bytes.slice(),
      ack: () => told(() => waiting.delete(one.seq)),
      discard: (reason) => {
        this.discarded.push(reason);
        told(() => waiting.delete(one.seq));
      },
      retryLater: (ms) => told(() => this.#wait(one, ms)),
      working: () => told(() => this.#wait(one, this.ackWaitMs)),
    };
  }

  #wait(one: Waiting, ms: number): void {
    one.dueMs = this.clock.monotonicMs() + ms;
    this.stir();
  }

  #stirred(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#pulls.delete(wake);
        resolve();
      };
      this.#pulls.add(wake);
      void this.clock.sleep(Math.max(1, ms)).then(wake);
    });
  }
}

export interface TestGateway extends DeliveryRig {
  /** From now on nothing that it does reaches the broker, or is heard from it. */
  crash(): void;
}

/** A gateway that has started over the broker. */
export async function gatewayOn(
  broker: TestBroker,
  settings: Readonly<Record<string, unknown>>,
  options: RigOptions & { readonly answer?: DeliveryRig["answer"] } = {},
): Promise<TestGateway> {
  const power = { on: true };
  const { clock } = broker;
  const rig = deliveryRig(settings, { broker: broker.connect(power), seed: ++broker.gateways, ...options, clock });
  rig.answer = options.answer ?? rig.answer;
  await Promise.all([rig.exporter.start?.(), clock.advance(0)]);
  return Object.assign(rig, {
    crash: () => {
      power.on = false;
      broker.stir();
    },
  });
}

/** Settings of a queue in a broker. */
export function inBroker(queue: Readonly<Record<string, unknown>> = {}, rest: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { sending_queue: { storage: "nats_jetstream", ...queue }, ...rest };
}
