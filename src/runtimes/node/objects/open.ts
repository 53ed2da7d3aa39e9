/** Objects on Node, Bun and Deno. Only what a place needs is loaded. */
import type { Clock } from "../../../base/host.ts";
import type { ObjectPlace, ObjectStore } from "../../../base/objects.ts";
import { fetchClient } from "../../fetch/client.ts";

/** Rejects with `storage`. */
export async function openObjects(place: ObjectPlace, clock: Clock): Promise<ObjectStore> {
  if (place.kind === "directory") return (await import("./directory.ts")).openDirectory(place.directory, clock.nowMs());
  const client = fetchClient({ memory: new Uint8Array(0), fetch: (...request) => fetch(...request) });
  return (await import("./s3.ts")).openBucket(place, { client, host: { clock, sleep } });
}

/** Not the host's, which keeps nothing alive: between two tries a command has nothing else that does. */
function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
