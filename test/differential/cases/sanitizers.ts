/** redaction's `url_sanitizer` and `db_sanitizer`. */
import { cases, type Case, type Processors } from "../case.ts";

const KINDS = ["sql", "redis", "valkey", "memcached", "mongo", "opensearch", "es"] as const;

const redaction = (rest: string): Processors => ({ redaction: `allow_all_keys: true\n${rest}` });
const database = (kind: string) => `${kind}: {enabled: true, attributes: [command, query]}`;

const EACH: Readonly<Record<string, Processors>> = {
  url: redaction("url_sanitizer: {enabled: true, attributes: [url]}"),
  ...Object.fromEntries(KINDS.map((kind) => [kind, redaction(`db_sanitizer: {${database(kind)}}`)])),
};

const TOGETHER: Readonly<Record<string, Processors>> = {
  "url and sql": redaction(
    "url_sanitizer: {enabled: true, attributes: [url]}\ndb_sanitizer: {sql: {enabled: true, attributes: [command, url]}}\nsummary: debug",
  ),
  "all databases": redaction(`db_sanitizer: {${KINDS.map(database).join(", ")}}\nsummary: debug`),
  "no attributes": redaction(`url_sanitizer: {enabled: true}\ndb_sanitizer: {${KINDS.map((kind) => `${kind}: {enabled: true}`).join(", ")}}\nsummary: info`),
  "attributes of search engines": redaction(`db_sanitizer: {opensearch: {enabled: true, attributes: [query]}, es: {enabled: true, attributes: [query]}}`),
  "not enabled": redaction("url_sanitizer: {attributes: [url]}\ndb_sanitizer: {sql: {attributes: [command]}}"),
  "not span names": redaction(
    `url_sanitizer: {enabled: true, sanitize_span_name: false}\ndb_sanitizer: {sanitize_span_name: false, ${KINDS.map(database).join(", ")}}`,
  ),
  "allowed and blocked": redaction(
    `url_sanitizer: {enabled: true, attributes: [url]}\ndb_sanitizer: {${database("sql")}}\nallowed_values: ['^GET', "'v'"]\nblocked_values: [users, '17']\nsummary: debug`,
  ),
  "all types": redaction(
    "redact_all_types: true\nurl_sanitizer: {enabled: true, attributes: [url]}\ndb_sanitizer: {sql: {enabled: true, attributes: [command]}}",
  ),
  "allowed body": redaction("allowed_values: ['.']\nsummary: debug"),
};

export const SANITIZERS: readonly Case[] = [
  ...cases("sanitizers, bodies", "logs", ["bodies"], EACH),
  ...cases("sanitizers, slips", "logs", ["slips"], { url: EACH["url"] ?? {}, redis: EACH["redis"] ?? {} }),
  ...cases("sanitizers, shapes of logs", "logs", ["shapes"], { ...EACH, ...TOGETHER }),
  ...cases("sanitizers, span names", "traces", ["names"], { ...EACH, ...TOGETHER }),
  ...cases("sanitizers, attributes", "traces", ["commands"], { ...EACH, ...TOGETHER }),
];
