/** `sluice explain`, the real command: what it says of a configuration, and that it starts nothing. */
import { createServer } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { folder, sluice } from "./harness.ts";

/** Each by its id; a configuration has those that its pipelines name. */
const PROCESSORS: Readonly<Record<string, string>> = {
  memory_limiter: "{check_interval: 1s, limit_mib: 4000}",
  "attributes/pii": "{actions: [{key: user.email, action: hash}, {key: team, action: insert, from_attribute: owner}]}",
  // What only building shows: this key is for log records.
  "attributes/late": "{include: {match_type: strict, log_bodies: [x]}, actions: [{key: a, action: delete}]}",
  "filter/health": `{trace_conditions: ['span.attributes["http.route"] == "/health"']}`,
  "filter/tier": `{trace_conditions: ['resource.attributes["tier"] == "low"']}`,
  "filter/logs": `{log_conditions: ['log.body == ""']}`,
  "filter/bad": "{trace_conditions: ['span.nam == 1']}",
  "transform/names": `{trace_statements: ['set(span.name, span.attributes["http.route"]) where IsRootSpan()']}`,
  "transform/up": `{trace_statements: ['set(resource.attributes["tier"], span.attributes["tier"])']}`,
  groupbyattrs: "{keys: [host]}",
  batch: "{timeout: 1s, send_batch_size: 100}",
  metrics_transform: "{transforms: [{include: a, action: update, new_name: b}]}",
  // A YAML escape in double quotes, and an override of the text's direction.
  "attributes/hostile": String.raw`{actions: [{key: "a\e[31mb\u202ec", action: delete}]}`,
};

/** Sections as YAML's flow; pipelines as `id: receivers > processors > exporters`. */
function yaml(pipelines: readonly string[], sections: Readonly<Record<string, string>> = {}): string {
  const used = Object.entries(PROCESSORS).filter(([id]) => pipelines.some((line) => (line.split(" > ")[1] ?? "").split(", ").includes(id)));
  const given = {
    receivers: "{otlp: {protocols: {http: }}}",
    processors: `{${used.map(([id, text]) => `${id}: ${text}`).join(", ")}}`,
    exporters: "{otlp_http: {endpoint: 'http://127.0.0.1:1'}}",
    ...sections,
  };
  const lines = Object.entries(given).map(([name, text]) => `${name}: ${text}\n`);
  const ways = pipelines.map((line) => {
    const [id = "", receivers = "", processors = "", exporters = ""] = line.split(/: | > /);
    return `    ${id}: {receivers: [${receivers}], processors: [${processors}], exporters: [${exporters}]}\n`;
  });
  return `${lines.join("")}service:\n  pipelines:\n${ways.join("")}`;
}

const SENDERS = `
  otlp_http/a: {endpoint: 'http://127.0.0.1:1'}
  otlp_http/b: {endpoint: 'http://127.0.0.1:2'}
  otlp_http/fast: {endpoint: 'http://127.0.0.1:3', compression: none}
  otlp_http/json: {endpoint: 'http://127.0.0.1:4', encoding: json, compression: zstd, compression_params: {level: 7}}
  debug:`;

const files = folder({
  "fused.yaml": yaml(
    [
      "traces: otlp > memory_limiter, attributes/pii, filter/health, transform/names, filter/logs > otlp_http/a, otlp_http/b, otlp_http/fast, otlp_http/json, debug",
    ],
    { exporters: SENDERS },
  ),
  "apart.yaml": yaml(["traces: otlp > attributes/pii, transform/up, filter/tier > otlp_http"]),
  "stages.yaml": yaml(["traces: otlp > transform/names, batch, groupbyattrs > otlp_http", "metrics: otlp > metrics_transform > otlp_http"]).replace(
    "processors: [metrics_transform]",
    "await: primary, processors: [metrics_transform]",
  ),
  "connectors.yaml": yaml(
    [
      "traces/in: otlp > filter/health > count, routing, otlp_http",
      "traces/x: routing > transform/names > forward",
      "traces/rest: routing > batch > otlp_http",
      "traces/end: forward >  > otlp_http",
      "metrics: count >  > otlp_http",
    ],
    {
      connectors: `{count: , routing: {table: [{condition: 'span.name == "x"', pipelines: [traces/x]}], default_pipelines: [traces/rest]}, forward: }`,
    },
  ),
  "empty.yaml": yaml(["logs: otlp >  > otlp_http"]),
  "bad.yaml": yaml(["traces: otlp > filter/bad > otlp_htp"]),
  "late.yaml": yaml(["traces: otlp > attributes/late > otlp_http"]),
  "queue.yaml": yaml(["logs: otlp >  > otlp_http"], { exporters: "{otlp_http: {endpoint: 'http://127.0.0.1:1', sending_queue: {queue_size: 7}}}" }),
  "hostile.yaml": yaml(["traces: otlp > attributes/hostile > otlp_http"]),
});
afterAll(() => files.dispose());

