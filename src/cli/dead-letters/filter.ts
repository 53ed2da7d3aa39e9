/** Which dead letters a command is about. Filters are joined by "and"; none is all of them. */
import type { Command } from "commander";
import { SluiceError } from "../../base/errors.ts";
import { SIGNALS } from "../../base/signal.ts";
import type { Letter } from "../../delivery/durable/keys.ts";
import { parseDuration } from "../../pipeline/settings.ts";

/** As commander gives them. */
export interface FilterFlags {
  readonly exporter?: string;
  readonly signal?: string;
  readonly reason?: string;
  readonly since?: string;
  readonly id: readonly string[];
}

export type Filter = (letter: Letter, nowMs: number) => boolean;

export function withFilters(command: Command): Command {
  return command
    .option("--exporter <id>", "only those of this exporter")
    .option("--signal <signal>", `only these: ${SIGNALS.join(", ")}`)
    .option("--reason <reason>", "only those with this reason, for example refused or max_elapsed_time")
    .option("--since <when>", "only those that died since then: a duration such as 24h, or a time such as 2026-11-21T10:00:00Z")
    .option("--id <id>", "only this one; may be repeated", (id: string, before: readonly string[]) => [...before, id], []);
}

/** A letter's id on the command line. */
export function letterId({ seq }: Letter): string {
  return seq.replace(/^0+/, "");
}

/** Throws `config` for flags that cannot be read. */
export function filterOf({ exporter, id, reason, signal, since }: FilterFlags): Filter {
  if (signal !== undefined && !SIGNALS.some((one) => one === signal)) {
    throw new SluiceError("config", `Cannot read --signal "${signal}": there is no such signal`, { cure: `Use one of ${SIGNALS.join(", ")}` });
  }
  const start = since === undefined ? () => -Infinity : startOf(since);
  const ids = new Set(id.map((one) => one.toLowerCase().replace(/^0+/, "")));
  return (letter, nowMs) =>
    (exporter === undefined || letter.exporter === exporter) &&
    (signal === undefined || letter.signal === signal) &&
    (reason === undefined || letter.reason === reason) &&
    (ids.size === 0 || ids.has(letterId(letter))) &&
    letter.atMs >= start(nowMs);
}

function startOf(since: string): (nowMs: number) => number {
  const agoMs = parseDuration(since);
  if (agoMs !== undefined) return (nowMs) => nowMs - agoMs;
  const atMs = Date.parse(since);
  if (!Number.isNaN(atMs)) return () => atMs;
  throw new SluiceError("config", `Cannot read --since "${since}": it is neither a duration nor a time`, {
    cure: "Write it like 24h, or like 2026-11-21T10:00:00Z",
  });
}
