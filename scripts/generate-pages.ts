/**
 * Writes the section "Keys" of every component's page in docs/ from the component's schema: what each
 * key is called, what it is when it is left out, what it means.
 *
 *     node scripts/generate-pages.ts           writes
 *     node scripts/generate-pages.ts --check   fails when a page is out of step
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configJsonSchema, isReference, type Json } from "../src/config/json-schema.ts";
import { allComponents } from "../src/config/registry.ts";

const HEADING = "## Keys";
const NO_KEYS = "It has no keys.";

interface Row {
  readonly key: string;
  readonly initial: string;
  readonly meaning: string;
}

const check = process.argv.includes("--check");
const registry = await allComponents();
const { definitions } = configJsonSchema(registry);
for (const { kind, id } of registry) {
  const path = `docs/${kind}s/${id}.md`;
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  const page = existsSync(file) ? readFileSync(file, "utf8") : `# ${id}\n`;
  const written = withKeys(page, keysOf(objectAt(definitions, `${kind}.${id}`)));
  if (written === page) continue;
  if (!check) writeFileSync(file, written);
  else {
    console.error(`${path} is out of step with the component's schema: run \`node scripts/generate-pages.ts\``);
    process.exitCode = 1;
  }
}

/** The page with the rows in its section, which stands last unless the page has it elsewhere. */
function withKeys(page: string, rows: readonly Row[]): string {
  const start = page.indexOf(`${HEADING}\n`);
  const before = start < 0 ? `${page.trimEnd()}\n\n` : page.slice(0, start);
  const next = start < 0 ? -1 : page.indexOf("\n## ", start + HEADING.length);
  const behind = next < 0 ? "" : page.slice(next);
  const lines = rows.map(({ key, initial, meaning }) => `| \`${key}\` | ${initial} | ${meaning} |`);
  const table = rows.length === 0 ? NO_KEYS : ["| key | default | |", "| --- | --- | --- |", ...lines].join("\n");
  return `${before}${HEADING}\n\n${table}\n${behind}`;
}

/**
 * A row for each key, those below it behind it: `tls.ca_file`, `actions[].key`, `spans.*.description`.
 * What has the same keys as a key above it says so instead.
 */
function keysOf(schema: Json, prefix = ""): Row[] {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const seen = new Map<string, string>();
  return Object.entries(objectAt(schema, "properties")).flatMap(([name, given]) => {
    const property = isObject(given) ? given : {};
    const key = `${prefix}${name}`;
    const own = { key, initial: initialOf(property, required.includes(name)), meaning: meaningOf(property) };
    const below = rowsBelow(property, key);
    const shape = JSON.stringify(below.map((row) => ({ ...row, key: row.key.slice(key.length) })));
    const twin = below.length === 0 ? undefined : seen.get(shape);
    if (twin !== undefined) return [{ ...own, meaning: `${own.meaning} Its keys are those of \`${twin}\`.` }];
    seen.set(shape, name);
    return [own, ...below];
  });
}

function rowsBelow(schema: Json, key: string): Row[] {
  return alternatives(schema).flatMap((one) => [
    ...keysOf(one, `${key}.`),
    ...alternatives(objectAt(one, "items")).flatMap((item) => keysOf(item, `${key}[].`)),
    ...alternatives(objectAt(one, "additionalProperties")).flatMap((value) => keysOf(value, `${key}.*.`)),
  ]);
}

/** What a value may be, apart from a `${...}` reference. */
function alternatives(schema: Json): Json[] {
  const { anyOf } = schema;
  if (!Array.isArray(anyOf)) return [schema];
  return anyOf.filter((one): one is Json => isObject(one) && !isReference(one)).flatMap(alternatives);
}

function initialOf({ default: initial }: Json, needed: boolean): string {
  if (initial === undefined) return needed ? "needed" : "";
  if (initial === null || (typeof initial === "object" && Object.keys(initial).length === 0) || initial === "") return "none";
  return `\`${typeof initial === "string" ? initial : JSON.stringify(initial)}\``;
}

function meaningOf(schema: Json): string {
  const described = [schema, ...alternatives(schema)].map((one) => one["description"]).find((text) => typeof text === "string" && text !== "");
  const text = typeof described === "string" ? described : "";
  const words = alternatives(schema).flatMap(({ enum: list }) => (Array.isArray(list) ? list.filter((word) => typeof word === "string" && word !== "") : []));
  const unsaid = words.every((word) => text.includes(word)) ? [] : [`One of ${words.map((word) => `\`${word}\``).join(", ")}.`];
  return [text, ...unsaid, ...alternatives(schema).map(boundsOf)]
    .filter((part) => part !== "")
    .join(" ")
    .replaceAll("|", "\\|")
    .replaceAll("\n", " ");
}

/** Bounds that are not those of the type. */
function boundsOf({ minimum, maximum }: Json): string {
  const least = typeof minimum === "number" && minimum > 0 ? String(minimum) : undefined;
  const most = typeof maximum === "number" && maximum < 0x7fff_ffff ? String(maximum) : undefined;
  if (most === undefined) return least === undefined ? "" : `At least ${least}.`;
  return least === undefined ? `At most ${most}.` : `From ${least} to ${most}.`;
}

function objectAt(value: unknown, key: string): Json {
  const found = isObject(value) ? value[key] : undefined;
  return isObject(found) ? found : {};
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
