/** A span's name made of its attributes' values. */
import { decodeAnyValue, type Plain } from "../../otlp/any-value.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Staging } from "../../otlp/staging.ts";
import type { Text } from "../../otlp/text.ts";
import type { View } from "../../otlp/view.ts";
import { decimalText } from "../matching/decimal-text.ts";
import { setName } from "./set-name.ts";

/** What the Collector writes for a list, a map, bytes or nothing. */
const NO_SCALAR = "<unknown-attribute-type>";

export class NameFromAttributes {
  readonly #keys: readonly Text[];
  readonly #separator: string;
  readonly #bytes: Uint8Array;
  readonly #staging: Staging;

  constructor(keys: readonly string[], separator: string, engine: Engine, staging: Staging) {
    this.#keys = keys.map((key) => engine.text(key));
    this.#separator = separator;
    this.#bytes = engine.bytes;
    this.#staging = staging;
  }

  /** Leaves the name alone when one of the attributes is absent, or when there are none to look for. */
  apply(span: View): void {
    const keys = this.#keys;
    if (keys.length === 0) return;
    const { attributes } = span;
    for (const key of keys) if (attributes.find(key) < 0) return;
    let name = "";
    for (const [index, key] of keys.entries()) {
      const entry = attributes.find(key);
      if (index > 0) name += this.#separator;
      name += textOf(decodeAnyValue(this.#bytes, attributes.valueStart(entry), attributes.valueEnd(entry)));
    }
    setName(span, name, this.#staging);
  }
}

function textOf(value: Plain): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return decimalText(value);
  return typeof value === "boolean" || typeof value === "bigint" ? String(value) : NO_SCALAR;
}
