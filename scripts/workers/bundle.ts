/**
 * A configuration as the Worker gets it: texts to bundle, variables to bind, and the address that it
 * names. Everything that would stop the Worker is found here first, in the words of `sluice validate`.
 */
import { readFileSync } from "node:fs";
import { SluiceError } from "../../src/base/errors.ts";
import type { PlatformQueue } from "../../src/base/broker.ts";
import type { ListenOptions } from "../../src/base/host.ts";
import type { ObjectStore } from "../../src/base/objects.ts";
import { type ConfigOptions, readConfiguration } from "../../src/cli/configuration.ts";
import { errorText, findingText } from "../../src/cli/report.ts";
import type { Paint } from "../../src/cli/terminal.ts";
import type { Plan } from "../../src/config/plan.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Gateway } from "../../src/pipeline/gateway.ts";
import { workersEngine, workersHost } from "../../src/runtimes/workers/host.ts";
import { doorPlan, needsObject } from "../../src/runtimes/workers/placing.ts";

export interface Bundle {
  /** YAML, later ones merged over earlier ones. */
  readonly texts: readonly string[];
  /** What `${env:NAME}` reads, as far as it is set here. */
  readonly variables: Readonly<Record<string, string>>;
  /** Bindings of queues, and of buckets. */
  readonly queues: readonly string[];
  readonly buckets: readonly string[];
  readonly plan: Plan;
  readonly address: ListenOptions;
}

/** The bundle, or what is wrong as text. */
export async function readBundle(options: ConfigOptions, paint: Paint): Promise<Bundle | string> {
  const configuration = await readConfiguration(options);
  const { plan, problems, warnings } = configuration;
  if (plan === undefined) return problems.map((problem) => `${findingText(problem, "error", paint)}\n`).join("");
  for (const warning of warnings) process.stderr.write(findingText(warning, "warning", paint));
  try {
    const texts = [...options.config.map(textOf), ...options.set.map(setText)];
    return { texts, variables: variablesOf(texts), plan, ...(await checkOnWorkers(plan)) };
  } catch (error) {
    return errorText(error, paint, (path) => configuration.whereOf(path));
  }
}

/** Builds the gateway on a host like the Worker's, and gives where its receiver would listen, and the queues and buckets that it asked for. */
async function checkOnWorkers(plan: Plan): Promise<Pick<Bundle, "address" | "queues" | "buckets">> {
  const kernel = new WebAssembly.Module(new Uint8Array(readFileSync(new URL("../../src/kernel/kernel.wasm", import.meta.url))));
  const engine = workersEngine(kernel);
  const queues = new Set<string>();
  const buckets = new Set<string>();
  const host = {
    ...workersHost(engine, "error", () => {}),
    platformQueue: (name: string) => unbound(queues.add(name)),
    boundObjects: (name: string) => noObjects(buckets.add(name)),
  };
  const runs = needsObject(plan, engine, host) ? doorPlan(plan) : plan;
  const gateway = await Gateway.start({ plan: runs, host, engine, counters: new Counters() });
  const { options } = host.server;
  await gateway.stop(0);
  if (options === undefined) {
    throw new SluiceError("config", "Cannot serve requests: no receiver takes them over HTTP", { cure: "Give an otlp receiver protocols: {http: }" });
  }
  return { address: options, queues: [...queues], buckets: [...buckets] };
}

/** It is only said that there will be a queue. */
function unbound(_names: ReadonlySet<string>): PlatformQueue {
  return { messageBytesMax: 0, messageCure: "", send: sendNothing, onMessage: () => {} };
}

/** The same of a bucket. */
function noObjects(_names: ReadonlySet<string>): ObjectStore {
  return {
    put: askNothing,
    get: askNothing,
    async *list() {
      yield await askNothing();
      return undefined;
    },
    delete: askNothing,
  };
}

function sendNothing(): Promise<never> {
  return Promise.reject(new SluiceError("internal", "Cannot send to a queue outside of a Worker"));
}

function askNothing(): Promise<never> {
  return Promise.reject(new SluiceError("internal", "Cannot use a bucket outside of a Worker"));
}

/** The text of a source that `readConfiguration` could read. */
function textOf(location: string): string {
  const [, scheme, rest = ""] = /^(yaml|env|file):(.*)$/s.exec(location) ?? [undefined, "file", location];
  const text = scheme === "yaml" ? rest : scheme === "env" ? (process.env[rest] ?? "") : readFileSync(rest, "utf8");
  const file = /\$\{file:[^}]*\}/.exec(text.replaceAll("$$", "  "));
  if (file === null) return text;
  throw new SluiceError("config", `Cannot use "${file[0]}" on Workers: there are no files`, {
    cure: "Write the value into the configuration, or make it a binding: ${env:NAME}",
  });
}

/** `--set a.b=c` as a YAML text that is merged over the others. */
function setText(set: string): string {
  const split = set.indexOf("=");
  const key = set.slice(0, split).trim().replaceAll(".", "::");
  return `${JSON.stringify(key)}: ${set.slice(split + 1)}\n`;
}

/** Names that the texts speak of, and the values of those that are set. A name too many is bound, and never read. */
function variablesOf(texts: readonly string[]): Record<string, string> {
  const names = new Set(texts.flatMap((text) => [...text.matchAll(/\$\{(?:env:)?([a-zA-Z_]\w*)/g)].map((match) => match[1] ?? "")));
  const set = [...names].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(set);
}
