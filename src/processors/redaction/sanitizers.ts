/**
 * The sanitizers of URLs and of databases' commands: what they make of the values of the attributes that
 * the settings list, and of every text in a log record's body.
 */
import type { Signal } from "../../base/signal.ts";
import { kindOf, STRING_VALUE } from "../../otlp/any-value.ts";
import type { Attributes } from "../../otlp/attributes.ts";
import type { Engine } from "../../otlp/engine.ts";
import { type Text, textAt } from "../../otlp/text.ts";
import { after, readVarint } from "../../wire/varint.ts";
import { Databases } from "./databases.ts";
import { Keys } from "./keys.ts";
import type { RedactionSettings } from "./settings.ts";
import { maskUrl } from "./url.ts";

export class Sanitizers {
  readonly databases: Databases;
  /** Whether there is one at all. */
  readonly enabled: boolean;
  readonly #urls: boolean;
  readonly #urlAttributes: Keys;
  /** Where a database is named: the first that is there and says anything. */
  readonly #systemKeys: readonly Text[];
  readonly #bytes: Uint8Array;

  constructor({ url_sanitizer: url, db_sanitizer: db }: RedactionSettings, signal: Signal, engine: Engine) {
    this.#urls = url.enabled;
    this.#urlAttributes = new Keys(url.enabled ? url.attributes : [], engine);
    this.databases = new Databases(db, signal === "logs", engine);
    this.enabled = url.enabled || this.databases.enabled;
    this.#systemKeys = ["db.system.name", "db.system"].map((key) => engine.text(key));
    this.#bytes = engine.bytes;
  }

  /** Whether the value of the attribute whose key is at [start, end) is looked at. */
  looksAt(start: number, end: number): boolean {
    return this.enabled && (this.#urlAttributes.has(start, end) || this.databases.looksAt(start, end));
  }

  /** The value of an attribute that is looked at. */
  attribute(text: string, start: number, end: number, system: string): string {
    const masked = this.#urlAttributes.has(start, end) ? maskUrl(text) : text;
    return this.databases.attribute(masked, start, end, system);
  }

  /** A text in a body. */
  body(text: string): string {
    return this.databases.any(this.#urls ? maskUrl(text) : text);
  }

  /** The database that these attributes name, in lower case; empty where they name none. */
  systemOf(attributes: Attributes): string {
    for (const key of this.#systemKeys) {
      const entry = attributes.find(key);
      if (entry < 0 || kindOf(this.#bytes, attributes.valueStart(entry), attributes.valueEnd(entry)) !== STRING_VALUE) continue;
      // Behind the tag that was read last, which is the value's.
      const length = readVarint(this.#bytes, after);
      if (length > 0) return textAt(this.#bytes, after, after + length).toLowerCase();
    }
    return "";
  }
}
