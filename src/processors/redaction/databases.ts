/**
 * What `db_sanitizer` says: the databases whose commands are masked, in the order in which they are tried,
 * each with the attributes that hold its commands and the names under which spans have it.
 */
import type { Engine } from "../../otlp/engine.ts";
import { maskJson } from "./commands/json.ts";
import { maskMemcached } from "./commands/memcached.ts";
import { maskRedis } from "./commands/redis.ts";
import { maskSql } from "./commands/sql.ts";
import { Keys } from "./keys.ts";
import type { RedactionSettings } from "./settings.ts";

/** What a sanitizer makes of a text. `system` is the database by its name, where that is known. */
type MaskCommand = (text: string, system: string) => string;

interface Kind {
  readonly setting: "sql" | "redis" | "valkey" | "memcached" | "mongo" | "opensearch" | "es";
  /** Values of `db.system.name` and `db.system`. */
  readonly systems: readonly string[];
  readonly mask: MaskCommand;
}

const KINDS: readonly Kind[] = [
  { setting: "sql", systems: ["other_sql", "mysql", "postgresql", "mariadb", "sqlite"], mask: (text, system) => maskSql(text, system === "mysql") },
  { setting: "redis", systems: ["redis"], mask: maskRedis },
  { setting: "valkey", systems: ["valkey"], mask: maskRedis },
  { setting: "memcached", systems: ["memcached"], mask: maskMemcached },
  { setting: "mongo", systems: ["mongodb"], mask: maskJson },
  { setting: "opensearch", systems: ["opensearch"], mask: maskJson },
  { setting: "es", systems: ["elasticsearch"], mask: maskJson },
];

interface Database {
  readonly systems: readonly string[];
  readonly attributes: Keys;
  readonly mask: MaskCommand;
}

export class Databases {
  readonly #databases: readonly Database[];
  readonly #inAttributes: boolean;
  readonly #withoutSystem: boolean;

  /** `withoutSystem`: attributes are masked also where no database is named, as those of logs are. */
  constructor(settings: RedactionSettings["db_sanitizer"], withoutSystem: boolean, engine: Engine) {
    const enabled = KINDS.filter(({ setting }) => settings[setting].enabled);
    // The Collector's two of the search engines look at bodies and span names alone.
    const listed = ({ setting }: Kind) => (setting === "opensearch" || setting === "es" ? [] : settings[setting].attributes);
    this.#databases = enabled.map((kind) => ({ systems: kind.systems, attributes: new Keys(listed(kind), engine), mask: kind.mask }));
    this.#inAttributes = enabled.some((kind) => listed(kind).length > 0);
    this.#withoutSystem = withoutSystem;
  }

  get enabled(): boolean {
    return this.#databases.length > 0;
  }

  /** Whether any attribute is looked at. */
  get inAttributes(): boolean {
    return this.#inAttributes;
  }

  /** Whether the attribute whose key is at [start, end) is looked at. */
  looksAt(start: number, end: number): boolean {
    return this.#inAttributes && this.#databases.some(({ attributes }) => attributes.has(start, end));
  }

  /** The value of the attribute whose key is at [start, end). `system` is empty where none is named. */
  attribute(text: string, start: number, end: number, system: string): string {
    if (system === "" && !this.#withoutSystem) return text;
    let masked = text;
    for (const { systems, attributes, mask } of this.#databases) {
      if (!attributes.has(start, end)) continue;
      if (system === "") masked = mask(masked, "");
      else if (systems.includes(system)) return mask(text, "");
    }
    return masked;
  }

  /** A text that no attribute explains: each database's sanitizer sees what the one before it left. */
  any(text: string): string {
    let masked = text;
    for (const { mask } of this.#databases) masked = mask(masked, "");
    return masked;
  }

  /** The name of a span of this database. */
  name(text: string, system: string): string {
    return this.#databases.find(({ systems }) => systems.includes(system))?.mask(text, system) ?? text;
  }
}
