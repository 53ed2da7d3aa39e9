/** NATS JetStream behind TLS, client certificates, passwords, tokens and credentials files; and a cluster that loses a server: by real nats-servers. */
import { jetstreamManager } from "@nats-io/jetstream";
import { createAccount, createOperator, createUser, type KeyPair } from "@nats-io/nkeys";
import { connect } from "@nats-io/transport-node";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Broker, JetStreamOptions } from "../../../src/base/broker.ts";
import { openJetStream } from "../../../src/runtimes/node/jetstream/jetstream.ts";
import { makeCertificate } from "../../contract/certificate.ts";
import { freePort } from "../../contract/sinks.ts";
import { NATS_SERVER, NatsServer } from "../../harness/nats-server.ts";

const certificate = makeCertificate();
const stranger = makeCertificate();
const folder = mkdtempSync(join(tmpdir(), "sluice-nats-secure-"));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const certFile = file("cert.pem", certificate.cert);
const keyFile = file("key.pem", certificate.key);

const servers: NatsServer[] = [];
const brokers: Broker[] = [];
afterAll(async () => {
  await Promise.all(brokers.map((broker) => broker.close()));
  await Promise.all(servers.map((server) => server.end()));
  rmSync(folder, { recursive: true });
});

async function started(settings: string): Promise<NatsServer> {
  const server = new NatsServer(settings);
  servers.push(server);
  await server.start();
  return server;
}

function optionsFor(urls: readonly string[], change: Partial<JetStreamOptions> = {}): JetStreamOptions {
  const stream = { stream: "sluice", create: true, subjectPrefix: "sluice", replicas: 1, bytesMax: 1 << 26 };
  return { servers: urls, ...stream, duplicateWindowMs: 120_000, ackWaitMs: 1000, timeoutMs: 5000, ...change };
}

async function opened(options: JetStreamOptions): Promise<Broker> {
  const broker = await openJetStream(options);
  brokers.push(broker);
  return broker;
}

let published = 0;

/** What is published comes back. */
async function expectUsed(options: JetStreamOptions): Promise<void> {
  const place = await (await opened(options)).open("otlp_http/test", "traces");
  await place.publish(`${++published}`, Uint8Array.of(1, 2, 3));
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  void place.pull(1 << 20, (message) => {
    message.ack();
    resolve(message.bytes);
  });
  expect(await promise).toEqual(Uint8Array.of(1, 2, 3));
  place.stop();
}

const refused = (message: RegExp) => ({
  code: "storage",
  retryable: true,
  message: expect.stringMatching(message),
  cure: "Start nats-server with -js there, or correct servers and credentials",
});

describe.skipIf(NATS_SERVER === undefined)("TLS", () => {
  it("by a tls:// URL or by the section, with an authority that is known; with no other", async () => {
    const server = await started(`tls { cert_file: "${certFile}", key_file: "${keyFile}" }`);
    const tlsUrl = server.url.replace("nats:", "tls:");
    await expectUsed(optionsFor([tlsUrl], { tls: { insecureSkipVerify: false, caFile: certFile } }));
    await expectUsed(optionsFor([server.url], { tls: { insecureSkipVerify: false, caPem: certificate.cert } }));
    await expectUsed(optionsFor([server.url], { tls: { insecureSkipVerify: true } }));
    for (const tls of [undefined, { insecureSkipVerify: false, caPem: stranger.cert }]) {
      await expect(openJetStream(optionsFor([tlsUrl], { tls }))).rejects.toMatchObject(
        refused(/certificate|self-signed|issuer|CertificateRequired|UnknownIssuer/i),
      );
    }
  });

  it("with the client's certificate where the server demands one", async () => {
    const server = await started(`tls { cert_file: "${certFile}", key_file: "${keyFile}", ca_file: "${certFile}", verify: true }`);
    const tls = { insecureSkipVerify: false, caFile: certFile };
    await expectUsed(optionsFor([server.url], { tls: { ...tls, certFile, keyFile } }));
    await expect(openJetStream(optionsFor([server.url], { tls, timeoutMs: 1000 }))).rejects.toMatchObject({ code: "storage" });
  });
});

