import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GOOD, validate } from "./harness.ts";
import { runsHere } from "../harness/runs.ts";

const PIECES = [
  "${env:A}",
  "${X:-d}",
  "$$",
  "null",
  "[]",
  "{}",
  "[[]]",
  "{a: {b: 1}}",
  "~",
  "1",
  "-0x1f",
  "true",
  "otlp",
  "&a ",
  "*a",
  "<<: *a",
  "\t",
  "'",
  '"',
  "__proto__: {a: 1}",
  "constructor: 1",
  "? ",
  "- ",
  "!!binary x",
  "!foo ",
  "|\n",
  "#",
  "%",
  "\u0000",
  "\ud800",
];

describe("damaged configurations", () => {
  const lines = GOOD.split("\n");

  it("are judged, whatever was put into them, and each problem has its place", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(lines.length - 1), fc.nat(30), fc.constantFrom(...PIECES)), { minLength: 1, maxLength: 4 }), async (edits) => {
        const changed = [...lines];
        for (const [line, column, piece] of edits) {
          const text = changed[line] ?? "";
          changed[line] = text.slice(0, column) + piece + text.slice(Math.min(column + 3, text.length));
        }
        const { plan, problems } = await validate(changed.join("\n"), { env: { A: "{a: 1}" } });
        expect(plan === undefined).toBe(problems.length > 0);
        for (const { message, where } of problems) {
          expect(message).toMatch(/^Cannot /);
          expect(message.endsWith(".")).toBe(false);
          if (where !== undefined) expect(where.column).toBeLessThanOrEqual(where.lineText.length + 1);
        }
      }),
      { numRuns: runsHere(1500) },
    );
  });

  it("are judged when cut anywhere", async () => {
    for (let length = 0; length <= GOOD.length; length++) {
      const { plan, problems } = await validate(GOOD.slice(0, length));
      expect(plan === undefined).toBe(problems.length > 0);
    }
  });

  it("do not change the prototype of anything", async () => {
    await validate(`${GOOD}x: {__proto__: {polluted: 1}, constructor: {prototype: {polluted: 1}}}\n`);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    const { problems } = await validate(GOOD.replace("    endpoint:", "    __proto__: {a: 1}\n    toString: 1\n    endpoint:"));
    expect(problems.map(({ where, message }) => `${where?.line} ${message}`)).toEqual([
      '10 Cannot use key "__proto__": exporters.otlp_http/vendor has no such key',
      '11 Cannot use key "toString": exporters.otlp_http/vendor has no such key',
    ]);
  });
});
