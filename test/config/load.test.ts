import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { locate, toPlain } from "../../src/config/tree.ts";
import { load, providers, shown } from "./harness.ts";

describe("merging", () => {
  it("merges maps, replaces lists and scalars, the last source wins", async () => {
    const { root, problems } = await load({
      "a.yaml": "x: {a: 1, b: [1, 2], c: {d: 1}}\ny: 1\n",
      "b.yaml": "x: {b: [3], c: {e: 2}}\ny: {z: 1}\n",
    });
    expect(problems).toEqual([]);
    expect(toPlain(root)).toEqual({ x: { a: 1, b: [3], c: { d: 1, e: 2 } }, y: { z: 1 } });
  });

  it("keeps the source of every value", async () => {
    const { root } = await load({ "a.yaml": "x:\n  a: 1\n  b: 2\n", "b.yaml": "\n\nx:\n  b: 3\n" });
    expect(locate(root, ["x", "a"]).node?.where).toMatchObject({ source: "a.yaml", line: 2, column: 6 });
    expect(locate(root, ["x", "b"]).node?.where).toMatchObject({ source: "b.yaml", line: 4, column: 6, lineText: "  b: 3" });
    expect(locate(root, ["x", "b"]).keyWhere).toMatchObject({ source: "b.yaml", line: 4, column: 3 });
  });

  it("takes yaml:, env: and file: sources in their order", async () => {
    const world = providers({ env: { CONF: "a: 2\nb: 2" }, files: { "f.yaml": "a: 1\nb: 1\nc: 1" } });
    const { root } = await loadConfig({ configs: ["file:f.yaml", "env:CONF", "yaml:exporters::debug::verbosity: detailed", "yaml:b: 3"] }, world);
    expect(toPlain(root)).toEqual({ a: 2, b: 3, c: 1, exporters: { debug: { verbosity: "detailed" } } });
  });

  it("expands what the sources came to, not each by itself", async () => {
    const { root, problems } = await load({ "a.yaml": "x: ${file:none}", "b.yaml": "x: fine" });
    expect([toPlain(root), problems]).toEqual([{ x: "fine" }, []]);
  });

  it("knows anchors, aliases and merge keys", async () => {
    const { root } = await load({ "a.yaml": "base: &b {a: 1, b: 2}\nx:\n  <<: *b\n  b: 3\ny: *b\nz: {<<: [*b, {c: 4, a: 9}]}\n" });
    expect(toPlain(root)).toMatchObject({ x: { a: 1, b: 3 }, y: { a: 1, b: 2 }, z: { a: 1, b: 2, c: 4 } });
  });

  it("reads integers in all forms that the Collector reads", async () => {
    const { root } = await load({ "a.yaml": "x: [0750, 0o17, 0x1F, -0x1f, 0b11, 1_000, 08, '0750', 0b12, 1_0a, _1, 0_7]" });
    expect(toPlain(root)).toEqual({ x: [488, 15, 31, -31, 3, 1000, 8, "0750", "0b12", "1_0a", "_1", 7] });
  });

  it("keeps integers past 2^53", async () => {
    const { root } = await load({ "a.yaml": "x: 9007199254740993\ny: 42" });
    expect(toPlain(root)).toEqual({ x: 9007199254740993n, y: 42 });
  });
});

