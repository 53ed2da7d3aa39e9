import { describe, expect, it } from "vitest";
import { validateConfig } from "../../src/config/validate.ts";
import { GOOD, load, registry, shown, validate } from "./harness.ts";

/** GOOD with one text replaced. */
function edited(from: string, to: string): string {
  expect(GOOD).toContain(from);
  return GOOD.replace(from, () => to);
}

/** GOOD with lines added to its exporter. */
function withLines(lines: string): string {
  return edited("    endpoint: https://vendor.example\n", `    endpoint: https://vendor.example\n${lines}`);
}

function queue(text: string): string {
  return withLines(`    sending_queue: ${text}\n`);
}

function exporter(lines: string, env: Readonly<Record<string, string>> = {}) {
  return validate(withLines(lines), { env });
}

async function settingsOf(lines: string, env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const { plan, problems } = await exporter(lines, env);
  expect(problems.map(shown)).toEqual([]);
  return plan?.exporters[0]?.config;
}

async function problemsOf(text: string): Promise<string[]> {
  const { loaded, plan, problems } = await validate(text);
  expect(loaded.problems).toEqual([]);
  expect(plan).toBeUndefined();
  return problems.map(shown);
}

async function warningsOf(text: string): Promise<string[]> {
  const { plan, problems, warnings } = await validate(text);
  expect(problems.map(shown)).toEqual([]);
  expect(plan).toBeDefined();
  return warnings.map(shown);
}

describe("a plan", () => {
  it("has what the pipelines use, with defaults filled in", async () => {
    const { plan, problems, warnings } = await validate(GOOD);
    expect([problems, warnings]).toEqual([[], []]);
    expect(plan?.receivers.map(({ id, config }) => [id, config])).toEqual([["otlp", { protocols: { http: null } }]]);
    expect(plan?.processors.map(({ id, config }) => [id, config])).toEqual([["probabilistic_sampler", { sampling_percentage: 25, mode: "hash_seed" }]]);
    expect(plan?.exporters.map(({ id, config }) => [id, config])).toEqual([
      ["otlp_http/vendor", { endpoint: "https://vendor.example", timeout: 30_000, compression: "gzip", headers: {}, retries: 3 }],
    ]);
    expect(plan?.exporters[0]?.where).toMatchObject({ line: 9, column: 3 });
    expect(plan?.pipelines).toMatchObject([
      {
        id: "traces",
        signal: "traces",
        receivers: ["otlp"],
        processors: ["probabilistic_sampler"],
        exporters: ["otlp_http/vendor"],
        primary: undefined,
        where: { line: 13, column: 5 },
      },
    ]);
    expect(plan?.logLevel).toBeUndefined();
  });

  it("takes several pipelines of a signal, and of several", async () => {
    const { plan } = await validate(
      `${GOOD}    traces/errors: {receivers: [otlp], exporters: [otlp_http/vendor]}\n    logs: {receivers: [otlp], exporters: [otlp_http/vendor]}\n`,
    );
    expect(plan?.pipelines.map(({ id, signal }) => `${id} ${signal}`)).toEqual(["traces traces", "traces/errors traces", "logs logs"]);
  });

  it("takes the log settings of service.telemetry", async () => {
    const { plan, warnings } = await validate(`${GOOD}  telemetry: {logs: {level: DEBUG, encoding: json}}\n`);
    expect(warnings).toEqual([]);
    expect([plan?.logLevel, plan?.logFormat]).toEqual(["debug", "json"]);
    expect((await validate(`${GOOD}  telemetry: {logs: {level: fatal, encoding: console}}\n`)).plan).toMatchObject({ logLevel: "error", logFormat: "text" });
  });

  it("takes await and primary", async () => {
    const both = edited("exporters: [otlp_http/vendor]", "exporters: [otlp_http/vendor, debug]\n      await: primary").replace(
      "exporters:\n",
      "exporters:\n  debug:\n",
    );
    expect((await validate(both)).plan?.pipelines[0]?.primary).toBe("otlp_http/vendor");
    expect((await validate(both.replace("await: primary", "await: primary\n      primary: debug"))).plan?.pipelines[0]?.primary).toBe("debug");
    expect((await validate(both.replace("await: primary", "await: all"))).plan?.pipelines[0]?.primary).toBeUndefined();
  });

  it("keeps a component's name when it is an alias", async () => {
    const { plan } = await validate(GOOD.replaceAll("otlp_http", "otlphttp"));
    expect(plan?.exporters[0]).toMatchObject({ id: "otlphttp/vendor", definition: { id: "otlp_http" } });
    expect(plan?.pipelines[0]?.exporters).toEqual(["otlphttp/vendor"]);
  });

  it("names memory queues with their bound", async () => {
    expect((await validate(queue("{}"))).plan?.memoryQueues).toEqual([
      { component: "otlp_http/vendor", path: "exporters.otlp_http/vendor.sending_queue", bound: "1000 requests", inForce: false },
    ]);
    expect((await validate(queue("{queue_size: 5, sizer: bytes}"))).plan?.memoryQueues[0]?.bound).toBe("5 bytes");
    expect((await validate(queue("{enabled: false}"))).plan?.memoryQueues).toEqual([]);
    expect((await validate(queue("{storage: file_storage}"))).plan?.memoryQueues).toEqual([]);
  });
});

