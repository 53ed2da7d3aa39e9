import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/base/errors.ts";
import { expandTree, expandValue } from "../../src/config/expand.ts";
import { parseYaml } from "../../src/config/parse.ts";
import type { Where } from "../../src/config/plan.ts";
import { SourceText } from "../../src/config/source.ts";
import { toPlain, type TreeNode } from "../../src/config/tree.ts";
import { load, providers, type World } from "./harness.ts";
import { runsHere } from "../harness/runs.ts";

const where: Where = { source: "t", line: 1, column: 1, lineText: "" };

async function expand(text: string, world: World = {}): Promise<unknown> {
  return toPlain(await expandValue(text, where, providers(world)));
}

async function failure(text: string, world: World = {}): Promise<string> {
  const error: unknown = await expandValue(text, where, providers(world)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SluiceError)) return `no SluiceError: ${String(error)}`;
  expect(error.code).toBe("config");
  return `${error.message} => ${error.cure}`;
}

describe("references", () => {
  const env = {
    HOST: "db",
    PORT: "8080",
    EMPTY: "",
    YES: "true",
    PI: "3.5",
    OCTAL: "0123",
    LIST: "[a, b]",
    QUOTED: '"8080"',
    BROKEN: "a: [",
    NAME_OF: "HOST",
    VIA: "${env:PORT}",
    MONEY: "a$$b",
  };

  it.each([
    ["${env:HOST}", "db"],
    ["${HOST}", "db"],
    ["${env:PORT}", 8080],
    ["${env:YES}", true],
    ["${env:PI}", 3.5],
    ["${env:LIST}", ["a", "b"]],
    ["${env:QUOTED}", '"8080"'],
    ["${env:BROKEN}", "a: ["],
    ["${env:EMPTY}", null],
    ["${env:EMPTY:-x}", null],
    ["${env:NONE:-x}", "x"],
    ["${env:NONE:-8080}", 8080],
    ["${env:NONE:-}", null],
    ["${env:NONE:-http://h:1/p}", "http://h:1/p"],
    ["http://${env:HOST}:${PORT}/", "http://db:8080/"],
    ["x${env:OCTAL}", "x0123"],
    ["x${env:NONE}y", "xy"],
    ["${env:${env:NAME_OF}}", "db"],
    ["${env:NONE:-${env:PORT}}", 8080],
    ["${env:VIA}", 8080],
    ["x${env:VIA}", "x8080"],
    ["${yaml:{a: 1}}}", "{a: 1}}"],
    ["${yaml:[1, x]}", [1, "x"]],
    ["$$", "$"],
    ["$", "$"],
    ["a$b", "a$b"],
    ["$${HOST}", "${HOST}"],
    ["$$$${HOST}", "$${HOST}"],
    ["$$${HOST}", "$db"],
    ["$${HOST} ${HOST}", "${HOST} db"],
    ["${HOST", "${HOST"],
    ["}${HOST}", "}db"],
    ["${env:MONEY}", "a$b"],
  ])("%s", async (text, expected) => {
    expect(await expand(text, { env })).toEqual(expected);
  });

  it("keeps the text of a typed value, for keys of type string", async () => {
    const node = await expandValue("${env:OCTAL}", where, providers({ env }));
    expect(node.text).toBe("0123");
    const list = await expandValue("${env:LIST}", where, providers({ env }));
    expect(list.text).toBe("[a, b]");
  });

  it("reads files, a map with places of its own", async () => {
    const files = { "part.yaml": "a: 1\nb:\n  c: ${env:HOST}\n", "token.txt": "0042\n" };
    expect(await expand("${file:part.yaml}", { env, files })).toEqual({ a: 1, b: { c: "db" } });
    expect(await expand("Bearer ${file:token.txt}", { files })).toBe("Bearer 0042\n");
    const node = await expandValue("${file:part.yaml}", where, providers({ env, files }));
    expect(node.kind === "map" && node.entries.get("b")?.keyWhere).toMatchObject({ source: "part.yaml", line: 2, column: 1 });
  });
});

