/**
 * The quick gate: types (with and without a runtime's), lint with the layers, format, generated files
 * in step, the unit tests. Prints one line a step; stops at nothing, fails if any failed.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ["types", "tsc", "-p", "tsconfig.json"],
  ["types of the core, without a runtime", "tsc", "-p", "tsconfig.core.json"],
  ["lint and layers", "oxlint", "--quiet"],
  ["format", "oxfmt", "--check", "."],
  ["tables and walkers in step with proto/", "node", "scripts/generate.ts", "--check"],
  ["JSON code in step with proto/", "node", "scripts/generate-json.ts", "--check"],
  ["kernel in step with its source", "node", "scripts/build-kernel.ts", "--check"],
  ["configuration schema in step", "node", "scripts/generate-schema.ts", "--check"],
  ["components' pages in step", "node", "scripts/generate-pages.ts", "--check"],
  ["metrics page in step", "node", "scripts/generate-metrics-page.ts", "--check"],
  ["the Worker builds, and is no larger than it may be", "node", "scripts/check-bundle.ts"],
  [
    "unit tests",
    "vitest",
    "run",
    "--reporter=dot",
    "test/base",
    "test/wire",
    "test/kernel",
    "test/otlp",
    "test/pipeline",
    "test/processors",
    "test/config",
    "test/admin",
  ],
];

let failed = 0;
for (const [name, command, ...args] of steps) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${seconds} s  ${name}`);
  if (status === 0) continue;
  failed++;
  console.log(`${stdout}${stderr}`.trimEnd());
}
console.log(failed === 0 ? "check passed" : `check failed: ${failed} of ${steps.length} steps`);
process.exit(failed === 0 ? 0 : 1);
