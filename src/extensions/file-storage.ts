/**
 * The `file_storage` extension: where components keep what must survive the process, under the
 * Collector's keys (contrib 0.159). The file is an SQLite database of one table (docs/storage.md), one
 * an extension; the Collector has one of bbolt's a component, and neither reads the other's.
 */
import * as z from "zod";
import { SluiceError } from "../base/errors.ts";
import type { Host, OpenStorageOptions, Storage } from "../base/host.ts";
import { defineExtension, type Extension, type ExtensionContext } from "../pipeline/extension.ts";
import { duration } from "../pipeline/settings.ts";

/** The Collector's. */
const DIRECTORY = "/var/lib/otelcol/file_storage";
const PERMISSIONS_MAX = 0o777;
/** A file of fewer holds nothing. */
const BYTES_MIN = 1 << 20;

/** Octal digits. Without quotes YAML makes another number of them, an error in the Collector, too. */
const permissions = z.string({ error: 'write it in quotes, in octal digits: "0750"' }).transform((text, context) => {
  const bits = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Infinity;
  if (bits <= PERMISSIONS_MAX) return bits;
  context.issues.push({ code: "custom", input: text, message: `"${text}" is no permission in octal digits: write it like "0750"` });
  return z.NEVER;
});

const compaction = z.strictObject({
  on_start: z.boolean().default(false).describe("Not in force: room is given back while it runs."),
  on_rebound: z.boolean().default(false).describe("Not in force: room is given back while it runs."),
  directory: z.string().optional().describe("Not in force: nothing is copied."),
  rebound_needed_threshold_mib: z.number().int().optional().describe("Not in force."),
  rebound_trigger_threshold_mib: z.number().int().optional().describe("Not in force."),
  max_transaction_size: z.number().int().min(0).optional().describe("Not in force."),
  check_interval: duration().optional().describe("Not in force."),
  cleanup_on_start: z.boolean().default(false).describe("Not in force: there are no temporary files."),
});

const schema = z.strictObject({
  directory: z.string().min(1).default(DIRECTORY).describe("Directory of the file. It must exist, unless `create_directory` is true."),
  create_directory: z.boolean().default(false).describe("Make the directory where it is missing."),
  directory_permissions: permissions.prefault("0750").describe("Permissions of a directory that is made, octal, minus the process's umask."),
  timeout: duration().prefault("1s").describe("How long another process that has the file may take to let go of it."),
  fsync: z
    .boolean()
    .default(false)
    .describe("Acknowledge only what would survive a power cut. False: what survives the end of the process, and a power cut may cost the latest."),
  max_size: z
    .number()
    .int()
    .min(0)
    .default(0)
    .refine((bytes) => bytes === 0 || bytes >= BYTES_MIN, { error: `must be 0 or at least ${BYTES_MIN}` })
    .describe("Bytes that the file may have; what would not fit is refused. 0: no limit but the disk's."),
  recreate: z.boolean().default(false).describe("Put a damaged file aside, as `<file>.<time>.backup`, and begin with an empty one. False: it is an error."),
  compaction: compaction.nullish().describe("How the Collector gives room back. Accepted, and not needed."),
});

type Config = z.output<typeof schema>;

/** The `file_storage` extension. */
export const fileStorage = defineExtension<Config>({
  id: "file_storage",
  summary: "Keeps what components store in a file.",
  stores: true,
  schema,
  notInForce: {
    "compaction.on_start": "room is given back while it runs, in small steps",
    "compaction.on_rebound": "room is given back while it runs, in small steps",
    "compaction.cleanup_on_start": "there are no temporary files",
  },
  create: (config, context) => new FileStorage(config, context),
});

class FileStorage implements Extension {
  readonly #id: string;
  readonly #options: OpenStorageOptions;
  readonly #open: NonNullable<Host["openStorage"]>;
  readonly #opened = Promise.withResolvers<Storage>();
  #storage: Storage | undefined;

  constructor(config: Config, { id, host }: ExtensionContext) {
    const open = host.openStorage?.bind(host);
    if (open === undefined) {
      const cure = "Take it out of service.extensions, or run Sluice on Node, Bun or Deno";
      throw new SluiceError("config", `Cannot use extension "${id}" on Workers: there are no files`, { path: `extensions.${id}`, cure });
    }
    this.#id = id;
    this.#open = open;
    this.#options = {
      name: fileName(id),
      directory: config.directory,
      create: config.create_directory,
      permissions: config.directory_permissions,
      fsync: config.fsync,
      timeoutMs: config.timeout,
      bytesMax: config.max_size,
      recreate: config.recreate,
    };
    // Whoever asked hears of it; where nobody did, the start has failed by it.
    this.#opened.promise.catch(() => {});
  }

  storage(): Promise<Storage> {
    return this.#opened.promise;
  }

  async start(): Promise<void> {
    try {
      this.#storage = await this.#open(this.#options);
      this.#opened.resolve(this.#storage);
    } catch (thrown) {
      const error = this.#placed(thrown);
      this.#opened.reject(error);
      throw error;
    }
  }

  /** With the place in the configuration that it is about. */
  #placed(error: unknown): unknown {
    if (!(error instanceof SluiceError) || error.code !== "storage") return error;
    const { message, retryable, cure } = error;
    return new SluiceError("storage", message, { path: `extensions.${this.#id}`, retryable, cause: error, ...(cure === undefined ? {} : { cure }) });
  }

  /** What was committed before is kept: the deadline does not cut it short. */
  async stop(): Promise<void> {
    await this.#storage?.close();
  }
}

/** The id as a file name: what is neither letter, digit, dot, hyphen nor underscore as `~` and its code in hex, as the Collector writes it. */
function fileName(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9._-]/gu, (character) => `~${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
}