describe("what cannot be expanded", () => {
  it.each([
    ["${X:-d}", 'Cannot expand "${X:-d}": invalid uri => Write ${env:X:-d}: a default needs the "env:" in front'],
    ["${MY_HOST:-d}", 'Cannot expand "${MY_HOST:-d}": invalid uri => Write ${env:MY_HOST:-d}: a default needs the "env:" in front'],
    ["${HOST:-d}", 'Cannot expand "${HOST:-d}": scheme "HOST" is not supported => Write ${env:HOST:-d}: a default needs the "env:" in front'],
    [
      "${http://h/}",
      'Cannot expand "${http://h/}": scheme "http" is not supported => Known are env:, file: and yaml:; for http: and https:, fetch the file before the start',
    ],
    [
      "${1X}",
      'Cannot expand "${1X}": "1X" is no name of an environment variable => Use letters, digits and underscores, with no digit first; write "$$" for a dollar sign',
    ],
    [
      "${env:a-b}",
      'Cannot expand "${env:a-b}": "a-b" is no name of an environment variable => Use letters, digits and underscores, with no digit first; write "$$" for a dollar sign',
    ],
    [
      "${file:none}",
      'Cannot expand "${file:none}": there is no such file => Correct the path (it is relative to the working directory), or the file\'s permissions',
    ],
    ["${env:LOOP}", 'Cannot expand "${env:LOOP}": more expansions than 100 behind one another => Look for a value that refers to itself'],
    ["x ${env:GROW}", 'Cannot expand "${env:GROW}": the text grows past 1048576 characters => Look for a value that refers to itself'],
  ])("%s", async (text, expected) => {
    const env = { LOOP: "${env:LOOP}", GROW: "${env:GROW}".repeat(400) };
    expect(await failure(text, { env })).toBe(expected);
  });

  it("ends when a list holds itself", async () => {
    const root: TreeNode = { kind: "scalar", value: "${env:LOOP}", where };
    const { problems } = await expandTree(root, providers({ env: { LOOP: "[ '${env:LOOP}', '${env:LOOP}' ]" } }));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]?.message).toContain("more expansions than 100 behind one another");
  });

  it("warns once of an unset variable, with its place and a cure", async () => {
    const { root, warnings } = await load({ "c.yaml": "a: 1\nb: ${env:NONE}\nc: x${NONE}\n" });
    expect(toPlain(root)).toEqual({ a: 1, b: null, c: "x" });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      message: "Environment variable NONE is not set: its value is empty here",
      cure: "Set NONE, or give a default: ${env:NONE:-default}",
      where: { line: 2, column: 4 },
    });
  });

  it("names every place in one go", async () => {
    const { problems } = await load({ "c.yaml": "a: ${X:-d}\nb:\n  - 1\n  - x ${file:none} y\n" });
    expect(problems.map((one) => `${one.where?.line}:${one.where?.column}`)).toEqual(["1:4", "4:5"]);
  });
});

describe("laws", () => {
  const token = fc.constantFrom(
    "${",
    "}",
    "$",
    "$$",
    "env:",
    "file:",
    "yaml:",
    ":-",
    "A",
    "B",
    "f",
    "x",
    " ",
    "[",
    "]",
    "{",
    "'",
    '"',
    "\n",
    "1",
    "&a ",
    "*a",
    "- ",
    ": ",
  );
  const text = fc.array(token, { maxLength: 14 }).map((parts) => parts.join(""));

  it("never throws anything but a SluiceError", async () => {
    await fc.assert(
      fc.asyncProperty(text, text, text, text, async (value, A, B, f) => {
        try {
          await expandValue(value, where, providers({ env: { A, B }, files: { f } }));
        } catch (error) {
          expect(error).toBeInstanceOf(SluiceError);
        }
      }),
      { numRuns: runsHere(2000) },
    );
  });

  it("never rejects for a tree, whatever it holds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 60 }), text, async (yaml, A) => {
        const { root } = parseYaml(new SourceText("t", yaml));
        if (root !== undefined) await expandTree(root, providers({ env: { A } }));
      }),
      { numRuns: runsHere(500) },
    );
  });

  it("leaves text without references as it is, dollars doubled", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (plain) => {
        expect(await expand(plain.replaceAll("$", () => "$$"))).toBe(plain);
      }),
    );
  });
});
