/** redaction on generated requests, bodies and summaries too: what redacting the judge's objects gives, by the Collector's rules. */
import { md5 } from "@noble/hashes/legacy.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redaction } from "../../src/processors/redaction.ts";
import { list } from "../harness/multiset.ts";
import { visit } from "../ottl/contexts/scene.ts";
import type { Tested } from "../pipeline/random-requests.ts";
import { besideAttributes, comparable, type Editable, keyOf, kindOf, ORDERS, type Pair, pairsOf, put, run, SIGNALS, stringIn, textOf, utf8 } from "./model.ts";
import { runsHere } from "../harness/runs.ts";

interface Settings {
  readonly allow_all_keys: boolean;
  readonly allowed_keys: readonly string[];
  readonly ignored_keys: readonly string[];
  readonly ignored_key_patterns: readonly string[];
  readonly blocked_key_patterns: readonly string[];
  readonly blocked_values: readonly string[];
  readonly allowed_values: readonly string[];
  readonly hash_function: string;
  readonly redact_all_types: boolean;
  readonly summary: string;
}

const key = fc.constantFrom("a", "b", "c", "n", "user", "card");
const few = (arbitrary: fc.Arbitrary<string>) => fc.array(arbitrary, { maxLength: 2 });

const settings: fc.Arbitrary<Settings> = fc.record({
  allow_all_keys: fc.boolean(),
  allowed_keys: fc.array(key, { maxLength: 5 }),
  ignored_keys: few(key),
  ignored_key_patterns: few(fc.constantFrom("^c", "us")),
  blocked_key_patterns: few(fc.constantFrom("^user$", "^[ab]$")),
  blocked_values: few(fc.constantFrom("4[0-9]{15}", "[xy]", "se", "true", "[0-9]+")),
  allowed_values: few(fc.constantFrom("^secret$", "^x$", "Zoë")),
  hash_function: fc.constantFrom("", "md5"),
  redact_all_types: fc.boolean(),
  summary: fc.constantFrom("", "info", "debug"),
});

/** Keys by what became of them. */
type Tally = Readonly<Record<"redacted" | "masked" | "allowed" | "ignored", string[]>>;

const noTally = (): Tally => ({ redacted: [], masked: [], allowed: [], ignored: [] });
const SUMMARIES = ["redaction.redacted.keys", "redaction.redacted.count", "redaction.masked.keys", "redaction.masked.count", "redaction.ignored.count"];
const any = (patterns: readonly string[], text: string) => patterns.some((pattern) => new RegExp(pattern, "u").test(text));

class Model {
  readonly #settings: Settings;

  constructor(one: Settings) {
    this.#settings = one;
  }

