/** `sluice components`: what is built in. */
import { Command } from "commander";
import { allComponents } from "../config/registry.ts";
import { painter, table } from "./terminal.ts";

export function componentsCommand(): Command {
  return new Command("components")
    .description("list the built-in components")
    .option("--json", "print them as JSON")
    .action(async ({ json }: { readonly json?: boolean }) => {
      const listed = (await allComponents()).map(({ id, kind, signals, summary, aliases = [] }) => ({ id, kind, signals, summary, aliases }));
      if (json === true) {
        process.stdout.write(`${JSON.stringify(listed, undefined, 2)}\n`);
        return;
      }
      const rows = listed.map(({ id, kind, signals, summary, aliases }) => [id, kind, signals.join(", ") || "-", aliases.join(", ") || "-", summary]);
      process.stdout.write(table([["id", "kind", "signals", "aliases", "summary"], ...rows], painter(process.stdout)));
    });
}
