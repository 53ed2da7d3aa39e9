/** `sluice send traces|metrics|logs`: a load generator in the manner of telemetrygen. */
import { Command } from "commander";
import { SluiceError } from "../base/errors.ts";
import { EXIT } from "./configuration.ts";
import { errorText } from "./report.ts";
import { SENT_SIGNALS, type SentSignal } from "./send/content.ts";
import { type Flags, withFlags } from "./send/options.ts";
import { painter } from "./terminal.ts";

export function sendCommand(): Command {
  const send = new Command("send").description("send made-up traces, metrics or logs to an OTLP/HTTP destination");
  for (const signal of SENT_SIGNALS) {
    const command = withFlags(new Command(signal), signal)
      .description(`send made-up ${signal}`)
      .showHelpAfterError(`(sluice send ${signal} --help lists the options)`)
      .exitOverride()
      .action((flags: Flags) => act(signal, flags));
    send.addCommand(command);
  }
  return send;
}

async function act(signal: SentSignal, flags: Flags): Promise<void> {
  // Only who sends waits for its code to load.
  const { planOf } = await import("./send/plan.ts");
  const { runSend } = await import("./send/run.ts");
  try {
    const plan = planOf(signal, flags, (name) => process.env[name], Math.random(), runtimeName());
    process.exitCode = await runSend(plan, { json: flags.json === true, quiet: flags.quiet === true });
  } catch (error) {
    process.stderr.write(errorText(error, painter(process.stderr)));
    process.exitCode = error instanceof SluiceError && error.code === "config" ? EXIT.usage : EXIT.failed;
  }
}

function runtimeName(): string {
  return ["bun", "deno"].find((name) => name in process.versions) ?? "node";
}