  attributes(message: Editable): void {
    if (!Array.isArray(message["attributes"])) return;
    const tally = noTally();
    const pairs = pairsOf(message).filter((pair) => this.#fate(pair, keyOf(pair), tally, (one) => this.#value(one, keyOf(pair), tally)));
    message["attributes"] = pairs;
    this.#tell(message, "redaction.", tally);
  }

  body(record: Editable): void {
    const tally = noTally();
    const body = (record["body"] ?? {}) as Editable; // a message
    const kind = kindOf(body)?.[0];
    if (kind === "kvlistValue" || kind === "arrayValue") this.#nested(body, "", tally);
    else {
      // An allowed body is not told.
      const after = any(this.#settings.allowed_values, textOf(body)) ? undefined : this.#scalar(body, "body", tally);
      if (after !== undefined) record["body"] = after;
    }
    this.#tell(record, "redaction.body.", tally);
  }

  /** Whether the pair stays; `judge` is called for one whose key says nothing. */
  #fate(pair: Pair, name: string, tally: Tally, judge: (pair: Pair) => void): boolean {
    const { ignored_keys: ignored, ignored_key_patterns: patterns, allow_all_keys: all, allowed_keys: allowed } = this.#settings;
    const own = keyOf(pair);
    if (ignored.includes(own) || any(patterns, own)) tally.ignored.push(name);
    else if (!all && !allowed.includes(own) && !SUMMARIES.includes(own)) {
      tally.redacted.push(name);
      return false;
    } else judge(pair);
    return true;
  }

  #value(pair: Pair, name: string, tally: Tally): void {
    const text = this.#settings.redact_all_types ? textOf(pair.value) : (stringIn(pair.value) ?? "");
    if (any(this.#settings.allowed_values, text)) tally.allowed.push(name);
    else if (any(this.#settings.blocked_key_patterns, keyOf(pair))) {
      tally.masked.push(name);
      pair.value = { stringValue: this.#mask(text) };
    } else {
      const masked = this.#masked(text);
      if (masked === text) return;
      tally.masked.push(name);
      pair.value = { stringValue: masked };
    }
  }

  #nested(value: Editable, path: string, tally: Tally): void {
    const join = (name: string) => (path === "" ? name : `${path}.${name}`);
    const [kind, inner] = kindOf(value) ?? ["", {}];
    const members = list(inner, "values") as unknown as Editable[]; // the judge's objects, copied before
    const each = (one: Editable, name: string): Editable => {
      const own = kindOf(one)?.[0];
      if (own !== "kvlistValue" && own !== "arrayValue") return this.#scalar(one, name, tally) ?? one;
      this.#nested(one, name, tally);
      return one;
    };
    if (kind === "arrayValue") {
      value["arrayValue"] = { values: members.map((one, index) => each(one, join(`[${index}]`))) };
      return;
    }
    const kept = (members as Pair[]).filter((pair) =>
      this.#fate(pair, join(keyOf(pair)), tally, () => {
        if (any(this.#settings.blocked_key_patterns, keyOf(pair))) {
          tally.masked.push(join(keyOf(pair)));
          pair.value = { stringValue: this.#mask(stringIn(pair.value) ?? "") };
        } else if (pair.value !== undefined) pair.value = each(pair.value, join(keyOf(pair)));
        else {
          const after = this.#scalar({}, join(keyOf(pair)), tally);
          if (after !== undefined) pair.value = after;
        }
      }),
    );
    value["kvlistValue"] = { values: kept };
  }

  /** Bodies are always looked at as text. */
  #scalar(value: Editable, name: string, tally: Tally): Editable | undefined {
    const text = textOf(value);
    if (any(this.#settings.allowed_values, text)) {
      tally.allowed.push(name);
      return undefined;
    }
    const masked = this.#masked(text);
    if (masked === text) return undefined;
    tally.masked.push(name);
    return { stringValue: masked };
  }

  #masked(text: string): string {
    return this.#settings.blocked_values.reduce((left, pattern) => left.replace(new RegExp(pattern, "gu"), (found) => this.#mask(found)), text);
  }

  #mask(text: string): string {
    return this.#settings.hash_function === "md5" ? bytesToHex(md5(utf8(text))) : "****";
  }

  #tell(message: Editable, prefix: string, tally: Tally): void {
    const { summary } = this.#settings;
    if (summary === "") return;
    for (const fate of ["redacted", "masked", "allowed", "ignored"] as const) {
      const keys = tally[fate];
      if (keys.length === 0) continue;
      const pairs = pairsOf(message);
      if (summary === "debug" && fate !== "ignored") put(pairs, `${prefix}${fate}.keys`, { stringValue: keys.toSorted().join(",") });
      put(pairs, `${prefix}${fate}.count`, { intValue: String(keys.length) });
    }
  }
}

function redact(signal: Tested, object: Editable, one: Settings): void {
  const model = new Model(one);
  visit(signal, object, "resource", ({ resource }) => model.attributes(resource));
  visit(signal, object, "scope", ({ scope }) => model.attributes(scope));
  if (signal === "metrics") visit(signal, object, "point", ({ point }) => model.attributes(point));
  else visit(signal, object, "item", ({ item }) => model.attributes(item));
  if (signal === "traces") visit(signal, object, "event", ({ inner }) => model.attributes(inner));
  if (signal === "logs") visit(signal, object, "item", ({ item }) => model.body(item));
}

describe.each(SIGNALS)("redaction, %s", (signal) => {
  it.each(ORDERS)("fields %s", async (order) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1000 }), settings, async (seed, one) => {
        const { before, after, strange, strangeAfter } = await run(redaction, one, signal, seed, order);
        if (after === undefined) return;
        redact(signal, before, one);
        expect(comparable(after)).toEqual(comparable(before));
        expect(besideAttributes(strangeAfter)).toEqual(besideAttributes(strange));
      }),
      { seed: 20261121, numRuns: runsHere(60), endOnFailure: true },
    );
  });
});
