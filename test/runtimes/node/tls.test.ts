/** TLS on both sides: names and authorities are verified, client certificates demanded where an authority is given. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { TlsClientOptions } from "../../../src/base/host.ts";
import { plainMemory } from "../../../src/base/memory.ts";
import { Pool } from "../../../src/base/pool.ts";
import { nodeClient } from "../../../src/runtimes/node/client.ts";
import { nodeServer } from "../../../src/runtimes/node/server.ts";
import { makeCertificate } from "../../contract/certificate.ts";

const { cert, key } = makeCertificate();
const stranger = makeCertificate();
const folder = mkdtempSync(join(tmpdir(), "sluice-tls-"));
const caFile = join(folder, "ca.pem");
writeFileSync(caFile, cert);
afterAll(() => rmSync(folder, { recursive: true }));

async function attempt(clientCaFile: string | undefined, tls: Partial<TlsClientOptions>, host = "localhost") {
  const pool = new Pool(plainMemory(1 << 20), 0, 1 << 20, { poison: true });
  const listener = await nodeServer(pool, { log: () => {} }).listen(
    { hostname: "127.0.0.1", port: 0, requestTimeoutMs: 0, headersTimeoutMs: 0, idleTimeoutMs: 0, key: "k", tls: { certPem: cert, keyPem: key, clientCaFile } },
    async (_head, body) => {
      const read = await body.read(1 << 20);
      if (read.kind === "ok") read.block.release();
      return { status: read.kind === "ok" ? 200 : 500, headers: {}, body: new Uint8Array(0) };
    },
  );
  const client = nodeClient({ tls: { insecureSkipVerify: false, ...tls }, maxIdleConnections: 1, maxConnections: 0, idleTimeoutMs: 0 });
  const released = Promise.withResolvers<void>();
  const slices = [new Uint8Array(new SharedArrayBuffer(300_000))];
  const result = await client.send({
    url: `https://${host}:${listener.port}/`,
    headers: {},
    slices,
    length: 300_000,
    timeoutMs: 5000,
    responseMaxBytes: 100,
    onReleased: released.resolve,
  });
  await released.promise;
  await client.close();
  await listener.stop(1000);
  expect(pool.blocks).toBe(0);
  return result;
}

test("a known authority and the right name", async () => {
  expect(await attempt(undefined, { caFile })).toMatchObject({ kind: "response", status: 200 });
  expect(await attempt(undefined, { caPem: cert })).toMatchObject({ kind: "response", status: 200 });
});

test("an unknown authority, and the wrong name", async () => {
  expect(await attempt(undefined, {})).toMatchObject({ kind: "failed", reason: "tls" });
  expect(await attempt(undefined, { caPem: cert, serverName: "other.example" })).toMatchObject({ kind: "failed", reason: "tls" });
  expect(await attempt(undefined, { insecureSkipVerify: true })).toMatchObject({ kind: "response", status: 200 });
});

test("client certificates: the right one, none, a stranger's", async () => {
  expect(await attempt(caFile, { caPem: cert, certPem: cert, keyPem: key })).toMatchObject({ kind: "response", status: 200 });
  expect(await attempt(caFile, { caPem: cert })).toMatchObject({ kind: "failed" });
  expect(await attempt(caFile, { caPem: cert, certPem: stranger.cert, keyPem: stranger.key })).toMatchObject({ kind: "failed" });
});

test("versions: 1.2 at the least, and unknown ones are errors of the configuration", async () => {
  expect(await attempt(undefined, { caPem: cert, maxVersion: "1.2" })).toMatchObject({ kind: "response" });
  expect(await attempt(undefined, { caPem: cert, minVersion: "1.0", maxVersion: "1.1" })).toMatchObject({ kind: "failed" });
  await expect(attempt(undefined, { minVersion: "9" })).rejects.toMatchObject({ code: "config" });
});