describe("typed values", () => {
  it("take the type of the text, quoted or not, and its text where a string is due", async () => {
    expect(await settingsOf('    retries: "${env:N:-7}"\n')).toMatchObject({ retries: 7 });
    expect(await settingsOf("    retries: ${env:N}\n", { N: "9" })).toMatchObject({ retries: 9 });
    expect(await settingsOf("    headers: {key: '${env:KEY}'}\n", { KEY: "0042" })).toMatchObject({ headers: { key: "0042" } });
    expect(await settingsOf("    headers: [{name: key, value: '${env:KEY}'}]\n", { KEY: "1e5" })).toMatchObject({ headers: { key: "1e5" } });
    expect(await settingsOf("    headers: {key: '${env:KEY}'}\n", { KEY: '{"a": 1}' })).toMatchObject({ headers: { key: '{"a": 1}' } });
    expect(await settingsOf("    timeout: ${env:T:-5s}\n")).toMatchObject({ timeout: 5000 });
  });

  it("leave typed what takes any type", async () => {
    const text = edited("  probabilistic_sampler:\n    sampling_percentage: 25\n", "  resource:\n    attributes: [{key: a, value: '${env:N:-7}'}]\n").replace(
      "[probabilistic_sampler]",
      "[resource]",
    );
    expect((await validate(text)).plan?.processors[0]?.config).toEqual({ attributes: [{ key: "a", value: 7 }] });
  });

  it("take nothing as the default", async () => {
    expect(await settingsOf("    timeout:\n    retries:\n    headers: {x: }\n")).toMatchObject({ timeout: 30_000, retries: 3, headers: {} });
  });

  it("that cannot be expanded are told with everything else, once", async () => {
    const { problems, plan } = await exporter("    retries: ${X:-1}\n    compresion: gzip\n");
    expect(plan).toBeUndefined();
    expect(problems.map(({ where, message }) => `${where?.line} ${message}`)).toEqual([
      '11 Cannot expand "${X:-1}": invalid uri',
      '12 Cannot use key "compresion": exporters.otlp_http/vendor has no such key',
    ]);
  });

  it("do not repeat what came from a reference in a schema's own words", async () => {
    const { problems } = await exporter("    timeout: x${env:SECRET}\n", { SECRET: "hunter2" });
    expect(problems.map(shown)).toEqual([
      "11:14 Cannot use exporters.otlp_http/vendor.timeout: this value is no duration: write it like 30s, 1m30s or 500ms, at most 24 days",
    ]);
  });

  it("do not repeat what came from a reference", async () => {
    const { problems } = await exporter("    retries: ${env:SECRET}\n    compression: ${env:SECRET}\n", { SECRET: "hunter2" });
    expect(problems.map(shown)).toEqual([
      "11:14 Cannot use exporters.otlp_http/vendor.retries: expected a number, found a string from a reference",
      "12:18 Cannot use exporters.otlp_http/vendor.compression: expected one of gzip, none, found a string from a reference",
    ]);
  });
});

