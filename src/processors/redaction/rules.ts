/**
 * What the settings say of a key and of a value. Keys, and values that are text, are judged where they
 * lie in memory; text is made only of what is masked.
 */
import type { Engine } from "../../otlp/engine.ts";
import { matches, matchesBytes, parsePattern, type Pattern, replaceEach } from "../../pattern/pattern.ts";
import { Keys } from "./keys.ts";
import { type Mask, maskOf } from "./masks.ts";
import type { RedactionSettings } from "./settings.ts";
import { SUMMARY_KEYS } from "./summary.ts";

const LINES = parsePattern(".*");

export class Rules {
  readonly #allowed: Keys | undefined;
  readonly #ignored: Keys;
  readonly #ignoredPatterns: readonly Pattern[];
  readonly #blockedPatterns: readonly Pattern[];
  readonly #blockedValues: readonly Pattern[];
  readonly #allowedValues: readonly Pattern[];
  readonly #mask: Mask;
  readonly #bytes: Uint8Array;

  constructor(settings: RedactionSettings, engine: Engine) {
    this.#allowed = settings.allow_all_keys ? undefined : new Keys([...settings.allowed_keys, ...SUMMARY_KEYS], engine);
    this.#ignored = new Keys(settings.ignored_keys, engine);
    this.#ignoredPatterns = patternsOf(settings.ignored_key_patterns);
    this.#blockedPatterns = patternsOf(settings.blocked_key_patterns);
    this.#blockedValues = patternsOf(settings.blocked_values);
    this.#allowedValues = patternsOf(settings.allowed_values);
    this.#mask = maskOf(settings);
    this.#bytes = engine.bytes;
  }

  /** Whether what has the key at [start, end) passes unseen. */
  ignores(start: number, end: number): boolean {
    return this.#ignored.has(start, end) || this.#any(this.#ignoredPatterns, start, end);
  }

  /** Whether what has this key is removed. */
  removes(start: number, end: number): boolean {
    return this.#allowed !== undefined && !this.#allowed.has(start, end);
  }

  /** Whether what has this key is masked whole. */
  masks(start: number, end: number): boolean {
    return this.#any(this.#blockedPatterns, start, end);
  }

  /** Whether the value, text at [start, end), is left alone. */
  allows(start: number, end: number): boolean {
    return this.#any(this.#allowedValues, start, end);
  }

  allowsText(text: string): boolean {
    for (let index = 0; index < this.#allowedValues.length; index++) {
      const pattern = this.#allowedValues[index];
      if (pattern !== undefined && matches(pattern, text)) return true;
    }
    return false;
  }

  /** Whether anything of the value, text at [start, end), would be masked. */
  blocks(start: number, end: number): boolean {
    return this.#any(this.#blockedValues, start, end);
  }

  /** The text with what is blocked in it masked: each pattern sees what the one before it left. */
  masked(text: string): string {
    let masked = text;
    for (let index = 0; index < this.#blockedValues.length; index++) {
      const pattern = this.#blockedValues[index];
      if (pattern !== undefined && matches(pattern, masked)) masked = this.#maskedBy(pattern, masked);
    }
    return masked;
  }

  /** The text masked whole, line by line. */
  maskedWhole(text: string): string {
    return typeof LINES === "string" ? "" : this.#maskedBy(LINES, text);
  }

  #maskedBy(pattern: Pattern, text: string): string {
    return replaceEach(pattern, text, (places) => this.#mask(text.slice(places[0], places[1])));
  }

  #any(patterns: readonly Pattern[], start: number, end: number): boolean {
    for (let index = 0; index < patterns.length; index++) {
      const pattern = patterns[index];
      if (pattern !== undefined && matchesBytes(pattern, this.#bytes, start, end)) return true;
    }
    return false;
  }
}

function patternsOf(texts: readonly string[]): Pattern[] {
  return texts.map(parsePattern).filter((pattern) => typeof pattern !== "string");
}