async function textOf(name: string): Promise<string> {
  const { code, stdout, stderr } = await sluice(["explain", "--config", files.path(name)]);
  expect([stderr, code]).toEqual(["", 0]);
  return stdout;
}

interface Json {
  readonly valid: boolean;
  readonly problems: readonly object[];
  readonly memoryQueues: readonly object[];
  readonly pipelines: readonly {
    readonly id: string;
    readonly from: readonly object[];
    readonly idle: readonly string[];
    readonly parts: readonly {
      readonly kind: string;
      readonly number: number;
      readonly component?: string;
      readonly steps?: readonly {
        readonly component: string;
        readonly each: string;
        readonly fields: { readonly reads: string[]; readonly writes: string[] };
      }[];
      readonly apart?: { readonly reason: string; readonly text: string } | null;
      readonly holds?: { readonly bound: string } | null;
    }[];
    readonly exporters: readonly { readonly id: string; readonly kind: string; readonly asArrived?: boolean }[];
  }[];
}

async function jsonOf(name: string): Promise<Json> {
  const { code, stdout, stderr } = await sluice(["explain", "--json", "--config", files.path(name)]);
  expect([stderr, code]).toEqual(["", 0]);
  return JSON.parse(stdout);
}

describe("a pipeline of steps", () => {
  it("is one walk, with what every step reads, writes and drops, and what every exporter is given", async () => {
    expect(await textOf("fused.yaml")).toBe(`pipeline traces  from otlp

  walk 1  unchanged: nothing copied; edited: new bytes in scratch, and all of it end to end where pieces average under 4 KiB
    memory_limiter   each resource  looks at no field
    attributes/pii   each span
      reads   span.attributes["user.email"], span.attributes["owner"]
      writes  span.attributes["user.email"], span.attributes["team"]
    filter/health    each span
      reads   span.attributes["http.route"]
      drops   spans, and scopes and resources that are left empty or came in so
    transform/names  each span
      reads   span.attributes["http.route"], IsRootSpan()
      writes  span.name

  no rule for traces: filter/logs

  exporters  the sender is told what all of them answer
    otlp_http/a     protobuf, gzip: slices of the request's buffer, compressed once into a block; an unchanged request that came in gzip goes as it came
    otlp_http/b     protobuf, gzip: the form that is made for otlp_http/a
    otlp_http/fast  protobuf: slices of the request's buffer, nothing copied
    otlp_http/json  JSON, zstd level 7: converted once into a block, compressed once into another
    debug           no form of its own: it reads the request
`);
  });

  it("is two walks where a step writes above its items, with the reason", async () => {
    const text = await textOf("apart.yaml");
    expect(text).toContain(`      writes  resource.attributes["tier"]
  another walk, because transform/up on spans writes to the resources above them: filter/tier on resources must see what all of them left

  walk 2  pieces laid end to end first; unchanged: nothing copied; `);
    expect(text).toMatch(/ {2}walk 1 .*\n {4}attributes\/pii {2}each span\n/);
    const { pipelines } = await jsonOf("apart.yaml");
    expect(pipelines[0]?.parts).toMatchObject([
      {
        kind: "walk",
        steps: [{ component: "attributes/pii" }, { component: "transform/up", level: "item", writes: ["resource"] }],
        apart: {
          reason: "writes_above",
          first: { component: "transform/up", level: "item" },
          next: { component: "filter/tier", level: "resource" },
          levels: ["resource"],
        },
      },
      { kind: "walk", steps: [{ component: "filter/tier", drops: true, prunes: "resources" }], apart: null },
    ]);
  });

  it("is nothing where there are no processors", async () => {
    expect(await textOf("empty.yaml")).toBe(`pipeline logs  from otlp

  nothing between: requests go to the exporters as they come

  exporters  the sender is told what all of them answer
    otlp_http  protobuf, gzip: slices of the request's buffer, compressed once into a block; an unchanged request that came in gzip goes as it came
`);
  });
});

