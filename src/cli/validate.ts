/** `sluice validate`: everything that is wrong with a configuration, or what it comes to. */
import { Command } from "commander";
import type { Finding, Plan } from "../config/plan.ts";
import { type Configuration, type ConfigOptions, EXIT, readConfiguration, withConfigOptions } from "./configuration.ts";
import { findingText, placeText } from "./report.ts";
import { harmless, type Paint, painter, table } from "./terminal.ts";

export function validateCommand(): Command {
  return withConfigOptions(new Command("validate"))
    .description("check a configuration without running it")
    .option("--json", "print the findings and the pipelines as JSON")
    .action(async (options: ConfigOptions & { readonly json?: boolean }) => {
      const configuration = await readConfiguration(options);
      if (options.json === true) process.stdout.write(`${JSON.stringify(jsonOf(configuration), undefined, 2)}\n`);
      else print(configuration);
      process.exitCode = configuration.plan === undefined ? EXIT.usage : EXIT.ok;
    });
}

function print(configuration: Configuration): void {
  const { plan, warnings } = configuration;
  if (plan === undefined) return printProblems(configuration);
  const paint = painter(process.stdout);
  process.stdout.write(`${paint("green", "valid")}\n\n${pipelinesText(plan, paint)}${closingText(plan, warnings, paint)}`);
}

/** What is wrong with a configuration, on standard error. */
export function printProblems({ problems, warnings }: Configuration): void {
  const paint = painter(process.stderr);
  for (const problem of problems) process.stderr.write(`${findingText(problem, "error", paint)}\n`);
  // With problems the warnings are told, too: one round, not two.
  for (const warning of warnings) process.stderr.write(findingText(warning, "warning", paint));
  process.stderr.write(
    `${warnings.length > 0 ? "\n" : ""}${paint("red", `not valid: ${count(problems.length, "error")}, ${count(warnings.length, "warning")}`)}\n`,
  );
}

/** The memory queues and the warnings of a valid configuration, a section each; nothing where there are none. */
export function closingText(plan: Plan, warnings: readonly Finding[], paint: Paint): string {
  const queues = plan.memoryQueues.length === 0 ? "" : `\n${paint("bold", "memory queues")}\n${queuesText(plan, paint)}`;
  const warned = warnings.length === 0 ? "" : `\n${paint("bold", "warnings")}\n${warningsText(warnings, paint)}`;
  return `${queues}${warned}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** One row a pipeline. */
export function pipelinesText({ pipelines }: Plan, paint: Paint): string {
  const rows = pipelines.map(({ id, receivers, processors, exporters, primary }) => [
    id,
    receivers.join(", "),
    processors.join(", ") || "-",
    exporters.join(", "),
    primary ?? "all exporters",
  ]);
  return table([["pipeline", "receivers", "processors", "exporters", "waits for"], ...rows], paint);
}

function queuesText({ memoryQueues }: Plan, paint: Paint): string {
  const rows = memoryQueues.map(({ path, bound, inForce, cure }) => [
    path,
    bound,
    inForce
      ? `answers before the destination has the data, lost on a crash; ${cure === undefined ? "safe with storage:" : `to be safe, ${cure}`}`
      : "not in force yet: the sender is answered when the destination has answered",
  ]);
  return table([["queue", "bound", ""], ...rows], paint);
}

function warningsText(warnings: readonly Finding[], paint: Paint): string {
  return warnings
    .map(({ message, cure, where }) => {
      const place = where === undefined ? "" : `${paint("dim", `${placeText(where)}:`)} `;
      return `${place}${harmless(message)}\n${cure === undefined ? "" : `  ${paint("green", "=>")} ${harmless(cure)}\n`}`;
    })
    .join("");
}

/** The findings, the pipelines and the memory queues as data. */
export function jsonOf({ plan, problems, warnings }: Configuration) {
  const pipelines = plan?.pipelines.map(({ id, signal, receivers, processors, exporters, primary }) => ({
    id,
    signal,
    receivers,
    processors,
    exporters,
    primary: primary ?? null,
  }));
  return {
    valid: plan !== undefined,
    problems: problems.map(jsonFinding),
    warnings: warnings.map(jsonFinding),
    pipelines: pipelines ?? [],
    memoryQueues: plan?.memoryQueues ?? [],
  };
}

function jsonFinding({ message, cure, path, where }: Finding) {
  return { message, cure: cure ?? null, path: path ?? null, source: where?.source ?? null, line: where?.line ?? null, column: where?.column ?? null };
}
