/**
 * The store of objects that this runtime has without a server: a directory on Node, Bun and Deno. On
 * workerd `object-stores-workers.ts` stands in its place (vitest.workers.config.ts).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ObjectStore } from "../../src/base/objects.ts";
import { openDirectory } from "../../src/runtimes/node/objects/directory.ts";

export const OBJECTS = "this runtime's store";

/** An empty one, until the test that asks for it is over. */
export function makeObjects(): Promise<ObjectStore> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-objects-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return openDirectory(folder, Date.now());
}