describe("errors of keys and values", () => {
  it.each([
    [
      "    endpoint:",
      "    endpiont:",
      [
        '9:3 Cannot use exporters.otlp_http/vendor: "endpoint" is missing => Add exporters.otlp_http/vendor.endpoint, a string',
        '10:5 Cannot use key "endpiont": exporters.otlp_http/vendor has no such key => Did you mean "endpoint"?',
      ],
    ],
    [
      "sampling_percentage: 25",
      "sampling_percentage: lots",
      ["7:26 Cannot use processors.probabilistic_sampler.sampling_percentage: expected a number, found a string => Write it without quotes and unit"],
    ],
    [
      "sampling_percentage: 25",
      "sampling_percentage: 101",
      ["7:26 Cannot use processors.probabilistic_sampler.sampling_percentage: expected at most 100, found 101"],
    ],
    [
      "sampling_percentage: 25",
      "mode: proportionel",
      ['7:11 Cannot use processors.probabilistic_sampler.mode: expected one of hash_seed, proportional, found "proportionel" => Did you mean "proportional"?'],
    ],
    [
      "    endpoint: https://vendor.example",
      "    endpoint: 1",
      ["10:15 Cannot use exporters.otlp_http/vendor.endpoint: expected a string, found a number => Put it in quotes"],
    ],
    [
      "    endpoint: https://vendor.example",
      "    endpoint: x\n    timeout: 5 minutes",
      ['11:14 Cannot use exporters.otlp_http/vendor.timeout: "5 minutes" is no duration: write it like 30s, 1m30s or 500ms, at most 24 days'],
    ],
    [
      "    endpoint: https://vendor.example",
      "    endpoint: x\n    timeout: []",
      ["11:14 Cannot use exporters.otlp_http/vendor.timeout: expected a string or a number, found a list"],
    ],
    [
      "    endpoint: https://vendor.example",
      "    endpoint: x\n    headers: {a: {b: c}}",
      ["11:18 Cannot use exporters.otlp_http/vendor.headers.a: expected a string or a number or true or false, found a map"],
    ],
    [
      "    protocols:\n      http:",
      "    endpoint: x:1\n    protocols:\n      http:",
      ['3:5 Cannot use key "endpoint": receivers.otlp has no such key => It belongs in receivers.otlp.protocols.http'],
    ],
    [
      "      http:",
      "      http:\n        cert_file: x",
      ['5:9 Cannot use key "cert_file": receivers.otlp.protocols.http has no such key => It belongs in receivers.otlp.protocols.http.tls'],
    ],
    [
      "      http:",
      "      http:\n        grpc: {}",
      ['5:9 Cannot use key "grpc": receivers.otlp.protocols.http has no such key => It belongs in receivers.otlp.protocols'],
    ],
    [
      "      http:",
      "      http: 4318",
      ["4:13 Cannot use receivers.otlp.protocols.http: expected a map, found a number => Write its keys below it, indented: endpoint, tls"],
    ],
    [
      "      http:",
      "      http:\n        zzzzzz: 1",
      ['5:9 Cannot use key "zzzzzz": receivers.otlp.protocols.http has no such key => Keys here: endpoint, tls'],
    ],
  ])("%j as %j", async (from, to, expected) => {
    expect(await problemsOf(edited(from, to))).toEqual(expected);
  });
});

