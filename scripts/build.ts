/**
 * Builds dist/: JavaScript and declarations from src/, and the kernel's modules beside them.
 * The kernel itself is committed (scripts/build-kernel.ts), so a build needs no AssemblyScript.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, rmSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
chmodSync(`${root}dist/cli/main.js`, 0o755);
linkCommand();
for (const name of ["kernel.wasm", "kernel-shared.wasm"]) cpSync(`${root}src/kernel/${name}`, `${root}dist/kernel/${name}`);

/** npm links the commands of dependencies and not a checkout's own: with this, `npx sluice` works here too. */
function linkCommand(): void {
  const bin = `${root}node_modules/.bin`;
  if (!existsSync(bin)) return;
  rmSync(`${bin}/sluice`, { force: true });
  symlinkSync("../../dist/cli/main.js", `${bin}/sluice`);
}
