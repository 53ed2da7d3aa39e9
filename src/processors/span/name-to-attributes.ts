/**
 * Attributes taken out of a span's name: each group of a rule that matches becomes an attribute, and its
 * text in the name gives way to the group's name in braces, so that names with ids in them become few.
 *
 * Groups that took no part, or lie inside another group, change nothing in the name (the Collector stops
 * with a fault there).
 */
import type { Engine } from "../../otlp/engine.ts";
import { putAttribute, type Staging } from "../../otlp/staging.ts";
import { SPAN_NAME } from "../../otlp/tables.ts";
import { type Text, textAt } from "../../otlp/text.ts";
import type { View } from "../../otlp/view.ts";
import { find, matchesBytes, namesOf, parsePattern, type Pattern } from "../../pattern/pattern.ts";
import { setName } from "./set-name.ts";
import type { SpanSettings } from "./settings.ts";

interface Rule {
  readonly pattern: Pattern;
  readonly keys: readonly Text[];
}

type Settings = NonNullable<SpanSettings["name"]["to_attributes"]>;

export class NameToAttributes {
  readonly #rules: readonly Rule[];
  readonly #breaks: boolean;
  readonly #keepsName: boolean;
  readonly #staging: Staging;

  constructor(settings: Settings | undefined, engine: Engine, staging: Staging) {
    const patterns = (settings?.rules ?? []).map(parsePattern).filter((pattern) => typeof pattern !== "string");
    this.#rules = patterns.map((pattern) => ({ pattern, keys: namesOf(pattern).map((name) => engine.text(name)) }));
    this.#breaks = settings?.break_after_match ?? false;
    this.#keepsName = settings?.keep_original_name ?? false;
    this.#staging = staging;
  }

  apply(span: View): void {
    const rules = this.#rules;
    for (let index = 0; index < rules.length; index++) {
      const rule = rules[index];
      const start = span.field(SPAN_NAME);
      const end = span.fieldEnd(SPAN_NAME);
      if (rule === undefined || start < 0 || (index === 0 && start === end)) return;
      if (!matchesBytes(rule.pattern, span.bytes, start, end)) continue;
      this.#take(span, rule, textAt(span.bytes, start, end));
      if (this.#breaks) return;
    }
  }

  #take(span: View, { pattern, keys }: Rule, name: string): void {
    const places = find(pattern, name);
    if (places === undefined) return;
    let renamed = "";
    let done = 0;
    for (const [index, key] of keys.entries()) {
      const start = places[index * 2 + 2] ?? -1;
      const end = places[index * 2 + 3] ?? -1;
      putAttribute(span.attributes, key, start < 0 ? "" : name.slice(start, end), this.#staging);
      if (start < done) continue;
      renamed += `${name.slice(done, start)}{${key.text}}`;
      done = end;
    }
    if (!this.#keepsName) setName(span, renamed + name.slice(done), this.#staging);
  }
}