describe("errors of components", () => {
  it.each([
    ["  otlp_http/vendor:", "  otlp_htp/vendor:", '9:3 Cannot use exporter "otlp_htp": there is no such component => Did you mean "otlp_http"?'],
    ["  otlp_http/vendor:", "  zzzzzzzz:", '9:3 Cannot use exporter "zzzzzzzz": there is no such component => Available exporters: otlp_http, debug'],
    [
      "  otlp_http/vendor:",
      "  otlp_grpc/vendor:",
      '9:3 Cannot use exporter "otlp_grpc/vendor": the Collector has it, Sluice not yet => Use otlp_http: most back ends take OTLP/HTTP, usually on port 4318',
    ],
    ["  otlp:", "  prometheus:", '2:3 Cannot use receiver "prometheus": the Collector has it, Sluice not yet => Available receivers: otlp'],
    [
      "  otlp:",
      "  otlp/:",
      '2:3 Cannot use "otlp/": it is no component id => Write type or type/name: letters, digits and _ in the type, no blanks at the ends of the name',
    ],
    [
      "processors:\n",
      "connectors:\n  spanmetrics:\nprocessors:\n",
      '6:3 Cannot use connector "spanmetrics": the Collector has it, Sluice not yet => Remove it for now',
    ],
    [
      "processors:\n",
      "extensions:\n  helth_check:\nprocessors:\n",
      '6:3 Cannot use extension "helth_check": there is no such component => Did you mean "health_check"?',
    ],
    ["receivers:\n", "recievers:\n", '1:1 Cannot use key "recievers": the top level has no such key => Did you mean "receivers"?'],
    [
      "receivers:\n",
      "x-foo: 1\nreceivers:\n",
      '1:1 Cannot use key "x-foo": the top level has no such key => Keys here: receivers, processors, exporters, connectors, extensions, service',
    ],
    [
      "receivers:\n",
      "exporters: []\nreceivers:\n",
      "1:12 Cannot use exporters: expected a map of components => Write each component's id below it, indented, with a colon",
    ],
  ])("%j as %j", async (from, to, expected) => {
    // The last case would be a duplicate key.
    const text = to.startsWith("exporters: []")
      ? edited(from, to).replace("exporters:\n  otlp_http/vendor:\n    endpoint: https://vendor.example\n", "")
      : edited(from, to);
    expect(await problemsOf(text)).toContain(expected);
  });

  it("let connectors clash with receivers and exporters", async () => {
    const text = edited("processors:\n", "connectors:\n  otlp_http/vendor:\n  otlp:\nprocessors:\n");
    const problems = await problemsOf(text);
    expect(problems).toContain('7:3 Cannot use connector "otlp": receivers has the same id => Rename it, for example otlp/connector');
    expect(problems).toContain('6:3 Cannot use connector "otlp_http/vendor": exporters has the same id => Rename it, for example otlp_http/vendor/connector');
  });
});

describe("errors of pipelines", () => {
  it.each([
    ["receivers: [otlp]", "receivers: [otpl]", ['14:19 Cannot use "otpl": it is not defined under receivers => Did you mean "otlp"?']],
    ["receivers: [otlp]", "receivers: [zzzzzz]", ['14:19 Cannot use "zzzzzz": it is not defined under receivers => Define it: receivers: {zzzzzz: }']],
    ["receivers: [otlp]", "receivers: []", ['13:5 Cannot use pipeline "traces": it has no receivers => Name one at least: receivers: [otlp]']],
    [
      "receivers: [otlp]",
      "receivers: otlp",
      ["14:18 Cannot use service.pipelines.traces.receivers: expected a list, found a string => Write it as a list: [otlp]"],
    ],
    ["receivers: [otlp]", "receivers: [otlp, otlp]", ['14:25 Cannot use "otlp": this pipeline names it twice => Remove one of the two']],
    ["exporters: [otlp_http/vendor]", "exporters:", ['13:5 Cannot use pipeline "traces": it has no exporters => Name one at least: exporters: [debug]']],
    [
      "exporters: [otlp_http/vendor]",
      "exporters: [otlp_http]",
      ['16:19 Cannot use "otlp_http": it is not defined under exporters => Define it: exporters: {otlp_http: }'],
    ],
    [
      "exporters: [otlp_http/vendor]",
      "exporters: [otlphttp/vendor]",
      ['16:19 Cannot use "otlphttp/vendor": it is not defined under exporters => Did you mean "otlp_http/vendor"?'],
    ],
    [
      "processors: [probabilistic_sampler]",
      "processors: [otlp_http/vendor]",
      ['15:20 Cannot use "otlp_http/vendor": it is not defined under processors => It is defined under exporters: name it there'],
    ],
    [
      "processors: [probabilistic_sampler]",
      "procesors: [probabilistic_sampler]",
      ['15:7 Cannot use key "procesors": service.pipelines.traces has no such key => Did you mean "processors"?'],
    ],
    [
      "    traces:",
      "    metrics:",
      ['15:20 Cannot use "probabilistic_sampler" in a metrics pipeline: it serves traces, logs => Move it to a pipeline of such a signal'],
    ],
    ["    traces:", "    trace:", ['13:5 Cannot use pipeline "trace": it names no signal => Did you mean "traces"?']],
    [
      "    traces:",
      "    spans/a:",
      ['13:5 Cannot use pipeline "spans/a": it names no signal => Begin its id with traces, metrics, logs or profiles, for example traces/errors'],
    ],
    [
      "exporters: [otlp_http/vendor]",
      "exporters: [otlp_http/vendor]\n      await: first",
      ['17:14 Cannot use service.pipelines.traces.await: expected one of all, primary, found "first"'],
    ],
    [
      "exporters: [otlp_http/vendor]",
      "exporters: [otlp_http/vendor]\n      primary: otlp_http/vendr",
      ['17:16 Cannot use primary "otlp_http/vendr": it is no exporter of this pipeline => Did you mean "otlp_http/vendor"?'],
    ],
    [
      "service:\n",
      "service:\n  extensions: [health_check]\n",
      ['12:16 Cannot use "health_check": it is not defined under extensions => Define it: extensions: {health_check: }'],
    ],
    [
      "service:\n",
      "service:\n  telemetry: {logs: {levl: info}}\n",
      ['12:22 Cannot use key "levl": service.telemetry.logs has no such key => Did you mean "level"?'],
    ],
    ["service:\n", "service:\n  telemetri: {}\n", ['12:3 Cannot use key "telemetri": service has no such key => Did you mean "telemetry"?']],
  ])("%j as %j", async (from, to, expected) => {
    const problems = await problemsOf(edited(from, to));
    expect(problems).toEqual(expected);
  });

  it("are that there are none", async () => {
    const cure = "Add service: {pipelines: {traces: {receivers: [...], exporters: [...]}}}";
    expect(await problemsOf("receivers:\n  otlp: {protocols: {http: }}\n")).toEqual([`- Cannot run: there are no pipelines => ${cure}`]);
    expect(await problemsOf("service:\n  pipelines:\n")).toEqual([`1:1 Cannot run: there are no pipelines => ${cure}`]);
    expect(await problemsOf("service: []\n")).toContain("1:10 Cannot use service: expected a map, found a list => Write its keys below it, indented");
  });

  it("are all told at once, in the order of the text", async () => {
    const text = GOOD.replace("      http:", "      htp:")
      .replace("percentage: 25", "percentage: x")
      .replace("[otlp]", "[otpl]")
      .replace("    endpoint: h", "    endpont: h")
      .replace("service:", "servis: 1\nservice:");
    const lines = (await problemsOf(text)).map((problem) => Number(problem.split(":")[0]));
    expect(lines).toEqual([4, 7, 9, 10, 11, 15]);
  });
});

