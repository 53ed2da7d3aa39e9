import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT } from "../harness/command.ts";
import { folder, sluice } from "./harness.ts";

const GOOD = `receivers:
  otlp:
    protocols:
      http:
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:1
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [otlp_http]
`;

const files = folder({
  "good.yaml": GOOD,
  "over.yaml": "exporters:\n  otlp_http:\n    compression: zstd\n",
  "bad.yaml": GOOD.replace("endpoint: http", "endpont: http").replace("[otlp_http]", "[otlp_htp]"),
  "tab.yaml": "receivers:\n\totlp:\n",
  "warned.yaml": GOOD.replaceAll("otlp_http", "otlphttp").replace("    endpoint", "    sending_queue: {queue_size: 7}\n    endpoint"),
});
afterAll(() => files.dispose());

describe("usage", () => {
  it("prints the version that package.json has", async () => {
    const { version }: { readonly version: string } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(await sluice(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("prints help, 0 when asked for, 2 when not", async () => {
    const asked = await sluice(["--help"]);
    expect(asked.code).toBe(0);
    for (const command of ["run", "validate", "components", "schema", "start"]) expect(asked.stdout).toContain(`  ${command}`);
    expect((await sluice([])).code).toBe(2);
  });

  it.each([
    [["vlidate"], "(Did you mean validate?)"],
    [["validate", "--confg", "x"], "(Did you mean --config?)"],
    [["validate"], "Cannot start: no configuration is given\n  => Name one: --config sluice.yaml"],
    [["run"], "Cannot start: no configuration is given\n  => Name one: --config sluice.yaml"],
    [["validate", "--config", "no/such.yaml"], 'Cannot read configuration "no/such.yaml": there is no such file\n  => Check the path'],
  ])("%j is wrong usage", async (args, expected) => {
    const { code, stdout, stderr } = await sluice(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(expected);
  });
});

describe("validate", () => {
  it("prints the pipelines in a table that aligns, without colours", async () => {
    const { code, stdout, stderr } = await sluice(["validate", "--config", files.path("good.yaml")]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`valid

pipeline  receivers  processors  exporters  waits for
traces    otlp       -           otlp_http  all exporters
`);
  });

  it("shows each problem with its line, a caret and the cure", async () => {
    const path = files.path("bad.yaml");
    const { code, stdout, stderr } = await sluice(["validate", "--config", path]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`${path}:7:5: Cannot use key "endpont": exporters.otlp_http has no such key
  7 |     endpont: http://127.0.0.1:1
    |     ^
  => Did you mean "endpoint"?
`);
    expect(stderr).toContain(`${path}:12:19: Cannot use "otlp_htp": it is not defined under exporters
  12 |       exporters: [otlp_htp]
     |                   ^
  => Did you mean "otlp_http"?
`);
  });

  it("keeps the caret under its character behind a tab", async () => {
    const { code, stderr } = await sluice(["validate", "--config", files.path("tab.yaml")]);
    expect(code).toBe(2);
    expect(stderr).toContain(":2:1: Cannot read YAML: a tab is used as indentation\n  2 | \totlp:\n    | ^\n  => Indent with spaces\n");
  });

  it("names warnings and memory queues, and is valid all the same", async () => {
    const path = files.path("warned.yaml");
    const { code, stdout } = await sluice(["validate", "--config", path]);
    expect(code).toBe(0);
    expect(stdout).toContain(`${path}:6:3: "otlphttp" alias is deprecated; use "otlp_http"\n`);
    expect(stdout).toMatch(/exporters\.otlphttp\.sending_queue +7 requests, 67108864 bytes, of each signal +answers before the destination has the data/);
    expect(stdout).toContain("to be safe, name a storage, or set its wait_for_result to true");
  });

  it("merges sources and --set, ignores feature gates with a warning", async () => {
    const { code, stdout } = await sluice([
      "validate",
      "--json",
      "--config",
      files.path("good.yaml"),
      "--config",
      files.path("over.yaml"),
      "--config",
      "yaml:exporters::otlp_http/b: {endpoint: 'http://h'}",
      "--set",
      "service.pipelines.traces.exporters=[otlp_http/b, otlp_http]",
      "--feature-gates=-x.y,z",
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      valid: true,
      problems: [],
      warnings: [{ message: "Feature gate -x.y,z is ignored: Sluice has none", cure: null, path: null, source: null, line: null, column: null }],
      pipelines: [{ id: "traces", signal: "traces", receivers: ["otlp"], processors: [], exporters: ["otlp_http/b", "otlp_http"], primary: null }],
      memoryQueues: [],
    });
  });

  it("prints problems as JSON", async () => {
    const { code, stdout, stderr } = await sluice(["validate", "--json", "--config", files.path("bad.yaml")]);
    expect([code, stderr]).toEqual([2, ""]);
    const { valid, problems }: { readonly valid: boolean; readonly problems: readonly unknown[] } = JSON.parse(stdout);
    expect(valid).toBe(false);
    expect(problems).toContainEqual({
      message: 'Cannot use key "endpont": exporters.otlp_http has no such key',
      cure: 'Did you mean "endpoint"?',
      path: "exporters.otlp_http.endpont",
      source: files.path("bad.yaml"),
      line: 7,
      column: 5,
    });
  });

  it("colours only when asked to, where there is no terminal", async () => {
    const { stdout } = await sluice(["validate", "--config", files.path("good.yaml")], { FORCE_COLOR: "1" });
    expect(stdout.includes("\u001b[")).toBe(true);
  });

  it.each(["quickstart.yaml", "fan-out.yaml", "collector.yaml"])("finds examples/%s valid", async (name) => {
    const { code, stderr } = await sluice(["validate", "--config", `examples/${name}`]);
    expect([stderr, code]).toEqual(["", 0]);
  });
});

describe("components and schema", () => {
  it("lists the built-in components", async () => {
    const { code, stdout } = await sluice(["components"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^id +kind +signals +aliases +summary\n/);
    expect(stdout).toMatch(/^otlp_http +exporter +traces, metrics, logs.* +otlphttp +\S/m);
    const listed: readonly { readonly id: string }[] = JSON.parse((await sluice(["components", "--json"])).stdout);
    expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining(["otlp", "otlp_http"]));
  });

  it("prints the committed schema", async () => {
    const { code, stdout } = await sluice(["schema"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(join(ROOT, "docs/schema/sluice.schema.json"), "utf8")));
  });
});
