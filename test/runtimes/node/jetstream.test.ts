/** NATS JetStream, by a real nats-server: the contract of queues, servers that go and come, streams that would lose something. */
import { jetstreamManager, RetentionPolicy } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Broker, BrokerMessage, JetStreamOptions } from "../../../src/base/broker.ts";
import { openJetStream } from "../../../src/runtimes/node/jetstream/jetstream.ts";
import { checkQueue, ended, type QueueProcess, sent, until } from "../../contract/queue.ts";
import { ACCEPTED, deliveryRig, LATER, requestOf } from "../../delivery/delivery-rig.ts";
import { TestClock } from "../../harness/clock.ts";
import { leaves } from "../../harness/multiset.ts";
import { NATS_SERVER, NatsServer } from "../../harness/nats-server.ts";

const ACK_WAIT_MS = 1000;
const PAYLOAD_BYTES = 65_536;
const WRITE_FIRST = { sending_queue: { storage: "nats_jetstream", durability: "write_first" }, retry_on_failure: { max_elapsed_time: "0s" } };

const server = new NatsServer(`max_payload: ${PAYLOAD_BYTES}`);
const brokers: Broker[] = [];
let admin: NatsConnection | undefined;
let streams = 0;
let gateways = 0;

function optionsOf(change: Partial<JetStreamOptions> = {}): JetStreamOptions {
  return {
    servers: [server.url],
    stream: "sluice",
    create: true,
    subjectPrefix: "sluice",
    replicas: 1,
    bytesMax: 1 << 26,
    duplicateWindowMs: 120_000,
    ackWaitMs: ACK_WAIT_MS,
    timeoutMs: 2000,
    ...change,
  };
}

/** A stream of its own. */
function newStream(change: Partial<JetStreamOptions> = {}): JetStreamOptions {
  const stream = `s${++streams}`;
  return optionsOf({ stream, subjectPrefix: stream, ...change });
}

async function opened(options: JetStreamOptions): Promise<Broker> {
  const broker = await openJetStream(options);
  brokers.push(broker);
  return broker;
}

/** A gateway with a connection of its own, which a crash cuts. */
async function gatewayOn(options: JetStreamOptions, settings: Readonly<Record<string, unknown>> = WRITE_FIRST, clock = new TestClock()): Promise<QueueProcess> {
  const broker = await opened(options);
  const rig = deliveryRig(settings, { clock, broker, seed: ++gateways });
  await rig.exporter.start?.();
  return Object.assign(rig, { crash: () => void broker.close() });
}

async function managed() {
  admin ??= await connect({ servers: server.url });
  return jetstreamManager(admin);
}

/** The next message of a place. */
async function next(broker: Broker, signal: "traces" | "logs" = "traces"): Promise<BrokerMessage> {
  const place = await broker.open("otlp_http/test", signal);
  const { promise, resolve } = Promise.withResolvers<BrokerMessage>();
  void place.pull(1 << 20, resolve);
  const message = await promise;
  place.stop();
  return message;
}