describe("extensions", () => {
  it("are planned in the order in which they are started, their settings parsed", async () => {
    const { plan } = await validate(`${GOOD}  extensions: [file_storage/b, door]\nextensions:\n  door:\n  file_storage/b: {timeout: 2s}\n`);
    expect(plan?.extensions.map(({ id, config }) => [id, config])).toEqual([
      ["file_storage/b", { directory: "/var", timeout: 2000 }],
      ["door", {}],
    ]);
  });

  it.each([
    [
      "extensions: [file_storage]\nextensions:\n  file_storage: {directry: a}",
      '19:18 Cannot use key "directry": extensions.file_storage has no such key => Did you mean "directory"?',
    ],
    [
      "extensions: [file_storage]\nextensions:\n  file_storage: {timeout: soon}",
      '19:27 Cannot use extensions.file_storage.timeout: "soon" is no duration: write it like 30s, 1m30s or 500ms, at most 24 days',
    ],
    [
      "extensions: [file_storage]\nextensions:\n  file_storge: ",
      '19:3 Cannot use extension "file_storge": there is no such component => Did you mean "file_storage"?',
    ],
    [
      "extensions: [file_storage/b]\nextensions:\n  file_storage/a: ",
      '17:16 Cannot use "file_storage/b": it is not defined under extensions => Did you mean "file_storage/a"?',
    ],
    [
      "extensions: file_storage\nextensions:\n  file_storage: ",
      "17:15 Cannot use service.extensions: expected a list, found a string => Write it as a list: [file_storage]",
    ],
  ])("%j has a problem", async (text, expected) => {
    expect(await problemsOf(`${GOOD}  ${text}\n`)).toContain(expected);
  });

  it.each([
    ["file_storage", "extensions: [file_storage]\nextensions:\n  file_storage: ", undefined],
    [
      "file_storage",
      "",
      '11:14 Cannot store with "file_storage": it is not defined under extensions => Define and start it: extensions: {file_storage: } and service: {extensions: [file_storage]}',
    ],
    [
      "file_storage",
      "extensions: [file_storage/a]\nextensions:\n  file_storage/a: ",
      '11:14 Cannot store with "file_storage": it is not defined under extensions => Did you mean "file_storage/a"?',
    ],
    [
      "file_storage",
      "extensions: []\nextensions:\n  file_storage: ",
      '11:14 Cannot store with "file_storage": it is not started => Add it: service: {extensions: [file_storage]}',
    ],
    [
      "redis_storage",
      "extensions: [redis_storage]\nextensions:\n  redis_storage: ",
      '11:14 Cannot store with "redis_storage": Sluice does not have it yet => Name an extension that stores, for example file_storage',
    ],
    [
      "door",
      "extensions: [door]\nextensions:\n  door: ",
      '11:14 Cannot store with "door": it stores nothing => Name an extension that stores, for example file_storage',
    ],
  ])("store for an exporter that names %s, where %j", async (id, text, expected) => {
    const { problems } = await validate(`${withLines(`    storage: ${id}\n`)}  ${text}\n`);
    expect(problems.map(shown)).toEqual(expected === undefined ? [] : [expected]);
  });
});

