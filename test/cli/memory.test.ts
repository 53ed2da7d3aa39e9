import { afterAll, describe, expect, it } from "vitest";
import { parseSize } from "../../src/cli/memory-option.ts";
import { folder, Running, sluice } from "./harness.ts";

const CONFIG = `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {debug: {}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
`;

const files = folder({ "c.yaml": CONFIG });
afterAll(() => files.dispose());

describe("--memory", () => {
  it.each([
    ["4096", 4096],
    ["64KiB", 65_536],
    ["256MiB", 268_435_456],
    ["2 GiB", 2_147_483_648],
    ["0", 0],
  ])("reads %s", (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(["", "MiB", "-1", "1.5GiB", "64MB", "64mib", "1TiB", "64MiB ", "0x10", "1e3", "9999999999999999", "999999999999999GiB"])("refuses %j", (text) =>
    expect(() => parseSize(text)).toThrow("Write a size, for example 256MiB or 1GiB"),
  );

  it("is what requests in flight share, on run and on start", async () => {
    for (const command of ["run", "start"]) {
      const running = new Running([command, "--config", files.path("c.yaml"), "--memory", "16MiB"]);
      try {
        const [, address = ""] = await running.until(/Listening.* address=(http:\/\/127\.0\.0\.1:\d+)[\s\S]*Sluice is ready/);
        const headers = { "content-type": "application/x-protobuf" };
        // Under the receiver's limit, and over the largest block of that memory: no later attempt would do better.
        const body = new Uint8Array(12 << 20);
        const large = await fetch(`${address}/v1/traces`, { method: "POST", headers, body });
        const small = await fetch(`${address}/v1/traces`, { method: "POST", headers, body: new Uint8Array(0) });
        expect([large.status, large.headers.get("retry-after"), await large.text()]).toEqual([
          413,
          null,
          expect.stringContaining("the body is over 8388608 bytes"),
        ]);
        expect(small.status).toBe(200);
      } finally {
        running.signal("SIGTERM");
      }
      expect((await running.ended).code).toBe(0);
    }
  });

  it("says what it can be", async () => {
    const config = ["run", "--config", files.path("c.yaml"), "--memory"];
    const unread = await sluice([...config, "lots"]);
    expect([unread.code, unread.stderr]).toEqual([2, expect.stringContaining("Write a size, for example 256MiB or 1GiB")]);
    const small = await sluice([...config, "1MiB"]);
    expect([small.code, small.stderr]).toEqual([2, expect.stringContaining("Use between 8 MiB and 2 GiB")]);
  });
});
