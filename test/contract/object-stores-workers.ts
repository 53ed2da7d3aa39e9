/** What object-stores.ts is elsewhere, on workerd: an R2 bucket. */
import { env } from "cloudflare:test";
import type { ObjectStore } from "../../src/base/objects.ts";
import { bucketOf } from "../../src/runtimes/workers/bucket.ts";

export const OBJECTS = "this runtime's store";

/** The bucket, emptied: who has it has it alone, as tests run one after the other. */
export async function makeObjects(): Promise<ObjectStore> {
  const store = bucketOf(env, "LETTERS", () => {});
  for await (const names of store.list("")) await store.delete(names);
  return store;
}
