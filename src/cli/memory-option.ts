/** `--memory`: how much memory requests in flight may take together; the kernel's own is in it. */
import { type Command, InvalidArgumentError } from "commander";

export interface MemoryOption {
  /** Bytes; undefined: the runtime's default. */
  readonly memory?: number | undefined;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, KiB: 1 << 10, MiB: 1 << 20, GiB: 1 << 30 };

/** Adds `--memory`. Whether the size can be had is said at the start. */
export function withMemoryOption(command: Command): Command {
  return command.option(
    "--memory <size>",
    "memory for requests in flight, for example 256MiB (default 512MiB): when it is used up, senders are told 503",
    parseSize,
  );
}

/** Bytes, KiB, MiB or GiB. Throws commander's own error, which becomes a usage message. */
export function parseSize(text: string): number {
  const groups = /^(?<number>\d{1,15})\s*(?<unit>[KMG]iB)?$/.exec(text)?.groups;
  const bytes = Number(groups?.["number"]) * (UNITS[groups?.["unit"] ?? ""] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw new InvalidArgumentError("Write a size, for example 256MiB or 1GiB");
  return bytes;
}
