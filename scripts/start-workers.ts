/**
 * `npm run start:workers -- --config FILE`: the gateway in workerd on this machine, through
 * `wrangler dev`, on the port that FILE names. Options, messages and exit codes are those of
 * `sluice start`. For deploying, see docs/workers.md.
 */
import { Command } from "commander";
import { VERSION } from "../src/base/version.ts";
import { type ConfigOptions, EXIT, withConfigOptions } from "../src/cli/configuration.ts";
import { errorText } from "../src/cli/report.ts";
import { painter } from "../src/cli/terminal.ts";
import { nodeLogger } from "../src/runtimes/node/logger.ts";
import { type Bundle, readBundle } from "./workers/bundle.ts";
import { freePort, hostOf, type RunningWorker, startWorker } from "./workers/wrangler.ts";

const EXAMPLE = "examples/quickstart.yaml";

interface WorkersOptions extends ConfigOptions {
  readonly persist?: string;
}

const program = withConfigOptions(new Command("start:workers"))
  .description("run a configuration, or the example that prints what arrives, in workerd on this machine")
  .option("--persist <folder>", "keep what Durable Objects and buckets have stored in this folder; without it, it ends with the process")
  .action((options: WorkersOptions) => run(options.config.length > 0 ? options : { ...options, config: [EXAMPLE] }));

await program.parseAsync();

async function run(options: WorkersOptions): Promise<void> {
  const signal = firstSignal();
  const paint = painter(process.stderr);
  const bundle = await readBundle(options, paint);
  if (typeof bundle === "string") {
    process.stderr.write(bundle);
    process.exitCode = EXIT.usage;
    return;
  }
  const { plan } = bundle;
  const logger = nodeLogger({
    format: plan.logFormat ?? "text",
    level: plan.logLevel ?? "info",
    write: (line) => process.stderr.write(line),
    nowMs: Date.now,
  });
  let worker: RunningWorker;
  try {
    worker = await start(bundle, options.persist);
  } catch (error) {
    process.stderr.write(errorText(error, paint));
    process.exit(EXIT.failed);
  }
  const host = hostOf(bundle.address);
  const address = `http://${host.includes(":") ? `[${host}]` : host}:${worker.port}`;
  logger.log("info", "Listening", { component: bundle.address.key.split(".")[1] ?? "", address });
  logger.log("info", "Sluice is ready", { version: VERSION, runtime: "workers", pipelines: plan.pipelines.map(({ id }) => id).join(" ") });
  const name = await Promise.race([signal, worker.ended]);
  if (name === undefined) {
    logger.log("error", "Cannot go on: wrangler ended");
    process.exit(EXIT.failed);
  }
  logger.log("info", "Stopping", { signal: name });
  await worker.stop();
  logger.log("info", "Stopped");
  process.exit(EXIT.ok);
}

async function start({ texts, variables, queues, buckets, address }: Bundle, persist: string | undefined): Promise<RunningWorker> {
  const port = await freePort(address);
  return startWorker({ texts, variables, queues, buckets, persist }, hostOf(address), port, (text) => process.stdout.write(text));
}

/** The first signal to stop, a closed terminal's included. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => resolve(name));
  });
}
