/** Log lines: escaped, one line each, limited when they repeat. */
import { expect, test } from "vitest";
import { nodeLogger } from "../../../src/runtimes/node/logger.ts";
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
