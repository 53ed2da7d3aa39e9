/** A real server of S3's API: MinIO, on a port of its own and a store in a temporary folder. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import type { ObjectPlace } from "../../src/base/objects.ts";

/** Where Go installs it, besides. */
const PROGRAMS = ["minio", join(homedir(), "go", "bin", "minio")];
const REGION = "eu-test-1";
const STEP_MS = 50;

/** Undefined: this machine has none. */
export const MINIO: string | undefined = PROGRAMS.find((program) => spawnSync(program, ["--version"]).status === 0);

export type S3Place = Extract<ObjectPlace, { kind: "s3" }>;

export class Minio {
  #folder = "";
  #port = 0;
  #process: ChildProcess | undefined;
  #buckets = 0;

  async start(): Promise<void> {
    this.#folder = mkdtempSync(join(tmpdir(), "sluice-minio-"));
    this.#port = await freePort();
    const address = `127.0.0.1:${this.#port}`;
    const env = {
      ...process.env,
      MINIO_ROOT_USER: "sluice-key",
      MINIO_ROOT_PASSWORD: "sluice-secret-1",
      MINIO_SITE_REGION: REGION,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
    };
    const child = spawn(MINIO ?? "minio", ["server", "--quiet", "--address", address, this.#folder], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    let log = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (log += text.toString()));
    let ended = false;
    child.once("exit", () => (ended = true));
    while (!(await isReady(`http://${address}/minio/health/ready`))) {
      if (ended) throw new Error(`minio did not start: ${log}`);
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
  }

  /** A new bucket. */
  async bucket(): Promise<S3Place> {
    this.#buckets++;
    const place: S3Place = { ...this.nowhere(), bucket: `bucket-${this.#buckets}` };
    const client = new AwsClient({ accessKeyId: place.accessKeyId, secretAccessKey: place.secretAccessKey, service: "s3", region: place.region });
    const { status } = await client.fetch(`${place.endpoint}/${place.bucket}`, { method: "PUT" });
    if (status !== 200) throw new Error(`minio made no bucket: ${status}`);
    return place;
  }

  /** A bucket that is not there. */
  nowhere(): S3Place {
    const endpoint = `http://127.0.0.1:${this.#port}`;
    return { kind: "s3", endpoint, bucket: "nowhere", region: REGION, accessKeyId: "sluice-key", secretAccessKey: "sluice-secret-1" };
  }

  async end(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child !== undefined) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    // It does not listen yet.
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound !== null ? bound.port : 0));
    });
  });
}
