/** Group B of the campaign: texts that are too deep, or no JSON. */
import { expect } from "vitest";
import { utf8 } from "../harness/bytes.ts";
import { sendBoth, valueOf, valuesIn } from "./arrivals.ts";
import { acceptSpan, log, nestedValue, refuse, span } from "./json-inputs.ts";
import { expectAccepted, type Case, type Group } from "./rig.ts";

const DEEP: readonly Case[] = [
  {
    id: "B34",
    input: "nested 64 values, or 100 levels of what nobody knows",
    answer: "200",
    async run(rig) {
      await sendBoth(rig, "logs", "json", log(nestedValue(64)), (reply, arrived) => {
        expectAccepted(reply, "json");
        let depth = 1;
        for (let [value] = valuesIn(arrived); valueOf(value) !== undefined; value = valueOf(value)) depth++;
        expect(depth).toBe(64);
      });
      await acceptSpan(rig, span(`"x":${"[".repeat(100)}${"]".repeat(100)}`), () => {});
    },
  },
  {
    id: "B34",
    input: "nested 65 values, 100, 10,000 and 10 MB of nothing but opening brackets, in known and in unknown fields",
    answer: "400, and nothing else is held up",
    async run(rig) {
      await refuse(
        rig,
        "logs",
        [65, 100, 10_000].map((depth) => log(nestedValue(depth))),
        "nested deeper than 64 values",
      );
      const units = ["[", '{"a":', '{"arrayValue":{"values":['];
      const whole = 'resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":';
      for (const unit of units) {
        await refuse(
          rig,
          "logs",
          [10_000, 10_000_000 / unit.length].map((depth) => `{"x":${unit.repeat(depth)}`),
          "nested deeper than",
        );
        await refuse(rig, "logs", [`{"${whole}${unit.repeat(10_000_000 / unit.length)}`]);
      }
    },
  },
];

const NOT_JSON: readonly Case[] = [
  {
    id: "B35",
    input: "a UTF-8 byte order mark",
    answer: "ignored",
    async run(rig) {
      await acceptSpan(rig, utf8(`\uFEFF${span('"name":"marked"')}`), ({ name }) => expect(name).toBe("marked"));
    },
  },
  {
    id: "B35",
    input: "a body in UTF-16",
    answer: "400",
    async run(rig) {
      const wide = Buffer.from(`\uFEFF${span('"name":"wide"')}`, "utf16le");
      await refuse(rig, "traces", [wide, wide.subarray(2)], "not JSON here");
    },
  },
  {
    id: "B35",
    input: "half a surrogate pair, and text that is not UTF-8",
    answer: "repaired with U+FFFD",
    async run(rig) {
      for (const escape of ["\\ud800", "\\udc00"]) {
        await acceptSpan(rig, span(`"name":"a${escape}b"`), ({ name }) => expect(name).toBe("a\uFFFDb"));
      }
      const [before = "", after = ""] = span('"name":"a|b"').split("|");
      await acceptSpan(rig, Buffer.concat([utf8(before), Uint8Array.of(0xff), utf8(after)]), ({ name }) => expect(name).toBe("a\uFFFDb"));
    },
  },
  {
    id: "B35",
    input: "NUL, raw control characters, something behind the document, a trailing comma, a comment, nothing at all",
    answer: "400",
    async run(rig) {
      const good = span('"name":"x"');
      const tails = ["\u0000", "x", good, ",", "}"].map((tail) => good + tail);
      await refuse(rig, "traces", tails, "something follows the request");
      await refuse(
        rig,
        "traces",
        ["\u0000", "\n", "\u001f"].map((raw) => span(`"name":"${raw}"`)),
        "raw control character",
        "spans[0].name",
      );
      const damaged = [
        "",
        " ",
        "null",
        "[]",
        '"x"',
        "{",
        good.slice(0, -1),
        `{"x":1,}`,
        `[${good}]`,
        `/* */${good}`,
        `// x\n${good}`,
        "{'a':1}",
        "{a:1}",
        '{"x":01}',
      ];
      await refuse(rig, "traces", damaged);
    },
  },
];

export const JSON_TEXT_GROUPS: readonly Group[] = [
  { title: "JSON: depth", cases: DEEP },
  { title: "JSON: what is none", cases: NOT_JSON },
];
