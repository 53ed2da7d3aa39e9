/** How Sluice is started here: the build, as package.json's scripts start the sources. */
import { fileURLToPath } from "node:url";
import type { Command } from "../e2e/gateway.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const SLUICE: Readonly<Record<string, Command>> = {
  node: { file: process.execPath, args: ["--max-semi-space-size=4", "--min-semi-space-size=4", `${ROOT}dist/cli/main.js`, "run"] },
  bun: { file: `${ROOT}node_modules/.bin/bun`, args: [`${ROOT}dist/cli/main.js`, "run"] },
  deno: { file: `${ROOT}node_modules/.bin/deno`, args: ["run", "-A", `${ROOT}dist/cli/main.js`, "run"] },
};

/** The command of a runtime. Throws RangeError for a name that is none. */
export function sluiceOn(runtime: string): Command {
  const found = SLUICE[runtime];
  if (found === undefined) throw new RangeError(`Cannot run on "${runtime}": use one of ${Object.keys(SLUICE).join(", ")}`);
  return found;
}