describe.skipIf(NATS_SERVER === undefined)("credentials", () => {
  it("are a user and a password, or a token", async () => {
    const named = await started('authorization { user: "gateway", password: "p4ss" }');
    await expectUsed(optionsFor([named.url], { user: "gateway", password: "p4ss" }));
    for (const wrong of [{}, { user: "gateway", password: "wrong" }]) {
      await expect(openJetStream(optionsFor([named.url], wrong))).rejects.toMatchObject(refused(/authorization violation/i));
    }
    const tokened = await started('authorization { token: "t0ken" }');
    await expectUsed(optionsFor([tokened.url], { token: "t0ken" }));
    await expect(openJetStream(optionsFor([tokened.url], { token: "other" }))).rejects.toMatchObject(refused(/authorization violation/i));
  });

  it("are those of a file, a JWT and its key, that the operator's account has signed", async () => {
    const [operator, account, system, user] = [createOperator(), createAccount(), createAccount(), createUser()];
    const everything = {
      mem_storage: -1,
      disk_storage: -1,
      streams: -1,
      consumer: -1,
      subs: -1,
      data: -1,
      payload: -1,
      conn: -1,
      leaf: -1,
      imports: -1,
      exports: -1,
      wildcards: true,
    };
    const server = await started(
      [
        `operator: "${jwt(operator, operator, { type: "operator" })}"`,
        `system_account: "${system.getPublicKey()}"`,
        "resolver: MEMORY",
        "resolver_preload {",
        `  ${account.getPublicKey()}: "${jwt(operator, account, { type: "account", limits: everything })}"`,
        `  ${system.getPublicKey()}: "${jwt(operator, system, { type: "account", limits: { ...everything, mem_storage: 0, disk_storage: 0 } })}"`,
        "}",
      ].join("\n"),
    );
    const credentials = (signer: KeyPair) =>
      `-----BEGIN NATS USER JWT-----\n${jwt(signer, user, { type: "user", subs: -1, data: -1, payload: -1 })}\n------END NATS USER JWT------\n\n` +
      `-----BEGIN USER NKEY SEED-----\n${new TextDecoder().decode(user.getSeed())}\n------END USER NKEY SEED------\n`;
    await expectUsed(optionsFor([server.url], { credentialsFile: file("user.creds", credentials(account)) }));
    const strange = optionsFor([server.url], { credentialsFile: file("strange.creds", credentials(createAccount())) });
    await expect(openJetStream(strange)).rejects.toMatchObject(refused(/authorization violation/i));
  });
});

/** A JWT as NATS has it (ADR-14): signed by Ed25519, the claims about `subject`. */
function jwt(issuer: KeyPair, subject: KeyPair, nats: Readonly<Record<string, unknown>>): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { jti: subject.getPublicKey(), iat: Math.floor(Date.now() / 1000), iss: issuer.getPublicKey(), sub: subject.getPublicKey() };
  const body = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part({ ...claims, name: "test", nats: { version: 2, ...nats } })}`;
  return `${body}.${Buffer.from(issuer.sign(new TextEncoder().encode(body))).toString("base64url")}`;
}

describe.skipIf(NATS_SERVER === undefined)("a cluster of three", () => {
  it("goes on without the server that led it, with all that was acknowledged, and with it again", async () => {
    const ports = await Promise.all(Array.from({ length: 3 }, freePort));
    const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(", ");
    const cluster = ports.map(
      (port, index) => new NatsServer(`server_name: "n${index}"\ncluster { name: "sluice", listen: "127.0.0.1:${port}", routes: [${routes}] }`),
    );
    servers.push(...cluster);
    // None is ready before they have found one another.
    await Promise.all(cluster.map((server) => server.start()));
    const urls = cluster.map(({ url }) => url);
    const broker = await eventually(() => opened(optionsFor(urls, { replicas: 3 })));
    const place = await eventually(() => broker.open("otlp_http/test", "traces"));
    const acknowledged: string[] = [];
    const publish = async (id: string) => {
      await eventually(() => place.publish(id, new TextEncoder().encode(id)));
      acknowledged.push(id);
    };
    for (const id of ["a", "b", "c"]) await publish(id);
    const leader = cluster[await leaderOf(urls, "sluice")];
    await leader?.kill();
    for (const id of ["d", "e"]) await publish(id);
    await leader?.start();
    await publish("f");
    const came = new Set<string>();
    const state = { over: false };
    const pulling = (async () => {
      while (!state.over) {
        await eventually(() =>
          place.pull(1 << 20, (message) => {
            came.add(new TextDecoder().decode(message.bytes));
            message.ack();
          }),
        );
      }
    })();
    await expect.poll(() => [...came].toSorted().join(), { timeout: 30_000 }).toBe(acknowledged.join());
    state.over = true;
    place.stop();
    await pulling;
  });
});

/** The number of the server that has the say about the stream. */
async function leaderOf(urls: readonly string[], stream: string): Promise<number> {
  const connection = await connect({ servers: [...urls] });
  try {
    const { cluster } = await (await jetstreamManager(connection)).streams.info(stream);
    return Number(/^n(\d)$/.exec(cluster?.leader ?? "")?.[1]);
  } finally {
    await connection.close();
  }
}

/** Until it resolves: the servers choose a leader meanwhile. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (let turn = 0; ; turn++) {
    try {
      return await work();
    } catch (error) {
      if (turn >= 400) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
