/** The `nats_jetstream` extension: its keys, one broker for all who ask, and what it is not for. The broker itself: test/runtimes/node/jetstream.test.ts. */
import { describe, expect, it } from "vitest";
import type { Broker, JetStreamOptions } from "../../src/base/broker.ts";
import { SluiceError } from "../../src/base/errors.ts";
import type { Host } from "../../src/base/host.ts";
import { natsJetStream } from "../../src/extensions/nats-jetstream.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { ExtensionSet } from "../../src/pipeline/extension-set.ts";
import { Health } from "../../src/pipeline/health.ts";
import { TestBroker } from "../delivery/broker-rig.ts";
import { TestClock } from "../harness/clock.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";

/** A host that gives this broker, and keeps what it was asked for. */
function hostWith(open: () => Promise<Broker> = () => Promise.resolve(new TestBroker(new TestClock()).connect())) {
  const asked: JetStreamOptions[] = [];
  const host: Host = {
    ...bareHost,
    openJetStream: (options) => {
      asked.push(options);
      return open();
    },
  };
  return { host, asked };
}

function create(settings: unknown, host: Host) {
  const extension = natsJetStream.create(natsJetStream.schema.parse(settings), { id: "nats_jetstream", host, logger: host.logger });
  const start = () => extension.start({ host, counters: new Counters(), engine: testEngine(1 << 20), health: new Health(host.clock) });
  // It has one.
  const broker = () => extension.broker?.() ?? Promise.reject(new TypeError("It is no broker"));
  return { extension, start, broker };
}

async function optionsOf(settings: unknown): Promise<JetStreamOptions | undefined> {
  const { asked, host } = hostWith();
  await create(settings, host).start();
  return asked[0];
}

describe("keys", () => {
  it("have defaults", async () => {
    expect(await optionsOf({})).toEqual({
      servers: ["nats://localhost:4222"],
      stream: "sluice",
      create: true,
      subjectPrefix: "sluice",
      replicas: 1,
      bytesMax: 1 << 30,
      duplicateWindowMs: 120_000,
      ackWaitMs: 30_000,
      timeoutMs: 5000,
    });
  });

  it("reach the platform", async () => {
    const settings = {
      servers: ["tls://n1:4222", "nats://n2:4222"],
      stream: "telemetry",
      create_stream: false,
      subject_prefix: "otel.eu",
      replicas: 3,
      max_bytes: 0,
      duplicate_window: "5m",
      ack_wait: "10s",
      timeout: "1s",
      user: "u",
      password: "p",
      tls: { ca_file: "ca.pem", insecure_skip_verify: true },
    };
    expect(await optionsOf(settings)).toMatchObject({
      servers: settings.servers,
      stream: "telemetry",
      create: false,
      subjectPrefix: "otel.eu",
      replicas: 3,
      bytesMax: 0,
      duplicateWindowMs: 300_000,
      ackWaitMs: 10_000,
      timeoutMs: 1000,
      user: "u",
      password: "p",
      tls: { caFile: "ca.pem", insecureSkipVerify: true, minVersion: "1.2" },
    });
    expect((await optionsOf({ tls: { enabled: false } }))?.tls).toBeUndefined();
  });

  it.each<readonly [settings: Readonly<Record<string, unknown>>, fault: string]>([
    [{ servers: [] }, "servers"],
    [{ servers: ["http://n1"] }, '"http://n1" is no nats:// or tls:// URL'],
    [{ stream: "a.b" }, "letters, digits, - and _"],
    [{ subject_prefix: "a.*" }, "with a dot between them"],
    [{ replicas: 6 }, "replicas"],
    [{ max_bytes: 1000 }, "must be 0 or at least 1048576"],
    [{ ack_wait: "100ms" }, "must be at least 1s"],
    [{ timeout: "0" }, "must be positive"],
    [{ user: "u" }, "user and password are both needed"],
    [{ token: "t", credentials_file: "c" }, "token and credentials_file exclude one another"],
    [{ url: "nats://n1" }, "url"],
  ])("%j is refused", (settings, fault) => {
    const parsed = natsJetStream.schema.safeParse(settings);
    expect(JSON.stringify(parsed.error?.issues ?? "").replaceAll(String.raw`\"`, '"')).toContain(fault);
  });
});

describe("the broker", () => {
  it("is one for all, may be asked for before the start, and is closed at the end", async () => {
    let closed = 0;
    const given: Broker = { ...new TestBroker(new TestClock()).connect(), close: async () => void closed++ };
    const { asked, host } = hostWith(() => Promise.resolve(given));
    const made = create({}, host);
    const early = made.broker();
    expect(asked).toEqual([]);
    await made.start();
    expect([await early, await made.broker(), asked.length]).toEqual([given, given, 1]);
    await made.extension.stop(0);
    expect(closed).toBe(1);
  });

  it("that cannot be reached stops the start, and is told to whoever asked", async () => {
    const { host } = hostWith(() => Promise.reject(new SluiceError("storage", "Cannot connect to NATS at n1: refused", { retryable: true })));
    const made = create({}, host);
    const early = made.broker();
    await expect(made.start()).rejects.toMatchObject({ code: "storage", path: "extensions.nats_jetstream", message: "Cannot connect to NATS at n1: refused" });
    await expect(early).rejects.toThrow("Cannot connect to NATS");
    await made.extension.stop(0);
  });

  it("keeps queues and nothing else: dead letters are an error that says so", async () => {
    const { host } = hostWith();
    const extensions = new ExtensionSet([{ id: "nats_jetstream", definition: natsJetStream, config: natsJetStream.schema.parse({}) }], host);
    expect(extensions.broker("nats_jetstream")).toBeInstanceOf(Promise);
    expect(extensions.broker("other")).toBeUndefined();
    await expect(extensions.storage("nats_jetstream")).rejects.toMatchObject({
      code: "config",
      message: 'Cannot store with "nats_jetstream": it keeps sending queues, and nothing else',
      cure: "Name another extension there, for example file_storage",
    });
  });

  it("is an error where requests cannot share a connection", () => {
    expect(() => create({}, { ...bareHost, runtime: "workers" })).toThrow(
      expect.objectContaining({
        code: "config",
        path: "extensions.nats_jetstream",
        message: 'Cannot use extension "nats_jetstream" on Workers: requests cannot share a connection',
        cure: "Name a file_storage in sending_queue.storage, which is the Durable Object's own there, or run Sluice on Node, Bun or Deno",
      }),
    );
  });
});
