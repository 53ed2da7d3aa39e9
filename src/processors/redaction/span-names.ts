/**
 * Sanitizes the names of spans: as a URL where the span is one of HTTP, or else as a command where its
 * attributes name a database. An allowed value stays, and so does a name of which nothing would be left.
 */
import type { Engine } from "../../otlp/engine.ts";
import type { Staging } from "../../otlp/staging.ts";
import { SPAN_KIND, SPAN_NAME } from "../../otlp/tables.ts";
import { type Text, textAt } from "../../otlp/text.ts";
import type { View } from "../../otlp/view.ts";
import { SPAN_KINDS } from "../matching/span-kinds.ts";
import { setName } from "../span/set-name.ts";
import type { Rules } from "./rules.ts";
import type { Sanitizers } from "./sanitizers.ts";
import type { RedactionSettings } from "./settings.ts";
import { maskUrl } from "./url.ts";

/** One of these attributes makes a span one of HTTP, and so does a slash in its name. */
const HTTP_KEYS = [
  "http.route",
  "http.request.method",
  "http.request.method_original",
  "http.response.status_code",
  "url.full",
  "http.scheme",
  "http.target",
  "http.method",
  "http.url",
];

const INTERNAL = SPAN_KINDS.indexOf("SPAN_KIND_INTERNAL");
const SERVER = SPAN_KINDS.indexOf("SPAN_KIND_SERVER");
const CLIENT = SPAN_KINDS.indexOf("SPAN_KIND_CLIENT");

export class SpanNames {
  /** Whether any name is looked at. */
  readonly enabled: boolean;
  readonly #urls: boolean;
  readonly #commands: boolean;
  readonly #rules: Rules;
  readonly #sanitizers: Sanitizers;
  readonly #httpKeys: readonly Text[];
  readonly #staging: Staging;

  constructor(settings: RedactionSettings, rules: Rules, sanitizers: Sanitizers, engine: Engine, staging: Staging) {
    const { url_sanitizer: url, db_sanitizer: db } = settings;
    this.#urls = url.enabled && url.sanitize_span_name !== false;
    this.#commands = sanitizers.databases.enabled && db.sanitize_span_name !== false;
    this.enabled = this.#urls || this.#commands;
    this.#rules = rules;
    this.#sanitizers = sanitizers;
    this.#httpKeys = HTTP_KEYS.map((key) => engine.text(key));
    this.#staging = staging;
  }

  /** To be called with the attributes as they are to be. */
  apply(span: View): void {
    const start = span.field(SPAN_NAME);
    const kind = span.varintHigh(SPAN_KIND) === 0 ? span.varint(SPAN_KIND) : 0;
    if (start < 0 || (kind !== CLIENT && kind !== SERVER && kind !== INTERNAL)) return;
    const end = span.fieldEnd(SPAN_NAME);
    if (this.#rules.allows(start, end)) return;
    const name = textAt(span.bytes, start, end);
    const masked = (kind === INTERNAL ? undefined : this.#url(span, name)) ?? this.#command(span, name);
    if (masked !== name && masked !== "") setName(span, masked, this.#staging);
  }

  /** undefined when it is no URL's, or when that would change nothing or leave nothing but stars. */
  #url(span: View, name: string): string | undefined {
    if (!this.#urls || !(name.includes("/") || this.#httpKeys.some((key) => span.attributes.find(key) >= 0))) return undefined;
    const masked = maskUrl(name);
    return masked === name || /^\/*\*[*/]*$/.test(masked) ? undefined : masked;
  }

  #command(span: View, name: string): string {
    const system = this.#commands ? this.#sanitizers.systemOf(span.attributes) : "";
    return system === "" ? name : this.#sanitizers.databases.name(name, system);
  }
}
