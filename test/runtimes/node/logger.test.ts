/** Log lines: escaped, one line each, limited when they repeat. */
import { expect, test } from "vitest";
import { hideKnown, hideSecrets, nodeLogger } from "../../../src/runtimes/node/logger.ts";
import type { LogLevel } from "../../../src/base/host.ts";

function fixture(format: "text" | "json", level: LogLevel = "debug") {
  const lines: string[] = [];
  const clock = { ms: Date.UTC(2026, 0, 1) };
  const logger = nodeLogger({ format, level, write: (line) => lines.push(line), nowMs: () => clock.ms });
  return { lines, clock, logger };
}

test("text and JSON", () => {
  const text = fixture("text");
  text.logger.log("warn", "Export failed", { exporter: "otlp_http/a", items: 3, message: 'he said "no"' });
  expect(text.lines).toEqual(['2026-01-01T00:00:00.000Z WARN  Export failed exporter=otlp_http/a items=3 message="he said \\"no\\""\n']);
  const json = fixture("json");
  json.logger.log("info", "Up", { level: "forged", n: 1 });
  expect(JSON.parse(json.lines[0] ?? "")).toEqual({ time: "2026-01-01T00:00:00.000Z", level: "info", msg: "Up", n: 1 });
});

test("nothing from telemetry starts a line or moves the terminal", () => {
  for (const format of ["text", "json"] as const) {
    const { lines, logger } = fixture(format);
    logger.log("error", "Bad", { value: "a\nERROR forged\u001b[2J\r\u2028\u202e\u0000" });
    expect(lines.length).toBe(1);
    // eslint-disable-next-line no-control-regex
    expect(lines[0]?.slice(0, -1)).not.toMatch(/[\u0000-\u001f]/);
  }
  const { lines, logger } = fixture("text");
  logger.log("info", "Long", { value: "x".repeat(100_000) });
  expect(lines[0]?.length).toBeLessThan(700);
});

test("levels below the wanted one are not written", () => {
  const { lines, logger } = fixture("text", "warn");
  for (const level of ["debug", "info", "warn", "error"] as const) logger.log(level, "x");
  expect(lines.map((line) => line.split(" ")[1])).toEqual(["WARN", "ERROR"]);
});

test("a line that repeats is counted, and others are not held back", () => {
  const { lines, clock, logger } = fixture("text");
  for (let i = 0; i < 1000; i++) logger.log("warn", "Again", { i });
  logger.log("warn", "Another");
  expect(lines.length).toBe(11);
  clock.ms += 10_000;
  logger.log("warn", "Again");
  expect(lines.at(-1)).toContain("suppressed=990");
  logger.log("warn", "Again");
  expect(lines.at(-1)).not.toContain("suppressed");
});

test("each component has its own ten lines", () => {
  const { lines, logger } = fixture("text");
  for (let i = 0; i < 100; i++) for (const exporter of ["a", "b"]) logger.log("warn", "Failed", { exporter, i });
  expect(lines.map((line) => /exporter=(\w)/.exec(line)?.[1])).toEqual(Array.from({ length: 10 }, () => ["a", "b"]).flat());
});

test("what was held back is told when anything else is, once its time is over", () => {
  const { lines, clock, logger } = fixture("json");
  for (let i = 0; i < 15; i++) logger.log("warn", "Failed", { exporter: "a", message: "503" });
  clock.ms += 9_999;
  logger.log("info", "Still");
  expect(lines.length).toBe(11);
  clock.ms += 1;
  logger.log("info", "Other");
  expect(lines.slice(11).map((line) => JSON.parse(line))).toMatchObject([{ level: "warn", msg: "Failed", exporter: "a", suppressed: 5 }, { msg: "Other" }]);
  logger.log("warn", "Failed", { exporter: "a" });
  expect(JSON.parse(lines.at(-1) ?? "")).not.toHaveProperty("suppressed");
});

test("no more messages are counted than there is room for, and none is forgotten untold", () => {
  const { lines, logger } = fixture("text");
  for (let i = 0; i < 11; i++) logger.log("warn", "First");
  for (let i = 0; i < 256; i++) logger.log("warn", `Message ${i}`);
  expect(lines.filter((line) => line.includes("suppressed")).map((line) => line.slice(25))).toEqual(["WARN  First suppressed=1\n"]);
});

test("a clock that is set back holds nothing back for ever", () => {
  const { lines, clock, logger } = fixture("text");
  for (let i = 0; i < 11; i++) logger.log("warn", "Again");
  clock.ms -= 86_400_000;
  logger.log("warn", "Again");
  expect(lines.at(-1)).toContain("suppressed=1");
});

test.each([
  ["Post https://user:pa@ss@vendor.example/v1/traces", "Post https://***@vendor.example/v1/traces"],
  ["https://vendor.example/v1?api_key=abc123&x=1", "https://vendor.example/v1?api_key=***&x=1"],
  ["Authorization: Bearer eyJhbGciOi.J9-_x", "Authorization: *** ***"],
  ["got Basic dXNlcjpwYXNz== there", "got Basic *** there"],
  ['{"x-honeycomb-team-token": "s3cr3t", "ok": 1}', '{"x-honeycomb-team-token": "***", "ok": 1}'],
  [String.raw`{\"password\":\"hunter2\"}`, String.raw`{\"password\":\"***\"}`],
  ["DD-API-KEY=0123456789abcdef", "DD-API-KEY=***"],
  ["Set-Cookie: sid=1; Path=/", "Set-Cookie: ***; Path=/"],
  // What only looks like it stays.
  ["http://127.0.0.1:4318/v1/traces", "http://127.0.0.1:4318/v1/traces"],
  ["basic authentication is not available", "basic authentication is not available"],
  ["a mail to a@b.example about https://b.example/", "a mail to a@b.example about https://b.example/"],
  ["Unexpected token in JSON at position 4", "Unexpected token in JSON at position 4"],
])("%s is written without its secret", (text, hidden) => {
  expect(hideSecrets(text)).toBe(hidden);
  for (const format of ["text", "json"] as const) {
    const { lines, logger } = fixture(format);
    logger.log("warn", text, { message: text });
    if (text !== hidden)
      for (const secret of ["pa@ss", "abc123", "eyJ", "dXNl", "s3cr3t", "hunter2", "0123456789abcdef", "sid=1"]) expect(lines[0]).not.toContain(secret);
  }
});

test("a secret that is cut off is hidden before it is cut", () => {
  const { lines, logger } = fixture("json");
  logger.log("warn", "Long", { message: `${"x".repeat(480)} https://user:${"s".repeat(100)}@host` });
  expect(lines[0]).not.toContain("sss");
});

test("long text costs no more than its length", () => {
  const { lines, logger } = fixture("json");
  for (const text of ["a.".repeat(200_000), "token ".repeat(60_000), "token:".repeat(60_000), "://".repeat(100_000), "api-key ".repeat(50_000)]) {
    logger.log("warn", "Long", { message: text });
  }
  expect(lines.length).toBe(5);
});

test("known secrets are hidden wherever they stand", () => {
  expect(hideKnown("invalid key abcdefgh for abcdefgh", ["abcdefgh", "other"])).toBe("invalid key *** for ***");
});
