/**
 * The Worker's code, bundled by wrangler, and kept in node_modules/.cache for as long as the sources and the
 * packages are the same: bundling takes longer than starting. Configurations are modules of their own beside
 * the code, and are never kept: they may hold secrets.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { messageOf, SluiceError } from "../../src/base/errors.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const KEPT = join(ROOT, "node_modules", ".cache", "sluice", "worker");
/** Somebody may be copying a younger one. */
const KEPT_MS = 60 * 60_000;
const BUILD_MS = 60_000;

export interface BundleParts {
  /** Where `built` is made; it is the caller's own. */
  readonly directory: string;
  /** wrangler's, without `main`. */
  readonly settings: object;
  /** YAML, each a module. */
  readonly texts: readonly string[];
  readonly wrangler: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Makes `built/worker.js` and what it loads. Rejects with `internal` and what wrangler said. */
export async function bundleWorker(parts: BundleParts): Promise<void> {
  const { directory, texts } = parts;
  const built = join(directory, "built");
  const kept = join(KEPT, keyOf(parts));
  if (!taken(kept, built)) {
    await bundle(parts);
    keep(built, kept);
  }
  for (const name of readdirSync(built)) {
    // wrangler puts a hash before the name of a module.
    const index = /-(\d+)\.yaml$/.exec(name)?.[1];
    if (index !== undefined) writeFileSync(join(built, name), texts[Number(index)] ?? "", { mode: 0o600 });
  }
}

/** With nothing in the configurations. */
async function bundle({ directory, env, settings, texts, wrangler }: BundleParts): Promise<void> {
  const file = (name: string, text: string) => writeFileSync(join(directory, name), text, { mode: 0o600 });
  for (const index of texts.keys()) file(`${index}.yaml`, "");
  file("worker.ts", entry(texts.length));
  file("build.json", JSON.stringify({ ...settings, main: "worker.ts" }));
  const command = [wrangler, "deploy", "--dry-run", "--config", "build.json", "--outdir", "built"];
  try {
    await promisify(execFile)(process.execPath, command, { cwd: directory, env, timeout: BUILD_MS });
  } catch (error) {
    throw new SluiceError("internal", "Cannot build the Worker: wrangler failed", { cure: messageOf(error), cause: error });
  }
}

function entry(texts: number): string {
  const names = Array.from({ length: texts }, (_, index) => `text${index}`);
  const imports = names.map((name, index) => `import ${name} from "./${index}.yaml";\n`).join("");
  const gateway = JSON.stringify(join(ROOT, "src", "runtimes", "workers.ts"));
  const config = `[${names.join(", ")}]`;
  return `import { gateway, gatewayObject } from ${gateway};\n${imports}export const SluiceObject = gatewayObject(${config});\nexport default gateway(${config});\n`;
}

/** Of everything that the bundle is made of. */
function keyOf({ settings, texts }: BundleParts): string {
  const hash = createHash("sha256").update(JSON.stringify([settings, texts.length]));
  for (const name of ["package-lock.json", ...globSync("src/**/*.{ts,wasm}", { cwd: ROOT }).toSorted()]) {
    hash.update(`\0${name}\0`).update(readFileSync(join(ROOT, name)));
  }
  return hash.digest("hex");
}

/** Whether there was one: it may go while it is copied, where another process keeps a newer one. */
function taken(kept: string, built: string): boolean {
  try {
    cpSync(kept, built, { recursive: true });
    return true;
  } catch {
    rmSync(built, { recursive: true, force: true });
    return false;
  }
}

/** It is a convenience: where it cannot be kept it is made again. */
function keep(built: string, kept: string): void {
  try {
    mkdirSync(KEPT, { recursive: true });
    for (const name of readdirSync(KEPT)) {
      if (Date.now() - statSync(join(KEPT, name)).mtimeMs > KEPT_MS) rmSync(join(KEPT, name), { recursive: true, force: true });
    }
    const copy = mkdtempSync(join(KEPT, "new-"));
    cpSync(built, copy, { recursive: true });
    renameSync(copy, kept);
  } catch {
    // A read-only disk, or another process was first.
  }
}
