import { createServer } from "node:http";
import { afterAll, describe, expect, it } from "vitest";
import { folder, Running, sluice } from "./harness.ts";

const CONFIG = `receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:\${env:PORT:-0}
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:1
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [otlp_http]
`;

const files = folder({ "c.yaml": CONFIG, "warned.yaml": CONFIG.replaceAll("otlp_http", "otlphttp"), "bad.yaml": CONFIG.replace("traces", "trace") });
afterAll(() => files.dispose());

/** One span with ids and nothing else. */
const SPAN = [0x0a, 16, ...Array<number>(16).fill(0x61), 0x12, 8, ...Array<number>(8).fill(0x62)];
const TRACE = Uint8Array.from([0x0a, SPAN.length + 4, 0x12, SPAN.length + 2, 0x12, SPAN.length, ...SPAN]);

async function post(address: string): Promise<number> {
  const response = await fetch(`${address}/v1/traces`, { method: "POST", headers: { "content-type": "application/x-protobuf" }, body: TRACE });
  await response.arrayBuffer();
  return response.status;
}

describe("run", () => {
  it("listens, says where, answers, and ends with 0 on SIGTERM", async () => {
    const running = new Running(["run", "--config", files.path("c.yaml")]);
    const [, address = ""] = await running.until(/Listening.* address=(http:\/\/127\.0\.0\.1:\d+)[\s\S]*Sluice is ready/);
    // Nothing listens on the destination's port: the sender is told to come again.
    expect(await post(address)).toBe(503);
    running.signal("SIGTERM");
    const { code, stdout, stderr } = await running.ended;
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toContain("Stopped");
  });

  it("logs warnings with their place", async () => {
    const running = new Running(["run", "--config", files.path("warned.yaml")]);
    await running.until(/Sluice is ready/);
    running.signal("SIGINT");
    expect((await running.ended).code).toBe(0);
    expect(running.stderr).toContain(`WARN  "otlphttp" alias is deprecated; use "otlp_http" at=${files.path("warned.yaml")}:7:3`);
  });

  it("ends with 2 on a configuration with problems", async () => {
    const { code, stderr } = await sluice(["run", "--config", files.path("bad.yaml")]);
    expect(code).toBe(2);
    expect(stderr).toContain(':11:5: Cannot use pipeline "trace": it names no signal');
  });

  it("ends with 1 when the port is in use, and says where to change it", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.on("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const { code, stderr } = await sluice(["run", "--config", files.path("c.yaml")], { PORT: String(port) });
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`c.yaml:5:19: Cannot listen on "127.0.0.1:${port}": another process has this port\n`);
    expect(stderr).toContain('  => Stop that process, or give "receivers.otlp.protocols.http.endpoint" another port\n');
  });
});

describe("start", () => {
  it("runs a configuration with --config", async () => {
    const running = new Running(["start", "--config", files.path("c.yaml")]);
    await running.until(/Sluice is ready/);
    running.signal("SIGTERM");
    expect((await running.ended).code).toBe(0);
    expect(running.stderr).not.toContain("curl");
  });

  it("runs the example without, and the command line that it prints works", async () => {
    const running = new Running(["start"], { SLUICE_ENDPOINT: "127.0.0.1:0" });
    const [text, address = ""] = await running.until(/curl (http:\/\/127\.0\.0\.1:\d+)\/v1\/traces[\s\S]*OTEL_EXPORTER_OTLP_ENDPOINT=[\s\S]*Ctrl-C/);
    expect(text).toContain(`OTEL_EXPORTER_OTLP_ENDPOINT=${address}`);
    const [, body = ""] = /-d '([^']*)'/.exec(text) ?? [];
    const response = await fetch(`${address}/v1/traces`, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect([response.status, await response.text()]).toEqual([200, "{}"]);
    running.signal("SIGTERM");
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).toContain("charge card");
  });
});
