/**
 * Builds the Worker as `wrangler deploy` would, without deploying it, and holds its size against a
 * committed limit: the platform takes 3 MB compressed at the least, and every start reads all of it.
 * `--what` lists what is in it, by package and folder.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** A little over what it is: whoever passes it says in the commit what for. */
const RAW_BYTES_MAX = 1_400_000;
const GZIP_BYTES_MAX = 451_500;
/** Commands, generators, and what is loaded only beside files: of no use in a Worker, so they must never get in by an import. */
const FOREIGN = /node_modules\/(commander|assemblyscript|aws4fetch|protobufjs)\//;

interface Meta {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>>;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "sluice-bundle-"));
try {
  process.exitCode = check();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function check(): number {
  const env = { ...process.env, CI: "1", NO_COLOR: "1", WRANGLER_HIDE_BANNER: "true", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: directory };
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--metafile", "--outdir", directory];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
  if (status !== 0) {
    console.log(`${stdout}${stderr}`);
    return 1;
  }
  const sizes = readdirSync(directory)
    .filter((name) => /\.(?:js|wasm|yaml)$/.test(name))
    .map((name) => readFileSync(join(directory, name)))
    .map((bytes) => ({ raw: bytes.length, gzip: gzipSync(bytes).length }));
  const raw = sizes.reduce((sum, size) => sum + size.raw, 0);
  const gzip = sizes.reduce((sum, size) => sum + size.gzip, 0);
  const inputs = inputsOf();
  if (process.argv.includes("--what")) printParts(inputs);
  console.log(`Worker: ${raw} bytes (at most ${RAW_BYTES_MAX}), gzip ${gzip} (at most ${GZIP_BYTES_MAX})`);
  const foreign = [...inputs.keys()].filter((path) => FOREIGN.test(path));
  for (const path of foreign) console.log(`Cannot have "${path}" in the Worker: it belongs to the command line or to a build`);
  return raw > RAW_BYTES_MAX || gzip > GZIP_BYTES_MAX || foreign.length > 0 ? 1 : 0;
}

/** Bytes in the bundle by source file. */
function inputsOf(): ReadonlyMap<string, number> {
  // esbuild's own format (esbuild.github.io/api/#metafile).
  const { outputs }: Meta = JSON.parse(readFileSync(join(directory, "bundle-meta.json"), "utf8"));
  return new Map(Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const)));
}

function printParts(inputs: ReadonlyMap<string, number>): void {
  const parts = new Map<string, number>();
  for (const [path, bytes] of inputs) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split("/").slice(0, 2).join("/");
    parts.set(name, (parts.get(name) ?? 0) + bytes);
  }
  for (const [name, bytes] of [...parts].toSorted(([, a], [, b]) => b - a)) console.log(`${String(bytes).padStart(9)}  ${name}`);
}
