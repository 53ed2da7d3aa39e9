#!/usr/bin/env -S node --max-semi-space-size=4 --min-semi-space-size=4
/**
 * The `sluice` command. From sources, Node strips the types of a hundred files: what it makes of them is
 * kept in node_modules, which halves the next start. Not in the temporary folder, Node's own choice,
 * where another user of the machine could put code of theirs.
 */
import * as module from "node:module";
import { fileURLToPath } from "node:url";

const { url } = import.meta;
// Bun and Deno have caches of their own.
if (url.endsWith(".ts") && !("bun" in process.versions || "deno" in process.versions)) {
  module.enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/sluice", url)));
}

const { main } = await import("./program.ts");
await main();
