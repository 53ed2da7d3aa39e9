/** The settings of the `redaction` processor: the Collector's keys, defaults and rules. */
import * as z from "zod";
import { parsePattern } from "../../pattern/pattern.ts";

const HASHES = ["", "sha1", "sha3", "md5", "hmac-sha256", "hmac-sha512"] as const;
/** Bytes of a key, at the least. */
const KEY_BYTES_MIN: Readonly<Record<string, number>> = { "hmac-sha256": 32, "hmac-sha512": 64 };

const patterns = z
  .array(
    z.string().superRefine((text, context) => {
      const parsed = parsePattern(text);
      if (typeof parsed === "string") context.addIssue({ code: "custom", message: `the pattern ${parsed}` });
    }),
  )
  .default([]);

function database(name: string, attributes = "Attributes that hold its commands. None given: only log bodies and span names are looked at.") {
  return z
    .strictObject({
      enabled: z.boolean().default(false).describe("Whether its commands are masked."),
      attributes: z.array(z.string()).default([]).describe(attributes),
    })
    .prefault({})
    .describe(`Commands of ${name}.`);
}

const WITHOUT_EFFECT = "Without effect, as in the Collector: log bodies and span names are looked at.";

function sanitizeSpanName(which: string) {
  return z.boolean().optional().describe(`Whether the names of ${which} are masked, too; they are unless this is false.`);
}

export const redactionSchema = z
  .strictObject({
    allow_all_keys: z.boolean().default(false).describe("Whether every attribute may pass; false leaves only those of allowed_keys."),
    allowed_keys: z.array(z.string()).default([]).describe("Keys of the attributes that may pass. None given: none passes."),
    ignored_keys: z.array(z.string()).default([]).describe("Keys of attributes that pass as they are, neither removed nor masked."),
    ignored_key_patterns: patterns.describe("The same by patterns, RE2's syntax, searched for in the key."),
    blocked_key_patterns: patterns.describe("Attributes whose key one of these patterns matches are masked whole."),
    blocked_values: patterns.describe("What one of these patterns matches in a value is masked."),
    allowed_values: patterns.describe("Values that one of these patterns matches are left alone."),
    hash_function: z
      .string()
      .toLowerCase()
      .pipe(z.enum(HASHES))
      .default("")
      .describe("What masked text becomes: its hash in hexadecimal (sha1, sha3, md5, hmac-sha256, hmac-sha512) or, when empty, ****."),
    hmac_key: z.string().default("").describe("Secret of the two hmac functions: 32 bytes at the least for hmac-sha256, 64 for hmac-sha512."),
    redact_all_types: z.boolean().default(false).describe("Whether numbers, booleans, lists and maps are looked at as text, too; otherwise only text is."),
    summary: z.string().default("").describe("What is said of it in added attributes: debug (keys and counts), info (counts), anything else: nothing."),
    url_sanitizer: z
      .strictObject({
        enabled: z.boolean().default(false).describe("Whether what reads like an id in a URL becomes a star."),
        attributes: z.array(z.string()).default([]).describe("Attributes that hold URLs. None given: only log bodies and span names are looked at."),
        sanitize_span_name: sanitizeSpanName("client and server spans of HTTP"),
      })
      .prefault({})
      .describe("Paths of URLs."),
    db_sanitizer: z
      .strictObject({
        sql: database("SQL databases"),
        redis: database("Redis"),
        valkey: database("Valkey"),
        memcached: database("memcached"),
        mongo: database("MongoDB"),
        opensearch: database("OpenSearch", WITHOUT_EFFECT),
        es: database("Elasticsearch", WITHOUT_EFFECT),
        sanitize_span_name: sanitizeSpanName("client, server and internal spans that name their database"),
      })
      .prefault({})
      .describe("Commands of databases."),
  })
  .superRefine(({ hash_function: hash, hmac_key: key }, context) => {
    const least = KEY_BYTES_MIN[hash];
    if (least === undefined || new TextEncoder().encode(key).length >= least) return;
    context.addIssue({ code: "custom", path: ["hmac_key"], message: `${hash} needs a key of ${least} bytes or more` });
  });

export type RedactionSettings = z.output<typeof redactionSchema>;
