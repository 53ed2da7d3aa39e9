/** `gateway(yaml)` in one's own process: bad configurations, many texts, stopping, who the sender is. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { peerOf } from "../../../src/runtimes/fetch/peer.ts";
import type { FetchGateway } from "../../../src/runtimes/gateway-fetch.ts";
import { gateway, type GatewayOptions } from "../../../src/runtimes/gateway-fetch.ts";
import { type Answering, type Sink, startSink, until } from "../../contract/sinks.ts";

const BODY = JSON.stringify({
  resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174", name: "x" }] }] }],
});

let sink: Sink;
let answering: Answering;
let log: string[];
let opened: FetchGateway[];

beforeEach(async () => {
  answering = (_request, response) => void response.end();
  log = [];
  opened = [];
  sink = await startSink((...exchange) => answering(...exchange));
});

afterEach(async () => {
  await Promise.all(opened.map((one) => one.stop(0)));
  await sink.close();
});

function mounted(config: string | readonly string[], options: GatewayOptions = {}): FetchGateway {
  const made = gateway(config, { memoryBytes: 64 << 20, writeLog: (line) => log.push(line), ...options });
  opened.push(made);
  return made;
}

function yaml(parts: { readonly http?: string; readonly processors?: string } = {}): string {
  return `
receivers: {otlp: {protocols: {http: {${parts.http ?? ""}}}}}
processors: ${parts.processors ?? "{resource: {attributes: [{key: a, value: b, action: upsert}]}}"}
exporters: {otlp_http: {endpoint: "${sink.url}", compression: none}}
service: {pipelines: {traces: {receivers: [otlp], processors: [resource], exporters: [otlp_http]}}}
`;
}

function post(body: string = BODY, headers: Readonly<Record<string, string>> = {}): Request {
  return new Request("http://gateway.test/v1/traces", { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
}

describe("the configuration", () => {
  test("one that is not valid: every problem is in the log with its place, requests are 500 and are not told what", async () => {
    const { fetch } = mounted(yaml({ http: "endpont: x", processors: "{resource: {attributes: [{key: a, value: b, action: upsert}], actions: []}}" }));
    for (const _ of [1, 2]) {
      const response = await fetch(post());
      expect([response.status, await response.text()]).toEqual([500, expect.stringContaining("its log says why")]);
    }
    expect(log.filter((line) => line.includes("ERROR"))).toEqual([
      expect.stringMatching(/"endpont".* at=configuration:2:\d+ cure=.*endpoint/),
      expect.stringMatching(/"actions".* at=configuration:3:\d+/),
    ]);
  });

  test("what a mounted gateway cannot have", async () => {
    const { fetch } = mounted(yaml({ http: "tls: {cert_file: a, key_file: b}" }));
    expect((await fetch(post())).status).toBe(500);
    expect(log.join("")).toContain("Cannot use receivers.otlp.protocols.http.tls in a server of your own");
  });

  test("several texts are merged, the last one wins; messages say which", async () => {
    const { fetch } = mounted([yaml(), "exporters: {otlp_http: {headers: {x-key: second}}}"]);
    expect((await fetch(post())).status).toBe(200);
    expect(sink.requests[0]?.headers["x-key"]).toBe("second");
    const bad = mounted([yaml(), "exporters: {otlp_http: {timout: 3s}}"]);
    expect((await bad.fetch(post())).status).toBe(500);
    expect(log.join("")).toMatch(/at="?configuration 2:1:\d+/);
  });

  test("max_request_body_size is the limit, and read_timeout ends a body that does not come", async () => {
    const { fetch } = mounted(yaml({ http: "max_request_body_size: 1000, read_timeout: 50ms" }));
    expect((await fetch(post("x".repeat(1001)))).status).toBe(413);
    const silent = new Request("http://gateway.test/v1/traces", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: new ReadableStream({ pull: () => new Promise(() => {}) }),
      duplex: "half",
    });
    expect((await fetch(silent)).status).toBeGreaterThanOrEqual(400);
  });
});

describe("stopping", () => {
  test("lets what is under way end, and refuses what comes then", async () => {
    const held: (() => void)[] = [];
    answering = (_request, response) => void held.push(() => response.end());
    const { fetch, stop } = withStop(mounted(yaml()));
    const first = fetch(post());
    await until(() => held.length === 1, "the request is at the sink");
    const stopped = stop(5000);
    const late = await fetch(post());
    expect([late.status, late.headers.get("retry-after")]).toEqual([503, "1"]);
    for (const end of held) end();
    expect((await first).status).toBe(200);
    await stopped;
  });

  test("before the first request there is nothing to stop", async () => {
    await expect(mounted(yaml()).stop()).resolves.toBeUndefined();
  });
});

function withStop(one: FetchGateway) {
  return { fetch: one.fetch, stop: (deadlineMs: number) => one.stop(deadlineMs) };
}

test.each<readonly [string, unknown, string]>([
  ["nothing", undefined, ""],
  ["a Worker's bindings", { OTLP_TOKEN: "x" }, ""],
  ["Deno's information", { remoteAddr: { transport: "tcp", hostname: "192.0.2.1", port: 5 } }, "192.0.2.1:5"],
  ["Bun's server", { requestIP: () => ({ address: "192.0.2.1", port: 5, family: "IPv4" }) }, "192.0.2.1:5"],
  ["Bun's server, when the connection is gone", { requestIP: () => null }, ""],
  ["the Node adapter's bindings", { incoming: { socket: { remoteAddress: "192.0.2.1", remotePort: 5 } } }, "192.0.2.1:5"],
])("the sender's address from %s", (_name, beside, peer) => {
  expect(peerOf(post(), beside)).toBe(peer);
});
