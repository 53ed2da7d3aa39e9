/** A list of texts to compare with, or of patterns to search for: one of them will do. On bytes, nothing is allocated. */
import type { Engine } from "../../otlp/engine.ts";
import { isText, type Text } from "../../otlp/text.ts";
import { matches, matchesBytes, parsePattern, type Pattern } from "../../pattern/pattern.ts";

export interface TextFilter {
  /** Whether the UTF-8 text at [start, end) will do. */
  matchesBytes(start: number, end: number): boolean;
  matches(text: string): boolean;
}

/** `matchType` is strict or regexp, whose patterns the schema has found to be sound. */
export function textFilterOf(texts: readonly string[], matchType: string, engine: Engine): TextFilter {
  return matchType === "regexp" ? new PatternFilter(texts, engine) : new StrictFilter(texts, engine);
}

class StrictFilter implements TextFilter {
  readonly #texts: readonly Text[];
  readonly #set: ReadonlySet<string>;
  readonly #bytes: Uint8Array;

  constructor(texts: readonly string[], engine: Engine) {
    this.#set = new Set(texts);
    this.#texts = [...this.#set].map((text) => engine.text(text));
    this.#bytes = engine.bytes;
  }

  matchesBytes(start: number, end: number): boolean {
    for (let index = 0; index < this.#texts.length; index++) {
      const text = this.#texts[index];
      if (text !== undefined && isText(this.#bytes, start, end, text)) return true;
    }
    return false;
  }

  matches(text: string): boolean {
    return this.#set.has(text);
  }
}

class PatternFilter implements TextFilter {
  readonly #patterns: readonly Pattern[];
  readonly #bytes: Uint8Array;

  constructor(texts: readonly string[], engine: Engine) {
    this.#patterns = [...new Set(texts)].map(parsePattern).filter((pattern) => typeof pattern !== "string");
    this.#bytes = engine.bytes;
  }

  matchesBytes(start: number, end: number): boolean {
    for (let index = 0; index < this.#patterns.length; index++) {
      const pattern = this.#patterns[index];
      if (pattern !== undefined && matchesBytes(pattern, this.#bytes, start, end)) return true;
    }
    return false;
  }

  matches(text: string): boolean {
    return this.#patterns.some((pattern) => matches(pattern, text));
  }
}
