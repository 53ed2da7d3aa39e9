/**
 * The `object_storage` extension, Sluice's own: keeps dead letters as objects, in a directory, in an R2
 * bucket, or behind S3's API. `dead_letters.storage` names it. Several gateways may share one place, and
 * `sluice dead-letters` works on it while they run.
 */
import * as z from "zod";
import { SluiceError } from "../base/errors.ts";
import type { Host } from "../base/host.ts";
import { isObjectName, type ObjectPlace, type ObjectStore, objectsUnder } from "../base/objects.ts";
import { queueComplaints } from "../delivery/dead-letters/settings.ts";
import { defineExtension, type Extension, type ExtensionContext } from "../pipeline/extension.ts";

const PREFIX_CHARACTERS_MAX = 128;
/** Also of those that S3 does not make any more, and of other servers. */
const BUCKET = /^[A-Za-z0-9][\w.-]{1,254}$/;

const ORIGIN = /^https?:\/\/[^\s/?#@]+\/?$/;

const endpoint = z.string().refine(isOrigin, {
  error: "must be a scheme, a host and a port at the most, for example https://<account>.r2.cloudflarestorage.com; the bucket has a key of its own",
});

const s3 = z.strictObject({
  endpoint: endpoint.describe("URL of the server, without the bucket."),
  bucket: z.string().regex(BUCKET, { error: "letters, digits, dots, hyphens and underscores" }).describe("Name of the bucket, which must exist."),
  region: z.string().min(1).default("auto").describe("Region of the bucket; R2 has only `auto`."),
  // A Worker that takes its binding has no such variables.
  access_key_id: z.string().nullish().describe("Id of the access key. Needed where `s3` is used, so not on Workers."),
  secret_access_key: z.string().nullish().describe("The access key itself: take it from a variable. Needed like its id."),
});

const schema = z
  .strictObject({
    directory: z.string().min(1).optional().describe("Directory of the files, which must exist. On Node, Bun and Deno."),
    binding: z.string().min(1).optional().describe("Name of the R2 bucket's binding in wrangler.toml. On Workers."),
    s3: s3.optional().describe("A bucket behind S3's API. On Node, Bun and Deno; with `binding`, the same bucket from elsewhere."),
    prefix: z
      .string()
      .max(PREFIX_CHARACTERS_MAX)
      .refine((text) => text === "" || isObjectName(text), { error: "parts of letters, digits, - _ and ., with a slash between them" })
      .default("")
      .describe("What names of objects in a bucket begin with, a slash follows."),
  })
  .superRefine(({ binding, directory, prefix, s3: bucket }, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    const buckets = binding !== undefined || bucket !== undefined;
    if (directory === undefined && !buckets) wrong([], "needs a place: directory, binding or s3");
    if (directory !== undefined && buckets) wrong(["directory"], `stands alone: leave ${binding === undefined ? "s3" : "binding"} out`);
    for (const key of binding === undefined && bucket !== undefined ? missingIn(bucket) : []) wrong(["s3", key], "is needed");
    if (directory !== undefined && prefix !== "") wrong(["prefix"], "is for buckets: name another directory");
  });

type Config = z.output<typeof schema>;

/** The `object_storage` extension. */
export const objectStorage = defineExtension<Config>({
  id: "object_storage",
  summary: "Keeps dead letters as files, in R2, or behind S3's API.",
  stores: true,
  inWorker: true,
  checkExporter: queueComplaints,
  schema,
  create: (config, context) => new ObjectStorage(config, context),
});

class ObjectStorage implements Extension {
  readonly #open: () => Promise<ObjectStore>;
  readonly #prefix: string;
  readonly #id: string;
  readonly #opened = Promise.withResolvers<ObjectStore>();

  constructor(config: Config, { host, id }: ExtensionContext) {
    this.#open = openerOf(config, host, id);
    this.#prefix = config.prefix;
    this.#id = id;
    // Whoever asked hears of it; where nobody did, the start has failed by it.
    this.#opened.promise.catch(() => {});
  }

  objects(): Promise<ObjectStore> {
    return this.#opened.promise;
  }

  async start(): Promise<void> {
    try {
      this.#opened.resolve(objectsUnder(this.#prefix, await this.#open()));
    } catch (thrown) {
      const error = this.#placed(thrown);
      this.#opened.reject(error);
      throw error;
    }
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** With the place in the configuration that it is about. */
  #placed(error: unknown): unknown {
    if (!(error instanceof SluiceError)) return error;
    const { code, cure, message, retryable } = error;
    return new SluiceError(code, message, { path: `extensions.${this.#id}`, retryable, cause: error, ...(cure === undefined ? {} : { cure }) });
  }
}

/** What of it this runtime has. Throws `config` where that is nothing. */
function openerOf(config: Config, host: Host, id: string): () => Promise<ObjectStore> {
  const { binding, directory } = config;
  const refused = (state: string, cure: string) => new SluiceError("config", `Cannot use extension "${id}" ${state}`, { path: `extensions.${id}`, cure });
  if (host.boundObjects !== undefined) {
    if (binding === undefined) {
      const state = directory === undefined ? "a bucket is bound there" : "there are no files";
      throw refused(`on Workers: ${state}`, "Bind an R2 bucket in wrangler.toml, and name the binding, for example binding: SLUICE_DEAD_LETTERS");
    }
    const bound = host.boundObjects(binding);
    return () => Promise.resolve(bound);
  }
  for (const key of config.s3 === undefined ? [] : missingIn(config.s3)) {
    throw refused(`here: s3.${key} is empty`, "Set it, and the variable that it is taken from: only a Worker has a binding in place of it");
  }
  const place = placeOf(config);
  const open = host.openObjects?.bind(host);
  if (place !== undefined && open !== undefined) return () => open(place);
  throw refused(
    "here: a binding is there on Workers alone",
    "Give it s3, by which the same bucket is reached from elsewhere, or directory in place of binding",
  );
}

function missingIn(bucket: z.output<typeof s3>): ("access_key_id" | "secret_access_key")[] {
  return (["access_key_id", "secret_access_key"] as const).filter((key) => (bucket[key] ?? "") === "");
}

function placeOf({ directory, s3: bucket }: Config): ObjectPlace | undefined {
  if (directory !== undefined) return { kind: "directory", directory };
  if (bucket === undefined) return undefined;
  const { access_key_id: accessKeyId, bucket: name, endpoint: url, region, secret_access_key: secretAccessKey } = bucket;
  return { kind: "s3", endpoint: url.replace(/\/$/, ""), bucket: name, region, accessKeyId: accessKeyId ?? "", secretAccessKey: secretAccessKey ?? "" };
}

function isOrigin(text: string): boolean {
  return ORIGIN.test(text) && URL.canParse(text);
}