describe.skipIf(NATS_SERVER === undefined)("JetStream", () => {
  beforeAll(() => server.start());
  afterAll(async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
    await admin?.close();
    await server.end();
  });

  checkQueue("a queue", { keeps: true }, async () => {
    const options = newStream();
    const clock = new TestClock();
    return { keys: { storage: "nats_jetstream" }, start: (settings) => gatewayOn(options, settings, clock) };
  });

  it("hands a message out to one gateway at a time, and to another when that is silent, as often as it takes", async () => {
    const options = newStream();
    const [one, other] = [await opened(options), await opened(options)];
    const place = await one.open("otlp_http/test", "traces");
    expect(await place.publish("a", new Uint8Array([1, 2]))).toMatchObject({ duplicate: false });
    expect(await place.publish("a", new Uint8Array([1, 2]))).toMatchObject({ duplicate: true });
    const first = await next(one);
    expect(first).toMatchObject({ id: "a", seq: 1, bytes: new Uint8Array([1, 2]) });
    // Nothing is said for ack_wait.
    const second = await next(other);
    expect(second).toMatchObject({ id: "a", seq: 1 });
    second.retryLater(0);
    const third = await next(one);
    third.ack();
    await expect.poll(() => place.waiting()).toBe(0);
  });

  it("takes a message back that was published", async () => {
    const broker = await opened(newStream());
    const place = await broker.open("otlp_http/test", "traces");
    const published = await place.publish("a", new Uint8Array([1]));
    await place.publish("b", new Uint8Array([2]));
    await published.remove();
    expect(await place.waiting()).toBe(1);
    expect((await next(broker)).id).toBe("b");
  });

  it("hands out many more messages than one pull is for, of more bytes, without a pause", async () => {
    const place = await (await opened(newStream())).open("otlp_http/test", "traces");
    const count = 600;
    await Promise.all(Array.from({ length: count }, (_, index) => place.publish(`${index}`, new Uint8Array(index % 2 === 0 ? 10 : 2000))));
    const ids = new Set<string>();
    const state = { stopped: false };
    const pulling = (async () => {
      while (!state.stopped) {
        await place.pull(300_000, (message) => {
          ids.add(message.id);
          message.ack();
        });
      }
    })();
    await expect.poll(() => ids.size, { timeout: 8000 }).toBe(count);
    state.stopped = true;
    place.stop();
    await pulling;
    await expect.poll(() => place.waiting()).toBe(0);
  });

  it("refuses when the stream is full, and drops nothing", async () => {
    const place = await (await opened(newStream({ bytesMax: 200_000 }))).open("otlp_http/test", "traces");
    const bytes = new Uint8Array(60_000);
    for (const id of ["a", "b", "c"]) await place.publish(id, bytes);
    await expect(place.publish("d", bytes)).rejects.toMatchObject({
      code: "storage",
      retryable: true,
      message: expect.stringContaining("maximum bytes exceeded"),
    });
    expect(await place.waiting()).toBe(3);
  });

  it("divides what is over max_payload, and all of it arrives", async () => {
    const gateway = await gatewayOn(newStream());
    const bytes = requestOf("traces", 400, 1);
    expect(bytes.length).toBeGreaterThan(2 * PAYLOAD_BYTES);
    expect(await sent(gateway, gateway.sendBytes(bytes))).toEqual(ACCEPTED);
    await until(gateway, () => gateway.books().sent === 400);
    const arrived = gateway.arrivals.flatMap((arrival) => leaves("traces", arrival.bytes));
    expect([gateway.arrivals.length > 2, arrived.toSorted().join() === leaves("traces", bytes).toSorted().join()]).toEqual([true, true]);
    await ended(gateway);
  });

  it("shares a stream between gateways: each request is sent once", async () => {
    const options = newStream();
    const clock = new TestClock();
    const [one, other] = [await gatewayOn(options, WRITE_FIRST, clock), await gatewayOn(options, WRITE_FIRST, clock)];
    const sends = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other).send(2));
    expect(await sent(one, Promise.all(sends))).toEqual(sends.map(() => ACCEPTED));
    await until(one, () => one.books().sent + other.books().sent === 40);
    expect(one.books().restored + other.books().restored).toBe(40);
    await Promise.all([ended(one), ended(other)]);
  });

  it("keeps what was acknowledged while its server is killed and started again, and takes nothing meanwhile", async () => {
    const gateway = await gatewayOn(newStream());
    let well = false;
    gateway.answer = () => (well ? ACCEPTED : LATER);
    for (const items of [1, 2, 3]) expect(await sent(gateway, gateway.send(items))).toEqual(ACCEPTED);
    await server.kill();
    expect(await sent(gateway, gateway.send(9))).toMatchObject({ kind: "retry", afterMs: 1000 });
    expect(gateway.books()).toMatchObject({ returned: 9 });
    await server.start();
    well = true;
    await until(gateway, () => gateway.books().sent === 6);
    const outcome = { kind: "retry" };
    for (let turn = 0; outcome.kind !== "accepted" && turn < 100; turn++) {
      Object.assign(outcome, await sent(gateway, gateway.send(4)));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until(gateway, () => gateway.books().sent >= 10 && gateway.books().queued === 0);
    expect(gateway.books().dropped).toBe(0);
    await ended(gateway);
  });

  it.each([
    [{ retention: RetentionPolicy.Limits }, 'its retention is "limits"'],
    [{ retention: RetentionPolicy.Workqueue, discard: "old" as const }, "when it is full it drops what it has taken"],
    [{ retention: RetentionPolicy.Workqueue, discard: "new" as const, max_age: 600e9 }, "it drops what has waited for max_age"],
    [{ retention: RetentionPolicy.Workqueue, discard: "new" as const, subjects: ["elsewhere.>"] }, "it does not take the subjects"],
  ])("does not use a stream that would lose what it has taken: %j", async (config, state) => {
    const options = newStream();
    const manager = await managed();
    await manager.streams.add({ name: options.stream, subjects: [`${options.stream}.>`], ...config });
    await expect(openJetStream(options)).rejects.toMatchObject({ code: "config", message: expect.stringContaining(state) });
    await manager.streams.delete(options.stream);
  });

  it("never sends in the clear what a tls:// URL is for", async () => {
    const plain = optionsOf({ servers: [server.url.replace("nats:", "tls:")] });
    await expect(openJetStream(plain)).rejects.toMatchObject({ code: "storage", message: expect.stringContaining("does not support 'tls'") });
  });

  it("says what is missing: a stream, a server", async () => {
    await expect(openJetStream(newStream({ create: false }))).rejects.toMatchObject({ code: "config", cure: "Make it, or set create_stream to true" });
    await expect(openJetStream(optionsOf({ servers: ["nats://127.0.0.1:1"] }))).rejects.toMatchObject({ code: "storage", retryable: true });
  });
});
