#!/usr/bin/env -S node --max-semi-space-size=4 --min-semi-space-size=4
/**
 * The `sluice` command. Compiling its code, and stripping the types where it runs from sources, is a good part
 * of a start: what Node makes of it is kept in node_modules, where that can be written. Not in the temporary
 * folder, Node's own choice, where another user of the machine could put code of theirs.
 */
import * as module from "node:module";
import { fileURLToPath } from "node:url";

// Bun and Deno have caches of their own.
if (!("bun" in process.versions || "deno" in process.versions)) {
  module.enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/sluice", import.meta.url)));
}

const { main } = await import("./program.ts");
await main();
