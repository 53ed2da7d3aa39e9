/**
 * A Worker in a directory of its own, bundled once: `wrangler dev` would otherwise watch the sources, and
 * a file that changes there ends requests in the middle. Bindings stand apart from the bundle; only we
 * may read the files.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { messageOf, SluiceError } from "../../src/base/errors.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
/** Keep in step with wrangler.toml: a test compares them. */
export const COMPATIBILITY_DATE = "2026-11-02";
export const COMPATIBILITY_FLAGS = ["nodejs_compat", "no_brotli_content_encoding"] as const;
/** The same for the objects. */
export const OBJECTS = {
  durable_objects: { bindings: [{ name: "SLUICE", class_name: "SluiceObject" }] },
  migrations: [{ tag: "v1", new_sqlite_classes: ["SluiceObject"] }],
} as const;
const BUILD_MS = 60_000;

export interface WorkerFiles {
  readonly texts: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** A folder for what Durable Objects keep; undefined: it ends with the Worker. */
  readonly persist?: string | undefined;
}

/** A Worker that is ready to be run. */
export interface BuiltWorker {
  readonly directory: string;
  /** For `wrangler dev`, before its own options. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clear: () => void;
}

/** Writes and bundles it. Rejects with `internal` and what wrangler said. */
export async function buildWorker({ texts, variables, persist }: WorkerFiles): Promise<BuiltWorker> {
  const directory = mkdtempSync(join(tmpdir(), "sluice-workers-"));
  const clear = () => rmSync(directory, { recursive: true, force: true });
  const file = (name: string, text: string) => writeFileSync(join(directory, name), text, { mode: 0o600 });
  const common = {
    name: "sluice",
    compatibility_date: COMPATIBILITY_DATE,
    compatibility_flags: COMPATIBILITY_FLAGS,
    ...OBJECTS,
    rules: [{ type: "Text", globs: ["**/*.yaml"], fallthrough: true }],
    send_metrics: false,
  };
  texts.forEach((text, index) => file(`${index}.yaml`, text));
  file("worker.ts", entry(texts.length));
  file("build.json", JSON.stringify({ ...common, main: "worker.ts" }));
  file("dev.json", JSON.stringify({ ...common, main: "built/worker.js", no_bundle: true, find_additional_modules: true, base_dir: "built", vars: variables }));
  const env = { ...process.env, ...quiet(directory) };
  const build = [WRANGLER, "deploy", "--dry-run", "--config", "build.json", "--outdir", "built"];
  try {
    await promisify(execFile)(process.execPath, build, { cwd: directory, env, timeout: BUILD_MS });
  } catch (error) {
    clear();
    throw new SluiceError("internal", "Cannot build the Worker: wrangler failed", { cure: messageOf(error), cause: error });
  }
  const kept = persist === undefined ? [] : ["--persist-to", resolve(persist)];
  return { directory, command: [WRANGLER, "dev", "--config", "dev.json", "--local", ...kept], env, clear };
}

function entry(texts: number): string {
  const names = Array.from({ length: texts }, (_, index) => `text${index}`);
  const imports = names.map((name, index) => `import ${name} from "./${index}.yaml";\n`).join("");
  const gateway = JSON.stringify(join(ROOT, "src", "runtimes", "workers.ts"));
  const config = `[${names.join(", ")}]`;
  return `import { gateway, gatewayObject } from ${gateway};\n${imports}export const SluiceObject = gatewayObject(${config});\nexport default gateway(${config});\n`;
}

/** Offline, without questions, colours or telemetry. */
function quiet(directory: string): Record<string, string> {
  return {
    CI: "1",
    NO_COLOR: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: directory,
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
  };
}
