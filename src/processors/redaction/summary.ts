/**
 * What the processor says of its work in added attributes: how many keys were redacted, masked, allowed
 * and ignored, and under `debug` which. What an earlier processor said is added to.
 */
import { decodeAnyValue, type Plain } from "../../otlp/any-value.ts";
import type { Attributes } from "../../otlp/attributes.ts";
import type { Engine } from "../../otlp/engine.ts";
import { putAttribute, type Staging } from "../../otlp/staging.ts";
import type { Text } from "../../otlp/text.ts";
import { byCodePoints } from "../../otlp/value-text.ts";

/** What can become of a key, in the order in which it is told. */
export const FATES = ["redacted", "masked", "allowed", "ignored"] as const;
export type Fate = (typeof FATES)[number];

/** The added attributes that are kept without being allowed by name. */
export const SUMMARY_KEYS: readonly string[] = [
  "redaction.redacted.keys",
  "redaction.redacted.count",
  "redaction.masked.keys",
  "redaction.masked.count",
  "redaction.ignored.count",
];

/** The keys of one list of attributes, or of one body. Reused from one to the next. */
export class Tally {
  /** Whether keys are wanted, and not only their number. */
  readonly named: boolean;
  readonly counts: Record<Fate, number> = { redacted: 0, masked: 0, allowed: 0, ignored: 0 };
  readonly keys: Record<Fate, string[]> = { redacted: [], masked: [], allowed: [], ignored: [] };
  empty = true;

  constructor(named: boolean) {
    this.named = named;
  }

  /** `key` is not looked at unless `named`. */
  add(fate: Fate, key: string): void {
    this.empty = false;
    this.counts[fate]++;
    if (this.named) this.keys[fate].push(key);
  }

  clear(): void {
    this.empty = true;
    for (const fate of FATES) {
      this.counts[fate] = 0;
      this.keys[fate].length = 0;
    }
  }
}

export class Summary {
  /** To be filled before `tell`. */
  readonly tally: Tally;
  readonly #silent: boolean;
  readonly #keys: readonly (Text | undefined)[];
  readonly #counts: readonly Text[];
  readonly #bytes: Uint8Array;
  readonly #staging: Staging;

  /** `prefix` is `redaction.` or `redaction.body.`. */
  constructor(summary: string, prefix: string, engine: Engine, staging: Staging) {
    this.tally = new Tally(summary === "debug");
    this.#silent = summary !== "debug" && summary !== "info";
    this.#keys = FATES.map((fate) => (fate === "ignored" ? undefined : engine.text(`${prefix}${fate}.keys`)));
    this.#counts = FATES.map((fate) => engine.text(`${prefix}${fate}.count`));
    this.#bytes = engine.bytes;
    this.#staging = staging;
  }

  /** Adds what was tallied to the attributes, and clears it. */
  tell(attributes: Attributes): void {
    if (this.tally.empty) return;
    if (!this.#silent) {
      for (let index = 0; index < FATES.length; index++) {
        const fate = FATES[index];
        if (fate !== undefined && this.tally.counts[fate] > 0) this.#tell(attributes, fate, this.#keys[index], this.#counts[index]);
      }
    }
    this.tally.clear();
  }

  #tell(attributes: Attributes, fate: Fate, keysKey: Text | undefined, countKey: Text | undefined): void {
    let count = BigInt(this.tally.counts[fate]);
    if (this.tally.named && keysKey !== undefined) {
      const before = this.#valueOf(attributes, keysKey);
      const keys = [...this.tally.keys[fate], ...(typeof before === "string" && before !== "" ? before.split(",") : [])];
      putAttribute(attributes, keysKey, keys.toSorted(byCodePoints).join(","), this.#staging);
    }
    if (countKey === undefined) return;
    const before = this.#valueOf(attributes, countKey);
    if (typeof before === "bigint") count += before;
    putAttribute(attributes, countKey, BigInt.asIntN(64, count), this.#staging);
  }

  #valueOf(attributes: Attributes, key: Text): Plain {
    const entry = attributes.find(key);
    return entry < 0 ? null : decodeAnyValue(this.#bytes, attributes.valueStart(entry), attributes.valueEnd(entry));
  }
}
