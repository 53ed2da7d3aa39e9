/**
 * Builds dist/: JavaScript and declarations from src/, the kernel's modules beside them, and the
 * command with all that it needs in a few files: reading a hundred and fifty takes longer than running
 * them. The kernel itself is committed (scripts/build-kernel.ts), so a build needs no AssemblyScript.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A bundle lies in dist/cli: what a module loads by a place next to its own is elsewhere from there. */
const places: Plugin = {
  name: "places",
  setup(bundle) {
    const move = (filter: RegExp, from: RegExp, to: string) =>
      bundle.onLoad({ filter }, ({ path }) => {
        const text = readFileSync(path, "utf8");
        const moved = text.replaceAll(from, to);
        if (moved === text) throw new RangeError(`${path} does not load ${from.source}`);
        return { contents: moved, loader: "ts" };
      });
    move(/runtimes[/\\]node[/\\]host\.ts$/, /"\.\.\/(\.\.\/kernel\/[\w-]+\.wasm")/g, '"$1');
    move(/runtimes[/\\]node[/\\]aside\.ts$/, /"\.\/(aside-thread\.js")/g, '"../runtimes/node/$1');
    move(/node[/\\]storage[/\\]storage\.ts$/, /"\.\/(thread\.js")/g, '"../runtimes/node/storage/$1');
  },
};

rmSync(`${root}dist`, { recursive: true, force: true });
const { status } = spawnSync(`${root}node_modules/.bin/tsc`, ["-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
for (const name of ["kernel.wasm", "kernel-shared.wasm"]) cpSync(`${root}src/kernel/${name}`, `${root}dist/kernel/${name}`);
await bundleCommand();
chmodSync(`${root}dist/cli/main.js`, 0o755);

/** dist/cli/main.js, and beside it a file for each part that not every command needs. */
async function bundleCommand(): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/cli/main.ts"],
    outdir: "dist/cli",
    allowOverwrite: true,
    bundle: true,
    splitting: true,
    metafile: true,
    format: "esm",
    platform: "node",
    target: "node22",
    chunkNames: "[name]-[hash]",
    logLevel: "warning",
    plugins: [places],
    // commander is CommonJS, and asks for Node's modules by `require`.
    banner: { js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);' },
  });
  writeFileSync(`${root}dist/cli/LICENSES.txt`, licences(Object.keys(metafile.inputs)));
}

/** The licences of the packages whose code is in the bundle. */
function licences(inputs: readonly string[]): string {
  const found = inputs.map((input) => /^(node_modules\/(?:@[^/]+\/)?([^/]+))\//.exec(input)?.[1]);
  const texts = [...new Set(found)].flatMap((folder) => {
    if (folder === undefined) return [];
    const file = ["LICENSE", "LICENSE.md", "LICENSE.txt"].map((name) => `${root}${folder}/${name}`).find((path) => existsSync(path));
    if (file === undefined) throw new RangeError(`${folder} has no licence file`);
    return [`${folder.replace("node_modules/", "")}\n\n${readFileSync(file, "utf8")}`];
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