describe("stages and regroupings", () => {
  it("say what they copy and hold, and end what leaves as it came", async () => {
    const text = await textOf("stages.yaml");
    expect(text).toContain(`
  stage 2  batch
    state   process: it keeps something in the memory of this process
    copies  every request out of the pool, and what it passes on into the pool again
    holds   67108864 bytes; sent at 100 items or after 1000 ms; the sender is answered before a destination has it

  regroup 3  groupbyattrs
    copies  nothing of a request that it leaves as it is; another one is written anew

  exporters  the sender was answered at stage 2
    otlp_http  protobuf, gzip: slices of the request's buffer, compressed once into a block
`);
    expect(text).toContain(`
  stage 1  metrics_transform
    state   none: it keeps nothing between requests
    copies  every request out of the pool, and what it passes on into the pool again
    holds   nothing that was answered for: the sender waits for what follows

  exporters  await: primary, the sender is told what otlp_http answers
    otlp_http  primary; protobuf, gzip: slices of the request's buffer, compressed once into a block
`);
  });

  it("are memory queues at the end, in validate's words", async () => {
    const validated = (await sluice(["validate", "--config", files.path("stages.yaml")])).stdout;
    const queues = validated.slice(validated.indexOf("\nmemory queues\n"));
    expect(queues).toMatch(/processors\.batch +67108864 bytes; .*to be safe, take it out of the pipelines/);
    expect((await textOf("stages.yaml")).endsWith(queues)).toBe(true);
    const sending = await textOf("queue.yaml");
    expect(sending).toMatch(/\nmemory queues\nqueue .*\nexporters\.otlp_http\.sending_queue +7 requests, /);
    expect(sending).toMatch(/ otlp_http {2}protobuf, gzip: .*; queued: the sender is answered when it is in memory, at most 7 requests, /);
  });
});

describe("connectors", () => {
  it("are named where they feed and where they lead", async () => {
    const text = await textOf("connectors.yaml");
    expect(text).toContain("pipeline traces/x  from routing (connector, of traces/in)\n");
    expect(text).toContain("    count      connector to metrics: what it leaves as it is is shared, what it divides or makes is written anew\n");
    expect(text).toContain("    routing    connector to traces/x, traces/rest: ");
    expect(text).toContain("\n  walk 1  pieces laid end to end first; ");
  });

  it("hand on what came as it came, unless a stage had it or the signal is another", async () => {
    const { pipelines } = await jsonOf("connectors.yaml");
    const asArrived = pipelines.map(({ id, exporters }) => [id, exporters.map((one) => one.asArrived ?? one.kind)]);
    expect(asArrived).toEqual([
      ["traces/in", ["connector", "connector", true]],
      ["traces/x", ["connector"]],
      ["traces/rest", [false]],
      ["traces/end", [true]],
      ["metrics", [false]],
    ]);
    expect(pipelines[3]?.from).toEqual([{ kind: "connector", id: "forward", pipelines: ["traces/x"] }]);
    expect(pipelines[0]?.exporters[1]).toEqual({
      kind: "connector",
      id: "routing",
      primary: false,
      to: [{ signal: "traces", pipelines: ["traces/x", "traces/rest"] }],
      copies: "changed",
    });
  });
});