describe("warnings", () => {
  it("name aliases in the Collector's words", async () => {
    expect(await warningsOf(GOOD.replaceAll("otlp_http", "otlphttp"))).toEqual(['9:3 "otlphttp" alias is deprecated; use "otlp_http"']);
  });

  it("name what is defined and not used, which is validated all the same", async () => {
    expect(await warningsOf(edited("exporters:\n", "exporters:\n  debug/unused:\n"))).toEqual([
      "9:3 exporters.debug/unused is defined and in no pipeline: it is not started => Name it in a pipeline, or remove it",
    ]);
    expect(await problemsOf(edited("exporters:\n", "exporters:\n  debug/unused: {verbosity: loud}\n"))).toContain(
      '9:29 Cannot use exporters.debug/unused.verbosity: expected one of basic, detailed, found "loud"',
    );
  });

  it("name what is not in force, unless it is switched off", async () => {
    expect(await warningsOf(edited("      http:", "      grpc:\n      http:"))).toEqual(["4:7 receivers.otlp.protocols.grpc is not in force: no gRPC yet"]);
    expect(await warningsOf(edited("      http:", "      grpc: {enabled: false}\n      http:"))).toEqual([]);
    expect(await warningsOf(`${GOOD}  telemetry: {traces: {}}\n`)).toEqual([
      "17:15 service.telemetry.traces is not in force: Sluice does not export its own traces yet",
    ]);
    expect(await warningsOf(`${GOOD}  extensions: [health_check]\nextensions:\n  health_check:\n`)).toEqual([
      "19:3 extensions.health_check is not in force: it is accepted, and not started yet",
    ]);
  });

  it("name an extension that is not started, or that is to be started twice", async () => {
    const text = `${GOOD}  extensions: [door, door]\nextensions:\n  door:\n  file_storage/a:\n`;
    expect(await warningsOf(text)).toEqual([
      '17:22 "door" is named twice under service.extensions: it is started once => Remove one of the two',
      "20:3 extensions.file_storage/a is defined and not under service.extensions: it is not started => Name it there, or remove it",
    ]);
    const { plan } = await validate(text);
    expect(plan?.extensions.map(({ id }) => id)).toEqual(["door"]);
  });

  it("shout at durations without a unit", async () => {
    expect(await warningsOf(withLines("    timeout: 5\n"))).toEqual([
      "11:14 exporters.otlp_http/vendor.timeout is 5 NANOSECONDS: a duration without a unit counts those, as in the Collector => Write 5s for seconds, or 5ms for milliseconds",
    ]);
    expect(await warningsOf(withLines("    timeout: 0\n"))).toEqual([]);
  });

  it("name a primary without effect", async () => {
    expect(await warningsOf(edited("exporters: [otlp_http/vendor]", "exporters: [otlp_http/vendor]\n      primary: otlp_http/vendor"))).toEqual([
      "17:16 primary has no effect: this pipeline awaits all exporters => Add await: primary, or remove it",
    ]);
  });
});

describe("several sources", () => {
  it("name the one in which a problem stands", async () => {
    const { root } = await load({ "base.yaml": GOOD, "over.yaml": "exporters:\n  otlp_http/vendor:\n    compression: lzma\n" }, {}, [
      "processors.probabilistic_sampler.mode=x",
    ]);
    const { problems } = validateConfig(root, registry);
    expect(problems.map(({ where }) => `${where?.source}:${where?.line}:${where?.column}`)).toEqual(["--set:1:39", "over.yaml:3:18"]);
  });
});
