/**
 * The built-in components: one line each, receivers, processors, connectors, exporters, extensions. A component's
 * code is loaded when a configuration names it: most gateways use five, and OTTL alone is a third of all
 * code, which a start would otherwise wait for.
 */
import type { Loaded } from "./load.ts";
import type { AnyComponent } from "./plan.ts";
import { type Validated, validateLoaded } from "./validate.ts";

/** What is known of a component before it is loaded. */
export interface Listed {
  readonly kind: AnyComponent["kind"];
  readonly id: string;
  readonly aliases?: readonly string[];
}

/** Definitions that a configuration is validated with. */
export type Registry = readonly AnyComponent[];

interface Entry extends Listed {
  load(): Promise<AnyComponent>;
}

/** All built-in components, in the order in which they are listed for people. */
export const COMPONENTS: readonly Entry[] = [
  receiver("otlp", [], async () => (await import("../receivers/otlp.ts")).otlp),
  processor("batch", [], async () => (await import("../processors/batch.ts")).batch),
  processor("probabilistic_sampler", [], async () => (await import("../processors/probabilistic-sampler.ts")).probabilisticSampler),
  processor("resource", [], async () => (await import("../processors/resource.ts")).resource),
  processor("cumulative_to_delta", ["cumulativetodelta"], async () => (await import("../processors/cumulative-to-delta.ts")).cumulativeToDelta),
  processor("delta_to_rate", ["deltatorate"], async () => (await import("../processors/delta-to-rate.ts")).deltaToRate),
  processor("groupbyattrs", [], async () => (await import("../processors/groupbyattrs.ts")).groupByAttrs),
  processor("interval", [], async () => (await import("../processors/interval.ts")).interval),
  processor("log_dedup", ["logdedup"], async () => (await import("../processors/log-dedup.ts")).logDedup),
  processor("memory_limiter", [], async () => (await import("../processors/memory-limiter.ts")).memoryLimiter),
  processor("metrics_transform", ["metricstransform"], async () => (await import("../processors/metrics-transform.ts")).metricsTransform),
  processor("rate_limiting_sampler", [], async () => (await import("../processors/rate-limiting-sampler.ts")).rateLimitingSampler),
  processor("attributes", [], async () => (await import("../processors/attributes.ts")).attributes),
  processor("span", [], async () => (await import("../processors/span.ts")).span),
  processor("redaction", [], async () => (await import("../processors/redaction.ts")).redaction),
  processor("filter", [], async () => (await import("../processors/filter.ts")).filter),
  processor("transform", [], async () => (await import("../processors/transform.ts")).transform),
  connector("forward", async () => (await import("../connectors/forward.ts")).forward),
  connector("count", async () => (await import("../connectors/count.ts")).count),
  connector("failover", async () => (await import("../connectors/failover.ts")).failover),
  connector("routing", async () => (await import("../connectors/routing.ts")).routing),
  exporter("otlp_http", ["otlphttp"], async () => (await import("../exporters/otlp-http.ts")).otlpHttp),
  exporter("debug", [], async () => (await import("../exporters/debug.ts")).debug),
  exporter("console", [], async () => (await import("../exporters/console.ts")).consoleExporter),
  extension("file_storage", async () => (await import("../extensions/file-storage.ts")).fileStorage),
  extension("object_storage", async () => (await import("../extensions/object-storage.ts")).objectStorage),
  extension("cloudflare_queue", async () => (await import("../extensions/cloudflare-queue.ts")).cloudflareQueue),
  extension("nats_jetstream", async () => (await import("../extensions/nats-jetstream.ts")).natsJetStream),
  extension("health_check", async () => (await import("../extensions/health-check.ts")).healthCheck),
];

/** Every built-in component's definition. */
export function allComponents(): Promise<Registry> {
  return Promise.all(COMPONENTS.map((entry) => entry.load()));
}

/** Judges a configuration by the built-in components, of which only those that it names are loaded. Never rejects for what it says. */
export async function validateBuiltIn(loaded: Loaded): Promise<Validated> {
  const named = COMPONENTS.filter((entry) => isNamed(entry, loaded));
  return validateLoaded(loaded, await Promise.all(named.map((entry) => entry.load())), COMPONENTS);
}

function isNamed({ kind, id, aliases = [] }: Listed, { root }: Loaded): boolean {
  const section = root.entries.get(`${kind}s`)?.value;
  if (section?.kind !== "map") return false;
  return [...section.entries.keys()].some((name) => [id, ...aliases].includes(name.split("/", 1)[0]?.trim() ?? ""));
}

type Load = Entry["load"];

function receiver(id: string, aliases: readonly string[], load: Load): Entry {
  return { kind: "receiver", id, aliases, load };
}

function processor(id: string, aliases: readonly string[], load: Load): Entry {
  return { kind: "processor", id, aliases, load };
}

function connector(id: string, load: Load): Entry {
  return { kind: "connector", id, load };
}

function exporter(id: string, aliases: readonly string[], load: Load): Entry {
  return { kind: "exporter", id, aliases, load };
}

function extension(id: string, load: Load): Entry {
  return { kind: "extension", id, load };
}
