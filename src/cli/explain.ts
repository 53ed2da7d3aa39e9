/** `sluice explain`: each pipeline as it will run. Everything is built as for a run; nothing listens or is sent. */
import { Command } from "commander";
import { SluiceError } from "../base/errors.ts";
import { type Configuration, type ConfigOptions, EXIT, readConfiguration, withConfigOptions } from "./configuration.ts";
import type { PipelineFacts } from "./explain/facts.ts";
import { explanationText } from "./explain/text.ts";
import { painter } from "./terminal.ts";
import { closingText, jsonOf, printProblems } from "./validate.ts";

interface Explained {
  /** With what only building has shown among its problems. */
  readonly configuration: Configuration;
  /** None where there are problems. */
  readonly pipelines: readonly PipelineFacts[];
}

export function explainCommand(): Command {
  return withConfigOptions(new Command("explain"))
    .description("print each pipeline as it will run: fused steps, stages, fields, copies")
    .option("--json", "print the same as JSON")
    .action(async (options: ConfigOptions & { readonly json?: boolean }) => {
      const { configuration, pipelines } = await explain(await readConfiguration(options));
      const { plan, warnings } = configuration;
      if (options.json === true) process.stdout.write(`${JSON.stringify({ ...jsonOf(configuration), pipelines }, undefined, 2)}\n`);
      else if (plan === undefined) printProblems(configuration);
      else {
        const paint = painter(process.stdout);
        process.stdout.write(`${explanationText(pipelines, paint)}${closingText(plan, warnings, paint)}`);
      }
      process.exitCode = plan === undefined ? EXIT.usage : EXIT.ok;
    });
}

async function explain(configuration: Configuration): Promise<Explained> {
  const { plan } = configuration;
  if (plan === undefined) return { configuration, pipelines: [] };
  // Only who builds a gateway waits for its code to load.
  const { buildOf } = await import("./explain/build.ts");
  const { explanationOf } = await import("./explain/explanation.ts");
  try {
    return { configuration, pipelines: explanationOf(plan, buildOf(plan)) };
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== "config") throw error;
    const { message, cure, path } = error;
    const problem = { message, cure, path, where: path === undefined ? undefined : configuration.whereOf(path) };
    return { configuration: { ...configuration, plan: undefined, problems: [problem] }, pipelines: [] };
  }
}
