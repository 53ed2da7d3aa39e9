/** `sluice run` with an admin port: what it says at the start, what it says when the port is taken, and what it never says. */
import { afterAll, expect, test } from "vitest";
import { folder, Running, sluice } from "../cli/harness.ts";
import { portOf, startServer, startSink } from "../contract/sinks.ts";

const SECRET = "s3cr3t-k3y";
const LISTED = "l1st-k3y";
const CONFIG = `receivers:
  otlp:
    protocols: {http: {endpoint: "127.0.0.1:0"}}
exporters:
  otlp_http:
    endpoint: \${env:SINK}
    compression: none
    headers: {x-vendor: "Scheme ${SECRET}", x-environment: production}
service:
  telemetry:
    health: {failing_after: 0s}
    metrics:
      readers:
        - periodic: {exporter: {otlp: {protocol: http/protobuf, endpoint: "\${env:SINK}", headers_list: "x-list=${LISTED}"}}}
        - pull: {exporter: {prometheus: {host: 127.0.0.1, port: "\${env:PORT}"}}}
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_http]}
`;

const files = folder({ "c.yaml": CONFIG });
const children: Running[] = [];
const sinks: { close(): Promise<void> }[] = [];
afterAll(async () => {
  // One that a failed test left behind.
  for (const { child } of children) if (child.exitCode === null) child.kill("SIGKILL");
  await Promise.all(sinks.map((sink) => sink.close()));
  files.dispose();
});

/** One span with ids and nothing else. */
const SPAN = [0x0a, 16, ...Array<number>(16).fill(0x61), 0x12, 8, ...Array<number>(8).fill(0x62)];
const TRACE = Uint8Array.from([0x0a, SPAN.length + 4, 0x12, SPAN.length + 2, 0x12, SPAN.length, ...SPAN]);

test("the admin port stands in the start-up lines, behind the receivers; a secret that a back end repeats does not stand in the log", async () => {
  const sink = await startSink((_request, response) => {
    response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify({ message: `no production key like ${SECRET} or ${LISTED}` }));
  });
  const running = new Running(["run", "--config", files.path("c.yaml")], { SINK: sink.url, PORT: "0" });
  sinks.push(sink);
  children.push(running);
  const [, receiver = "", admin = ""] = await running.until(
    /Listening component=otlp address=(\S+)\n.*Listening component="?service\.telemetry\.metrics\.readers\[1\]"? address=(\S+)\/metrics\n.*Sluice is ready/,
  );
  const post = async () => {
    const response = await fetch(`${receiver}/v1/traces`, { method: "POST", headers: { "content-type": "application/x-protobuf" }, body: TRACE });
    await response.arrayBuffer();
  };
  await post();
  await running.until(/no production key like \*\*\* or \*\*\*/);
  const health = await fetch(`${admin}/healthz`);
  expect([health.status, await health.text()]).toEqual([200, expect.stringContaining("no production key like *** or ***")]);
  running.signal("SIGTERM");
  expect((await running.ended).code).toBe(0);
  expect(running.stderr).not.toContain(SECRET);
});

test("a port that is taken ends the start with 1, its place and the cure", async () => {
  const other = await startServer((_request, response) => void response.end());
  const port = String(portOf(other.server));
  const { code, stderr } = await sluice(["run", "--config", files.path("c.yaml")], { SINK: "http://127.0.0.1:1", PORT: port });
  await other.close();
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(new RegExp(`c\\.yaml:\\d+:\\d+: Cannot listen on "127\\.0\\.0\\.1:${port}": another process has this port`)),
  ]);
  expect(stderr).toContain("=> Stop that process, give it another port, or write service.telemetry.metrics.level: none");
});
