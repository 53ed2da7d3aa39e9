/**
 * A Worker in a directory of its own, bundled once: `wrangler dev` would otherwise watch the sources, and
 * a file that changes there ends requests in the middle. Bindings stand apart from the bundle; only we
 * may read the files.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "./bundled.ts";

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

export interface WorkerFiles {
  readonly texts: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** Bindings of queues, of which the Worker is the consumer, too. */
  readonly queues?: readonly string[] | undefined;
  /** Bindings of R2 buckets. */
  readonly buckets?: readonly string[] | undefined;
  /** A folder for what Durable Objects and buckets keep; undefined: it ends with the Worker. */
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
export async function buildWorker({ texts, variables, queues = [], buckets = [], persist }: WorkerFiles): Promise<BuiltWorker> {
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
  const bindings = {
    vars: variables,
    ...(queues.length === 0 ? {} : { queues: queuesOf(queues) }),
    ...(buckets.length === 0 ? {} : { r2_buckets: buckets.map((binding) => ({ binding, bucket_name: `sluice-${nameOf(binding)}-objects` })) }),
  };
  file("dev.json", JSON.stringify({ ...common, ...bindings, main: "built/worker.js", no_bundle: true, find_additional_modules: true, base_dir: "built" }));
  const env = { ...process.env, ...quiet(directory) };
  try {
    await bundleWorker({ directory, settings: common, texts, wrangler: WRANGLER, env });
  } catch (error) {
    clear();
    throw error;
  }
  const kept = persist === undefined ? [] : ["--persist-to", resolve(persist)];
  return { directory, command: [WRANGLER, "dev", "--config", "dev.json", "--local", ...kept], env, clear };
}

/** One for each binding. What waits is handed out at once. */
function queuesOf(bindings: readonly string[]) {
  const named = bindings.map((binding) => ({ binding, queue: nameOf(binding) }));
  return { producers: named, consumers: named.map(({ queue }) => ({ queue, max_batch_timeout: 0, max_retries: 100 })) };
}

function nameOf(binding: string): string {
  return binding.toLowerCase().replaceAll("_", "-");
}

/** Offline, without questions, colours or telemetry. */
function quiet(directory: string): Record<string, string> {
  return {
    CI: "1",
    // wrangler itself is some megabytes of code.
    NODE_COMPILE_CACHE: join(ROOT, "node_modules", ".cache", "sluice"),
    NO_COLOR: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: directory,
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
  };
}
