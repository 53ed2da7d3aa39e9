/**
 * Builds dist/: JavaScript and declarations from src/, and the kernel's modules beside them.
 * The kernel itself is committed (scripts/build-kernel.ts), so a build needs no AssemblyScript.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
chmodSync(`${root}dist/cli/main.js`, 0o755);
for (const name of ["kernel.wasm", "kernel-shared.wasm"]) cpSync(`${root}src/kernel/${name}`, `${root}dist/kernel/${name}`);
