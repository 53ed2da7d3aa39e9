/**
 * Sluice as a process, as its users start it. `npm test` has what was built started (TEST_MAIN), because that
 * is what is published and it starts in half of the time; without it the sources are.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Runtime } from "../../scripts/test/rules.ts";

export type Listens = Exclude<Runtime, "workers">;

export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
export const MAIN: string = join(ROOT, process.env["TEST_MAIN"] ?? "src/cli/main.ts");

/** The command on a runtime, up to its own arguments. Node's options are those of the first line of the file. */
export const COMMANDS: Readonly<Record<Listens, readonly [command: string, ...args: string[]]>> = {
  node: [join(ROOT, "node_modules/.bin/node"), "--max-semi-space-size=4", "--min-semi-space-size=4", MAIN],
  bun: [join(ROOT, "node_modules/.bin/bun"), MAIN],
  deno: [join(ROOT, "node_modules/.bin/deno"), "run", "-A", MAIN],
};
