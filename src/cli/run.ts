/** `sluice run`: a gateway from a configuration, until a signal ends it. */
import { Command } from "commander";
import { SluiceError } from "../base/errors.ts";
import type { Logger } from "../base/host.ts";
import { VERSION } from "../base/version.ts";
import type { Plan } from "../config/plan.ts";
import type { RunningGateway } from "../runtimes/node/gateway.ts";
import { type Configuration, type ConfigOptions, EXIT, readConfiguration, withConfigOptions } from "./configuration.ts";
import { type MemoryOption, withMemoryOption } from "./memory-option.ts";
import { errorText, findingText, placeText } from "./report.ts";
import { painter } from "./terminal.ts";

/** What is still under way is cut when this has passed after a signal. */
const STOP_MS = 10_000;
/** And when even that has not ended it. */
const GRACE_MS = 2_000;
/** A value of so many characters is no word; nor is a shorter one with a digit in it. */
const SECRET_CHARACTERS = 20;
const SECRET_CHARACTERS_MIN = 8;

/** Told once the gateway listens; for `start`, which has more to say. */
export type Listening = (addresses: readonly { readonly component: string; readonly address: string }[]) => void;

export function runCommand(): Command {
  return withMemoryOption(withConfigOptions(new Command("run")))
    .description("run a gateway until SIGINT or SIGTERM")
    .action((options: ConfigOptions & MemoryOption) => run(options));
}

/** Runs until a signal, or until it fails, and sets the exit code. */
export async function run(options: ConfigOptions & MemoryOption, listening: Listening = () => {}): Promise<void> {
  const configuration = await readConfiguration(options);
  const { plan } = configuration;
  if (plan === undefined) {
    const paint = painter(process.stderr);
    for (const problem of configuration.problems) process.stderr.write(`${findingText(problem, "error", paint)}\n`);
    process.exitCode = EXIT.usage;
    return;
  }
  // Only who runs a gateway waits for its code to load.
  const { entryHere } = await import("../runtimes/here.ts");
  const runtime = await entryHere();
  const { hideKnown, nodeLogger } = await import("../runtimes/node/logger.ts");
  const log = plan.logFormat ?? "text";
  const level = plan.logLevel ?? "info";
  const secrets = secretsOf(plan);
  const writeLog = (line: string) => void process.stderr.write(hideKnown(line, secrets));
  const logger = nodeLogger({ format: log, level, write: writeLog, nowMs: Date.now });
  announce(configuration, plan, logger);
  const signal = firstSignal();
  const fail = (error: unknown) => {
    process.stderr.write(errorText(error, painter(process.stderr), (path) => configuration.whereOf(path)));
    return error instanceof SluiceError && error.code === "config" ? EXIT.usage : EXIT.failed;
  };
  let gateway: RunningGateway;
  try {
    gateway = await runtime.runGateway(plan, { log, level, memoryBytes: options.memory, telemetry: plan.telemetry, secrets, writeLog });
  } catch (error) {
    process.exit(fail(error));
  }
  // Receivers first: whoever reads the first line wants to know where to send to.
  for (const { component, address } of [...gateway.addresses, ...gateway.telemetry]) logger.log("info", "Listening", { component, address });
  logger.log("info", "Sluice is ready", { version: VERSION, runtime: gateway.host.runtime, pipelines: plan.pipelines.map(({ id }) => id).join(" ") });
  listening(gateway.addresses);
  let code: number = EXIT.ok;
  try {
    const name = await Promise.race([signal, gateway.failed]);
    logger.log("info", "Stopping: what is under way may end", { signal: name, deadline_ms: STOP_MS });
  } catch (error) {
    code = fail(error);
  }
  await stop(gateway, logger);
  process.exit(code);
}

async function stop(gateway: RunningGateway, logger: Logger): Promise<void> {
  // Not `unref`: nothing else keeps the process alive while what is under way only sleeps.
  setTimeout(() => {
    logger.log("error", "Stopping took too long: ended in the middle of it");
    process.exit(EXIT.failed);
  }, STOP_MS + GRACE_MS);
  await gateway.stop(STOP_MS);
  logger.log("info", "Stopped");
}

/** Warnings, and the queues that answer before a destination has the data (law 1). */
function announce({ warnings }: Configuration, { memoryQueues }: Plan, logger: Logger): void {
  for (const { message, cure, where } of warnings) {
    logger.log("warn", message, { ...(where === undefined ? {} : { at: placeText(where) }), ...(cure === undefined ? {} : { cure }) });
  }
  for (const { path, bound, inForce, cure } of memoryQueues) {
    if (inForce)
      logger.log("warn", "Memory queue: answers before the destination has the data", { queue: path, bound, cure: cure ?? `give ${path} a storage` });
  }
}

/** Values of headers and access keys in the settings: back ends like to repeat what they were sent, and such a message must not be logged whole. */
function secretsOf({ receivers, processors, exporters, connectors, extensions, telemetry }: Plan): readonly string[] {
  const found = new Set<string>();
  for (const { config } of [...receivers, ...processors, ...exporters, ...connectors, ...extensions]) collectHeaders(config, found);
  collectHeaders(telemetry, found);
  // The longest first: one may be part of another.
  return [...found].filter(isSecret).toSorted((a, b) => b.length - a.length);
}

/** Each value below a key `headers`, `headers_list` or `secret_access_key`, and its parts: a scheme, a name and what belongs to it. */
function collectHeaders(settings: unknown, found: Set<string>, inside = false): void {
  if (inside && typeof settings === "string") for (const secret of [settings, ...settings.split(/[\s,=]+/)]) found.add(secret);
  if (typeof settings !== "object" || settings === null) return;
  for (const [key, value] of Object.entries(settings)) collectHeaders(value, found, inside || /^(?:headers(?:_list)?|secret_access_key)$/.test(key));
}

/** Not a word that may stand in any line: long, or with a digit in it. */
function isSecret(text: string): boolean {
  return text.length >= SECRET_CHARACTERS || (text.length >= SECRET_CHARACTERS_MIN && /\d/.test(text));
}

/** The first SIGINT or SIGTERM; a second one ends the process at once. */
function firstSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let seen = false;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (seen) process.exit(EXIT.failed);
      seen = true;
      resolve(name);
    });
  }
  return promise;
}
