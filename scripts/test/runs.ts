/**
 * The runs of `npm test`: the in-process suite inside each runtime, and the black-box suite on Node
 * against the real server of each. Four at a time on two cores, of which two wait for half of their
 * time; the in-process suites are divided, so that all end together.
 */
import { join } from "node:path";
import { foldersDriving, type Runtime } from "./rules.ts";

export interface Run {
  /** For the operator, unique. */
  readonly name: string;
  readonly runtime: Runtime;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const VITEST = join("node_modules", "vitest", "vitest.mjs");
/** What tests that need Sluice as a process start. */
export const MAIN = join("dist", "cli", "main.js");
/** Runs share two cores: none takes both. */
const ALWAYS = ["--maxWorkers=1"];

/** How each runtime runs vitest. Bun has no processes to fork vitest's workers in, and uses threads. */
const VITEST_ON: Readonly<Record<Runtime, readonly [command: string, ...args: string[]]>> = {
  node: ["node", VITEST, "run"],
  bun: ["bun", "--bun", VITEST, "run", "--pool=threads"],
  deno: ["deno", "run", "-A", "npm:vitest", "run"],
  workers: ["node", VITEST, "run", "--config=vitest.workers.config.ts"],
};

/** In how many parts the in-process suite of a runtime runs. JavaScriptCore collects the slower the more memory a process has had. */
const PARTS: Readonly<Record<Runtime, number>> = { node: 2, bun: 4, deno: 2, workers: 2 };

/** All runs, in the order in which they are best begun: two black boxes, and what only computes beside them. */
export function runsOf(runtimes: readonly Runtime[], driven: readonly Runtime[]): Run[] {
  const waiting = driven.map(blackBox).toReversed();
  const computing = runtimes.flatMap(inProcess);
  return [...waiting.slice(0, 2), ...computing.slice(0, 2), ...waiting.slice(2), ...computing.slice(2)];
}

/** The in-process suite inside a runtime. */
function inProcess(runtime: Runtime): Run[] {
  const [command, ...args] = VITEST_ON[runtime];
  const parts = PARTS[runtime];
  return Array.from({ length: parts }, (_, index) => ({
    name: `${runtime} ${index + 1}/${parts}`,
    runtime,
    command,
    args: [...args, ...ALWAYS, `--shard=${index + 1}/${parts}`],
    env: { TEST_RUNTIME: runtime, TEST_MAIN: MAIN },
  }));
}

/** The black-box suite against the server of a runtime. */
function blackBox(runtime: Runtime): Run {
  const [command, ...args] = VITEST_ON.node;
  return {
    name: `${runtime} black box`,
    runtime,
    command,
    args: [...args, ...ALWAYS, ...foldersDriving(runtime)],
    env: { TEST_TARGET: runtime, TEST_MAIN: MAIN },
  };
}
