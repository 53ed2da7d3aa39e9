/** Small definitions and sources for the tests of src/config: no files, no environment, no runtime. */
import { z } from "zod";
import { loadConfig, type Loaded } from "../../src/config/load.ts";
import type { Finding } from "../../src/config/plan.ts";
import type { Providers } from "../../src/config/expand.ts";
import type { Registry } from "../../src/config/registry.ts";
import { type Validated, validateLoaded } from "../../src/config/validate.ts";
import { defineExporter, defineProcessor, defineReceiver } from "../../src/pipeline/component.ts";
import { defineExtension } from "../../src/pipeline/extension.ts";
import { duration, headers } from "../../src/pipeline/settings.ts";
import { SluiceError } from "../../src/base/errors.ts";

function notBuilt(): never {
  throw new SluiceError("internal", "Cannot build a component: tests of the configuration do not");
}

const http = z.strictObject({
  endpoint: z.string().default("localhost:4318").describe("Address."),
  tls: z.strictObject({ cert_file: z.string().optional() }).nullish(),
});

export const registry: Registry = [
  defineReceiver({
    id: "otlp",
    signals: ["traces", "metrics", "logs"],
    summary: "A receiver.",
    schema: z.strictObject({ protocols: z.strictObject({ grpc: z.looseObject({}).nullish(), http: http.nullish() }) }),
    notInForce: { "protocols.grpc": "no gRPC yet" },
    create: notBuilt,
  }),
  defineProcessor({
    id: "probabilistic_sampler",
    signals: ["traces", "logs"],
    summary: "A processor.",
    schema: z.strictObject({ sampling_percentage: z.number().min(0).max(100).default(0), mode: z.enum(["hash_seed", "proportional"]).default("hash_seed") }),
    create: notBuilt,
  }),
  defineProcessor({
    id: "resource",
    signals: ["traces", "metrics", "logs"],
    summary: "A processor.",
    schema: z.strictObject({
      attributes: z.array(z.strictObject({ key: z.string(), value: z.union([z.string(), z.number(), z.boolean()]).optional() })).min(1),
    }),
    create: notBuilt,
  }),
  defineExporter({
    id: "otlp_http",
    aliases: ["otlphttp"],
    signals: ["traces", "metrics", "logs"],
    summary: "An exporter.",
    schema: z.strictObject({
      endpoint: z.string().describe("Where to."),
      timeout: duration().prefault("30s").describe("How long."),
      compression: z.enum(["gzip", "none"]).default("gzip"),
      headers: headers().default({}),
      retries: z.number().int().default(3),
      sending_queue: z.looseObject({}).nullish(),
      storage: z.string().optional(),
    }),
    notInForce: { sending_queue: "no queue yet" },
    storages: ({ storage }) => (storage === undefined ? [] : [storage]),
    create: notBuilt,
  }),
  defineExporter({
    id: "debug",
    signals: ["traces", "metrics", "logs"],
    summary: "An exporter.",
    schema: z.strictObject({ verbosity: z.enum(["basic", "detailed"]).default("basic") }),
    create: notBuilt,
  }),
  defineExtension({
    id: "file_storage",
    summary: "An extension.",
    stores: true,
    schema: z.strictObject({ directory: z.string().default("/var"), timeout: duration().prefault("1s") }),
    create: notBuilt,
  }),
  defineExtension({ id: "door", summary: "An extension.", schema: z.strictObject({}), create: notBuilt }),
];

export interface World {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

export function providers({ env = {}, files = {} }: World = {}): Providers {
  return {
    env: (name) => (Object.hasOwn(env, name) ? env[name] : undefined),
    readFile: (path) => {
      const text = Object.hasOwn(files, path) ? files[path] : undefined;
      return text === undefined ? Promise.reject(new SluiceError("config", "there is no such file")) : Promise.resolve(text);
    },
  };
}

/** Loads files by name, in the order of `files`. */
export function load(files: Readonly<Record<string, string>>, world: World = {}, sets: readonly string[] = []): Promise<Loaded> {
  return loadConfig({ configs: Object.keys(files), sets }, providers({ ...world, files: { ...world.files, ...files } }));
}

export async function validate(text: string, world: World = {}): Promise<Validated & { readonly loaded: Loaded }> {
  const loaded = await load({ "c.yaml": text }, world);
  return { ...validateLoaded(loaded, registry), loaded };
}

/** `3:5 message => cure`. */
export function shown({ where, message, cure }: Finding): string {
  return `${where === undefined ? "-" : `${where.line}:${where.column}`} ${message}${cure === undefined ? "" : ` => ${cure}`}`;
}

/** A configuration with nothing wrong: line 1 is `receivers:`. */
export const GOOD = `receivers:
  otlp:
    protocols:
      http:
processors:
  probabilistic_sampler:
    sampling_percentage: 25
exporters:
  otlp_http/vendor:
    endpoint: https://vendor.example
service:
  pipelines:
    traces:
      receivers: [otlp]
      processors: [probabilistic_sampler]
      exporters: [otlp_http/vendor]
`;