describe("as JSON", () => {
  it.each(["fused.yaml", "apart.yaml", "stages.yaml", "connectors.yaml"])("says of %s what the text says", async (name) => {
    const [{ valid, pipelines, memoryQueues }, text] = await Promise.all([jsonOf(name), textOf(name)]);
    expect(valid).toBe(true);
    const sections = text.split(/^(?=pipeline )/m);
    expect(sections.map((section) => /^pipeline (\S+)/.exec(section)?.[1])).toEqual(pipelines.map(({ id }) => id));
    for (const [index, { parts, exporters, idle }] of pipelines.entries()) {
      const section = sections[index] ?? "";
      const heads = [...section.matchAll(/^ {2}(walk|stage|regroup) (\d+)/gm)].map(([, kind, number]) => `${kind} ${number}`);
      expect(heads).toEqual(parts.map(({ kind, number }) => `${kind} ${number}`));
      const steps = parts.flatMap((part) => part.steps ?? []);
      expect([...section.matchAll(/^ {4}(\S+) +each (\S+)/gm)].map(([, component, each]) => [component, each])).toEqual(
        steps.map(({ component, each }) => [component, each]),
      );
      const said = [
        ...steps.flatMap(({ fields }) => [...fields.reads, ...fields.writes]),
        ...parts.flatMap(({ component, apart, holds }) => [component ?? "", apart?.text ?? "", holds?.bound ?? ""]),
        ...exporters.map(({ id }) => `    ${id} `),
        ...idle,
      ];
      for (const one of said) expect(section).toContain(one);
    }
    expect(text.includes("\nmemory queues\n")).toBe(memoryQueues.length > 0);
  });
});

describe("what is not valid", () => {
  it.each<readonly [readonly string[]]>([[[]], [["--json"]]])("is told as validate tells it, %j", async (options) => {
    const args = [...options, "--config", files.path("bad.yaml")];
    const [explained, validated] = await Promise.all([sluice(["explain", ...args]), sluice(["validate", ...args])]);
    expect(explained).toEqual(validated);
    expect(explained.code).toBe(2);
    expect(`${explained.stdout}${explained.stderr}`).toContain("otlp_htp");
  });

  it("is wrong usage without a configuration", async () => {
    const { code, stdout, stderr } = await sluice(["explain"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Cannot start: no configuration is given\n  => Name one: --config sluice.yaml");
  });

  it("is found by building, too, with its place", async () => {
    const path = files.path("late.yaml");
    const { code, stdout, stderr } = await sluice(["explain", "--config", path]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`${path}:`);
    expect(stderr).toContain('Cannot use "processors.attributes/late.include": log_bodies: not for traces');
    const json = await sluice(["explain", "--json", "--config", path]);
    expect([json.code, json.stderr]).toEqual([2, ""]);
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false, pipelines: [], problems: [{ path: "processors.attributes/late.include", source: path }] });
  });
});

describe("the command", () => {
  it("stands in the help", async () => {
    const { code, stdout } = await sluice(["--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}explain \[options\] +print each pipeline as it will run/m);
  });

  it("opens no port and sends nothing: both may be in use", async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    try {
      const sets = [`receivers.otlp.protocols.http.endpoint=127.0.0.1:${port}`, `exporters.otlp_http.endpoint=http://127.0.0.1:${port}`];
      const { code, stderr } = await sluice(["explain", "--config", files.path("empty.yaml"), ...sets.flatMap((one) => ["--set", one])]);
      expect([stderr, code, connections]).toEqual(["", 0, 0]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("colours only when asked to, where there is no terminal, and says the same", async () => {
    const plain = await textOf("stages.yaml");
    const { stdout } = await sluice(["explain", "--config", files.path("stages.yaml")], { FORCE_COLOR: "1" });
    expect(stdout).toContain("\u001b[");
    // oxlint-disable-next-line no-control-regex
    expect(stdout.replaceAll(/\u001b\[\d+m/g, "")).toBe(plain);
  });

  it("prints no control character of a configuration", async () => {
    const stdout = await textOf("hostile.yaml");
    expect(stdout).toContain('writes  span.attributes["a\\u001b[31mb\ufffdc"]');
    expect(stdout).not.toContain("\u001b");
  });

  it.each(["quickstart.yaml", "fan-out.yaml", "collector.yaml"])("explains examples/%s", async (name) => {
    const { code, stdout, stderr } = await sluice(["explain", "--config", `examples/${name}`]);
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(/^pipeline traces {2}from otlp\n/);
  });
});
