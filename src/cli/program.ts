/** The commands, and what the process ends with: 0 ok, 1 a failure while running, 2 wrong usage or configuration. */
import { Command, CommanderError } from "commander";
import { VERSION } from "../base/version.ts";
import { componentsCommand } from "./components.ts";
import { EXIT } from "./configuration.ts";
import { deadLettersCommand } from "./dead-letters.ts";
import { explainCommand } from "./explain.ts";
import { errorText } from "./report.ts";
import { runCommand } from "./run.ts";
import { schemaCommand } from "./schema.ts";
import { sendCommand } from "./send.ts";
import { startCommand } from "./start.ts";
import { painter } from "./terminal.ts";
import { validateCommand } from "./validate.ts";

/** Runs the command line of this process, and sets its exit code. */
export async function main(): Promise<void> {
  // A reader that goes away (`sluice components | head -1`) is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

  const program = new Command("sluice")
    .description("An OpenTelemetry gateway that runs the Collector's YAML")
    .version(VERSION, "-v, --version", "print the version")
    .showHelpAfterError("(sluice --help lists commands and options)");

  for (const command of [
    runCommand(),
    validateCommand(),
    explainCommand(),
    componentsCommand(),
    schemaCommand(),
    sendCommand(),
    startCommand(),
    deadLettersCommand(),
  ]) {
    program.addCommand(command.copyInheritedSettings(program).exitOverride());
  }

  try {
    await program.exitOverride().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has printed its message, or the help that was asked for.
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    } else {
      process.stderr.write(errorText(error, painter(process.stderr)));
      process.exitCode = EXIT.failed;
    }
  }
}
