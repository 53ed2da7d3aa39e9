/**
 * `sluice dead-letters list|show|replay|drop`: what destinations refused for good, or did not take in
 * time, in the storages that a configuration names (`dead_letters` of an exporter).
 */
import { Command } from "commander";
import { SluiceError } from "../base/errors.ts";
import { type ConfigOptions, type Configuration, EXIT, readConfiguration, withConfigOptions } from "./configuration.ts";
import { type FilterFlags, filterOf, withFilters } from "./dead-letters/filter.ts";
import type { Desk, Output } from "./dead-letters/desk.ts";
import { errorText } from "./report.ts";
import { painter } from "./terminal.ts";
import { printProblems } from "./validate.ts";

type Flags = ConfigOptions & FilterFlags & { readonly json?: boolean; readonly yes?: boolean };

/** What a subcommand does; resolves with the exit code. */
type Task = (desk: Desk, flags: Flags, output: Output) => Promise<number>;

export function deadLettersCommand(): Command {
  const all = new Command("dead-letters").description("list, show, replay or drop what destinations refused for good");
  const add = (name: string, description: string, task: Task, json: string) => {
    const command = withFilters(withConfigOptions(new Command(name)))
      .description(description)
      .option("--json", json)
      .showHelpAfterError(`(sluice dead-letters ${name} --help lists the options)`)
      .exitOverride();
    all.addCommand(command.action((flags: Flags) => act(flags, task)));
    return command;
  };
  add("list", "one line for each dead letter", async (desk, flags, output) => desk.list(filterOf(flags), flags.json === true, output), "print them as JSON");
  add(
    "show",
    "the items as OTLP/JSON, one document a line",
    async (desk, flags, output) => desk.show(filterOf(flags), flags.json === true, output),
    "with the facts around each",
  );
  add(
    "replay",
    "send through the configured exporter, once, and remove what it took",
    async (desk, flags, output) => desk.replay(filterOf(flags), flags.json === true, output),
    "print the result as JSON",
  );
  add(
    "drop",
    "delete them for good",
    async (desk, flags, output) => desk.drop(filterOf(flags), flags.yes === true, flags.json === true, output),
    "print the result as JSON",
  ).option("--yes", "do it: without this, only how many it would be is told");
  return all;
}

async function act(flags: Flags, task: Task): Promise<void> {
  const configuration = await readConfiguration(flags);
  const { plan } = configuration;
  if (plan === undefined) {
    printProblems(configuration);
    process.exitCode = EXIT.usage;
    return;
  }
  // Only who has a configuration waits for the code that opens storages.
  const { openDesk } = await import("./dead-letters/desk.ts");
  const { nowMs, stderr, stdout } = { nowMs: Date.now, stderr: process.stderr, stdout: process.stdout };
  let desk: Desk | undefined;
  try {
    filterOf(flags);
    desk = await openDesk(plan);
    process.exitCode = await task(desk, flags, { out: stdout, err: stderr, paint: painter(stdout), nowMs });
  } catch (error) {
    process.exitCode = failed(error, configuration);
  } finally {
    await desk?.close();
  }
}

function failed(error: unknown, configuration: Configuration): number {
  process.stderr.write(errorText(error, painter(process.stderr), (path) => configuration.whereOf(path)));
  return error instanceof SluiceError && error.code === "config" ? EXIT.usage : EXIT.failed;
}