describe("--set", () => {
  it.each([
    ["a.b.c=1", { a: { b: { c: 1 } } }],
    ["a.b=text", { a: { b: "text" } }],
    ["a=true", { a: true }],
    ["a=[1, 2]", { a: [1, 2] }],
    ["a={b: c}", { a: { b: "c" } }],
    ["a='8080'", { a: "8080" }],
    ["a=x=y", { a: "x=y" }],
    ["a::b=1", { a: { b: 1 } }],
    ["a=", { a: null }],
    ["a=${env:P}", { a: 80 }],
  ])("%s", async (set, expected) => {
    const { root, problems } = await load({ "c.yaml": "" }, { env: { P: "80" } }, [set]);
    expect([toPlain(root), problems]).toEqual([expected, []]);
  });

  it("wins over the sources, and places point into it", async () => {
    const { root } = await load({ "c.yaml": "a: {b: 1, c: 2}" }, {}, ["a.b=3"]);
    expect(toPlain(root)).toEqual({ a: { b: 3, c: 2 } });
    expect(locate(root, ["a", "b"]).node?.where).toEqual({ source: "--set", line: 1, column: 5, lineText: "a.b=3" });
  });

  it("says what is wrong with it", async () => {
    const { problems } = await load({ "c.yaml": "" }, {}, ["nothing", "a=[1", ".x=1"]);
    expect(problems.map(shown)).toEqual([
      '1:1 Cannot read --set "nothing": it has no key=value => Write it like exporters.debug.verbosity=detailed',
      expect.stringMatching(/^1:5 Cannot read YAML: /),
      '1:1 Cannot read --set ".x=1": it has no key=value => Write it like exporters.debug.verbosity=detailed',
    ]);
  });
});

describe("damaged text", () => {
  it.each([
    [
      "a: 1\nb: 2\na: 3\n",
      "3:1 Cannot read YAML: this key occurs twice in the same map => Remove one of the two, or give the component a name of its own: type/name",
    ],
    ["a:\n\tb: 1\n", "2:1 Cannot read YAML: a tab is used as indentation => Indent with spaces"],
    ["a: 1\n---\nb: 1\n", '2:1 Cannot read YAML: a second document begins => Keep one document in a file, without a second "---"'],
    ["a: b: c\n", '1:4 Cannot read YAML: a map begins where a value ends => Begin it on a line of its own, or quote the value if it is text with ": " in it'],
    [
      "a: *none\n",
      "1:4 Cannot read YAML: an alias names no anchor => Define the anchor, &name, above its first use, or quote the text if it begins with * by intent",
    ],
    [
      "a: {b: ${env:X}, c: 1}\nd: {e: 1}\nf: [g]\n",
      '1:9 Cannot read YAML: unexpected flow-map-start at node end => Put the reference in quotes, between braces and brackets: "${env:NAME}"',
    ],
    ["- a\n", "1:1 Cannot read configuration: it is no map of sections => Begin with keys such as receivers: and service:"],
    ["? {a: 1}\n: 2\n", "1:3 Cannot read YAML: a key is a map or a list => Quote the key if it is meant as text"],
    ["a:\n  <<: 1\n", '2:3 Cannot read YAML: "<<" takes a map, or a list of maps => Name an anchor of a map: <<: *name'],
  ])("%j", async (text, expected) => {
    const { problems } = await load({ "c.yaml": text });
    expect(problems.map(shown)[0]).toBe(expected);
  });

  it("has the line's text", async () => {
    const { problems } = await load({ "c.yaml": "a: 1\r\na: 2\r\n" });
    expect(problems[0]?.where).toEqual({ source: "c.yaml", line: 2, column: 1, lineText: "a: 2" });
  });

  it("bounds aliases, depth and the parser's stack", async () => {
    const bomb = Array.from(
      { length: 10 },
      (_, index) =>
        `a${index}: &a${index} [${Array(10)
          .fill(index === 0 ? "x" : `*a${index - 1}`)
          .join(", ")}]`,
    ).join("\n");
    for (const text of [bomb, `a: ${"[".repeat(250)}${"]".repeat(250)}`, `a: ${"[".repeat(20_000)}`, "a: &a [*a]"]) {
      const { problems } = await load({ "c.yaml": text });
      expect(problems[0]?.message).toMatch(/^Cannot read YAML: /);
    }
  });

  it("says what is wrong with a source", async () => {
    const { problems } = await loadConfig({ configs: ["none.yaml", "env:NONE", "https://h/c.yaml"] }, providers());
    expect(problems.map(shown)).toEqual([
      '- Cannot read configuration "none.yaml": there is no such file => Check the path and the file\'s permissions',
      '- Cannot read configuration "env:NONE": environment variable NONE is not set => Set NONE to the YAML text',
      '- Cannot read configuration "https://h/c.yaml": https: is not supported => Fetch the file before the start and give its path',
    ]);
  });
});
