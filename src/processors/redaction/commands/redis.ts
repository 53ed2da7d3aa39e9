/**
 * Commands of Redis and Valkey, one a line, with their values made `?`. Which arguments are values is
 * known by the command; those of a command that is not in the table stay. Linear in the text.
 *
 *   command   up to a space or a line's end
 *   argument  up to a space or a line's end that is not in double quotes; \ before a quote takes its meaning
 */
import { trimSpace } from "../../../ottl/functions/text/bytes.ts";

/** Which arguments, counted from 0: one, one that stands for it and all behind it, or every `step`th from one on. */
type Values = { readonly at: number } | { readonly from: number } | { readonly first: number; readonly step: number };

const VALUES: ReadonlyMap<string, Values> = new Map([
  ...each("AUTH", { from: 0 }),
  ...each("APPEND GETSET LPUSHX GEORADIUSBYMEMBER RPUSHX SET SETNX SISMEMBER ZRANK ZREVRANK ZSCORE", { at: 1 }),
  ...each("HSETNX LREM LSET SETBIT SETEX PSETEX SETRANGE ZINCRBY SMOVE RESTORE", { at: 2 }),
  ...each("LINSERT", { at: 3 }),
  ...each("GEOHASH GEOPOS GEODIST LPUSH RPUSH SREM ZREM SADD", { from: 1 }),
  ...each("GEOADD", { first: 3, step: 3 }),
  ...each("HSET HMSET", { first: 2, step: 2 }),
  ...each("MSET MSETNX", { first: 1, step: 2 }),
]);

const ZADD_OPTIONS = new Set(["NX", "XX", "CH", "INCR"]);

export function maskRedis(text: string): string {
  const commands: string[] = [];
  const read = new CommandReader(trimSpace(text));
  for (let words = read.next(); words !== undefined; words = read.next()) commands.push(masked(words));
  return commands.join("\n");
}

/** `words` is the command and its arguments. */
function masked(words: readonly string[]): string {
  const [command = "", ...given] = words;
  const name = command.toUpperCase();
  const values = VALUES.get(name) ?? valuesOf(name, given);
  return [command, ...(values === undefined ? given : withoutValues(given, values))].join(" ");
}

/** Of the commands whose values stand where the arguments before them say. */
function valuesOf(name: string, given: readonly string[]): Values | undefined {
  if (name === "CONFIG") return given[0]?.toUpperCase() === "SET" ? { at: 2 } : undefined;
  if (name === "BITFIELD") return bitfieldValue(given);
  if (name !== "ZADD") return undefined;
  const scores = given.findIndex((one, index) => index > 0 && !ZADD_OPTIONS.has(one));
  return { first: (scores < 0 ? Math.max(0, given.length - 1) : scores) + 1, step: 2 };
}

/** What the first SET sets that is not within three arguments of another. */
function bitfieldValue(given: readonly string[]): Values | undefined {
  let set = 0;
  for (const [index, one] of given.entries()) {
    if (one.toUpperCase() === "SET") set = index;
    if (set > 0 && index - set === 3) return { at: index };
  }
  return undefined;
}

function withoutValues(given: readonly string[], values: Values): readonly string[] {
  if ("at" in values) return given.map((one, index) => (index === values.at ? "?" : one));
  if ("from" in values) return given.length > values.from ? [...given.slice(0, values.from), "?"] : given;
  return given.map((one, index) => (index >= values.first && (index - values.first) % values.step === 0 ? "?" : one));
}

class CommandReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next command and its arguments; undefined when there is none. */
  next(): readonly string[] | undefined {
    while (this.#at < this.#text.length) {
      if (this.#text[this.#at] === " ") this.#skipSpaces();
      const command = this.#command();
      const words = [command];
      while (this.#skipSpaces()) words.push(this.#argument());
      this.#at++;
      if (command !== "") return words;
    }
    return undefined;
  }

  #command(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && this.#text[this.#at] !== " " && this.#text[this.#at] !== "\n") this.#at++;
    return this.#text.slice(start, this.#at);
  }

  #argument(): string {
    const start = this.#at;
    let quoted = false;
    for (; this.#at < this.#text.length; this.#at++) {
      const sign = this.#text[this.#at];
      if (sign === "\\") this.#at += this.#at + 1 < this.#text.length && '\\"'.includes(this.#text.charAt(this.#at + 1)) ? 1 : 0;
      else if (sign === '"') quoted = !quoted;
      else if (!quoted && (sign === " " || sign === "\n")) break;
    }
    return this.#text.slice(start, this.#at);
  }

  /** Whether the line goes on behind them. */
  #skipSpaces(): boolean {
    while (this.#at < this.#text.length && " \t\r".includes(this.#text.charAt(this.#at))) this.#at++;
    return this.#at < this.#text.length && this.#text[this.#at] !== "\n";
  }
}

function each(names: string, values: Values): [string, Values][] {
  return names.split(" ").map((name) => [name, values]);
}
