/** A set of attributes' keys, judged where they lie in memory. */
import type { Engine } from "../../otlp/engine.ts";
import { isText, type Text } from "../../otlp/text.ts";

/** A set of keys, by their length. */
export class Keys {
  readonly #byLength: readonly (readonly Text[] | undefined)[];
  readonly #bytes: Uint8Array;

  constructor(keys: readonly string[], engine: Engine) {
    const byLength: Text[][] = [];
    for (const key of new Set(keys)) {
      const text = engine.text(key);
      (byLength[text.end - text.start] ??= []).push(text);
    }
    this.#byLength = byLength;
    this.#bytes = engine.bytes;
  }

  has(start: number, end: number): boolean {
    const alike = this.#byLength[end - start];
    if (alike === undefined) return false;
    for (let index = 0; index < alike.length; index++) {
      const key = alike[index];
      if (key !== undefined && isText(this.#bytes, start, end, key)) return true;
    }
    return false;
  }
}
