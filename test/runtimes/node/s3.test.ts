/** The contract of objects on a real server of S3's API, and what is told when it refuses. Needs MinIO. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ObjectStore } from "../../../src/base/objects.ts";
import { fetchClient } from "../../../src/runtimes/fetch/client.ts";
import { openBucket } from "../../../src/runtimes/node/objects/s3.ts";
import { checkObjects } from "../../contract/objects.ts";
import { MINIO, Minio, type S3Place } from "../../harness/minio.ts";

/** A thousand requests take seconds. */
const PAGE_NAMES = 100;

function open(place: S3Place, clockMs = 0): ObjectStore {
  const client = fetchClient({ memory: new Uint8Array(0), fetch });
  const clock = { nowMs: () => Date.now() + clockMs, monotonicMs: () => performance.now() };
  return openBucket(place, { client, host: { clock, sleep: () => Promise.resolve() }, pageNames: PAGE_NAMES });
}

describe.skipIf(MINIO === undefined)("MinIO", () => {
  const server = new Minio();
  beforeAll(() => server.start());
  afterAll(() => server.end());

  checkObjects("a bucket behind S3's API", async () => open(await server.bucket()), PAGE_NAMES * 2 + 3);

  const cases: [string, (place: S3Place) => ObjectStore, string, string][] = [
    ["no such bucket", () => open(server.nowhere()), "NoSuchBucket", "Make the bucket, or correct s3.bucket"],
    ["an unknown key", (place) => open({ ...place, accessKeyId: "nobody" }), "InvalidAccessKeyId", "Check access_key_id and secret_access_key"],
    ["a wrong secret", (place) => open({ ...place, secretAccessKey: "wrong" }), "SignatureDoesNotMatch", "Check access_key_id and secret_access_key"],
    ["another region", (place) => open({ ...place, region: "eu-west-9" }), "AuthorizationHeaderMalformed", "Set region to the bucket's own"],
    ["a clock that is wrong", (place) => open(place, -3_600_000), "RequestTimeTooSkewed", "Set the clock of this machine"],
  ];
  it.each(cases)("says so: %s", async (_, make, code, cure) => {
    const store = make(await server.bucket());
    const expected = { code: "storage", retryable: false, message: expect.stringContaining(code), cure: expect.stringContaining(cure) };
    const calls = [() => store.put("a", new Uint8Array(1)), () => store.get("a", 1), () => Array.fromAsync(store.list("")), () => store.delete(["a"])];
    for (const call of calls) await expect(call()).rejects.toMatchObject(expected);
  });
});
