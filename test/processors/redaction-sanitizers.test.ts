/** redaction's sanitizers at their edges; what the Collector makes of texts is in test/differential/cases/sanitizers.ts. */
import { describe, expect, it } from "vitest";
import { maskJson } from "../../src/processors/redaction/commands/json.ts";
import { maskRedis } from "../../src/processors/redaction/commands/redis.ts";
import { maskSql } from "../../src/processors/redaction/commands/sql.ts";
import { maskUrl } from "../../src/processors/redaction/url.ts";
import { looksLikeWords } from "../../src/processors/redaction/words.ts";
import { redaction } from "../../src/processors/redaction.ts";
import { build } from "./support.ts";
import { judge } from "../harness/judge.ts";

const LENGTH = 1 << 18;

describe("long texts that never come to an end", () => {
  it.each([
    ["'", "'"],
    ["\\'", "'"],
    ['"', '"'],
    ["$a", "$"],
    ["$$", "$$"],
    ["$func$", ""],
    ["/*", ""],
    ["a1", ""],
    ["1e", ""],
    ["@@", ""],
    ["=-", ""],
    ["(", ""],
    ["é1", ""],
    ["NULL ", ""],
  ])("SQL of %j", (piece, before) => {
    const text = before + piece.repeat(LENGTH / piece.length);
    for (const mysql of [false, true]) expect(maskSql(text, mysql).length).toBeLessThanOrEqual(text.length);
  });

  it("Redis: one argument, many, many commands", () => {
    expect(maskRedis(`SET k ${"x".repeat(LENGTH)}`)).toBe("SET k ?");
    expect(maskRedis(`SADD k${" v".repeat(LENGTH / 2)}`)).toBe("SADD k ?");
    expect(maskRedis(`MSET${" k v".repeat(LENGTH / 4)}`)).toBe(`MSET${" k ?".repeat(LENGTH / 4)}`);
    expect(maskRedis("AUTH x\n".repeat(LENGTH / 8))).toBe("AUTH ?\n".repeat(LENGTH / 8).trimEnd());
  });

  it("URLs: one segment, and many", () => {
    expect(maskUrl(`/${"the".repeat(LENGTH / 4)}`)).toBe(`/${"the".repeat(LENGTH / 4)}`);
    expect(maskUrl("/a".repeat(LENGTH / 2))).toBe("/a".repeat(9));
  });

  it("JSON: one text, and many values", () => {
    expect(maskJson(JSON.stringify('\\"'.repeat(LENGTH / 2)))).toBe('"?"');
    expect(maskJson(`[${"1, ".repeat(LENGTH / 4)}2]`)).toBe(`[${'"?",'.repeat(LENGTH / 4)}"?"]`);
  });
});

it("JSON is masked down to 10,000 levels, and left alone below", () => {
  const nested = (levels: number) => "[".repeat(levels) + 1 + "]".repeat(levels);
  expect(maskJson(nested(10_000))).toBe(nested(10_000).replace("1", '"?"'));
  expect(maskJson(nested(10_001))).toBe(nested(10_001));
});

it("a NUL character ends a command of SQL", () => {
  expect(maskSql("a = 1\0 secret")).toBe("a = ?");
  expect(maskSql("a = 'x\0 secret'")).toBe("a = ?");
});

it("words are told from ids", () => {
  expect(["products", "user-space", "v", "", "---", "Größe"].map(looksLikeWords)).toEqual([true, true, true, true, true, true]);
  expect(["xkcdqzv", "zxcvwerjasc", "fdklsd"].map(looksLikeWords)).toEqual([false, false, false]);
});

it("no byte changes where a sanitizer has nothing to do", () => {
  const settings = {
    allow_all_keys: true,
    url_sanitizer: { enabled: true, attributes: ["url"] },
    db_sanitizer: { sql: { enabled: true, attributes: ["db"] } },
  };
  const span = {
    traceId: new Uint8Array(16).fill(1),
    spanId: new Uint8Array(8).fill(1),
    name: "GET /users",
    kind: 3,
    attributes: [
      { key: "url", value: { stringValue: "/users" } },
      { key: "db", value: { stringValue: "SELECT 1" } },
    ],
  };
  const request = judge("traces").encode({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  expect(build(redaction, settings, "traces").run(request).changed).toBe(false);
});
