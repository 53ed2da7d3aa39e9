/** The `health_check` extension: the Collector's answers, in its words. */
import { describe, expect, test } from "vitest";
import type { Answer, Handler, ListenOptions, RequestHead } from "../../src/base/host.ts";
import { durationText, healthCheck } from "../../src/extensions/health-check.ts";
import type { Extension } from "../../src/pipeline/extension.ts";
import { Health } from "../../src/pipeline/health.ts";
import { bench } from "../contract/exporter-contract.ts";
import { TestClock } from "../harness/clock.ts";

interface Started {
  readonly extension: Extension;
  readonly clock: TestClock;
  readonly listened: ListenOptions[];
  readonly log: string[];
  readonly stopped: number[];
  readonly ask: (path: string, method?: string) => Promise<Answer>;
}

async function start(config: Readonly<Record<string, unknown>> = {}, runtime: "test" | "workers" = "test"): Promise<Started> {
  const clock = new TestClock();
  const listened: ListenOptions[] = [];
  const stopped: number[] = [];
  let handler: Handler | undefined;
  const server = {
    listen(options: ListenOptions, given: Handler) {
      listened.push(options);
      handler = given;
      return Promise.resolve({ port: 4242, stop: async (deadlineMs: number) => void stopped.push(deadlineMs) });
    },
  };
  const on = bench("health_check", { runtime, clock, server });
  const extension = healthCheck.create(healthCheck.schema.parse(config), on);
  await extension.start({ ...on, health: new Health(clock) });
  return {
    extension,
    clock,
    listened,
    log: on.log,
    stopped,
    ask: async (path, method = "GET") => {
      if (handler === undefined) throw new Error("Nothing listens");
      const head: RequestHead = { method, path, header: () => undefined, headers: () => ({}), peer: "", contentLength: undefined };
      return handler(head, { read: () => Promise.reject(new Error("No body is read here")) });
    },
  };
}

const shownOf = ({ status, headers, body }: Answer) => [status, headers["content-type"], new TextDecoder().decode(body)];
const DOWN = [503, "application/json", '{"status":"Server not available","upSince":"0001-01-01T00:00:00Z","uptime":""}'];

describe("answers", () => {
  test("503 while it starts, 200 with the time while it is ready, 503 from the stop on", async () => {
    const { extension, clock, ask } = await start();
    expect(shownOf(await ask("/"))).toEqual(DOWN);
    extension.onState?.("starting");
    expect(shownOf(await ask("/"))).toEqual(DOWN);
    extension.onState?.("ready");
    await clock.advance(2_965);
    const body = '{"status":"Server available","upSince":"2023-11-14T22:13:20.000Z","uptime":"2.965s"}';
    // As the Collector's: every path below `/`, every method.
    for (const [path, method] of [["/"], ["/any/path"], ["/", "POST"]] as const)
      expect(shownOf(await ask(path, method))).toEqual([200, "application/json", body]);
    extension.onState?.("stopping");
    expect(shownOf(await ask("/"))).toEqual(DOWN);
  });

  test("a path alone, or what is below it", async () => {
    const exact = await start({ path: "/health" });
    expect((await exact.ask("/health")).status).toBe(503);
    expect(shownOf(await exact.ask("/health/x"))).toEqual([404, "text/plain; charset=utf-8", "404 page not found\n"]);
    expect((await exact.ask("/")).status).toBe(404);
    const below = await start({ path: "/health/" });
    expect([(await below.ask("/health/x")).status, (await below.ask("/health")).status]).toEqual([503, 404]);
  });

  test("bodies of the operator's own", async () => {
    const { extension, ask } = await start({ response_body: { healthy: "good" } });
    expect(shownOf(await ask("/"))).toEqual([503, "text/plain; charset=utf-8", ""]);
    extension.onState?.("ready");
    expect(shownOf(await ask("/"))).toEqual([200, "text/plain; charset=utf-8", "good"]);
  });

  test("connections are closed unless they are to be kept, and headers are added", async () => {
    expect((await (await start()).ask("/")).headers).toMatchObject({ connection: "close" });
    const { headers } = await (await start({ keep_alives_enabled: true, response_headers: { "x-a": "b" } })).ask("/");
    expect(headers).toEqual({ "content-type": "application/json", "x-a": "b" });
  });
});

describe("listens", () => {
  test("on localhost:13133 by default, says where, and stops", async () => {
    const { extension, listened, stopped } = await start();
    expect(listened).toMatchObject([{ hostname: "localhost", port: 13_133, tls: undefined, key: "extensions.health_check.endpoint" }]);
    expect(extension.addresses).toEqual(["http://localhost:4242"]);
    await extension.stop(5);
    expect(stopped).toEqual([5]);
  });

  test("where it is told, with TLS", async () => {
    const { extension, listened } = await start({ endpoint: "[::1]:1", tls: { cert_file: "c", key_file: "k" } });
    expect(listened).toMatchObject([{ hostname: "::1", port: 1, tls: { certFile: "c", keyFile: "k" } }]);
    expect(extension.addresses).toEqual(["https://[::1]:4242"]);
  });

  test("not on an address that is none", async () => {
    await expect(start({ endpoint: "localhost" })).rejects.toMatchObject({ code: "config", path: "extensions.health_check.endpoint" });
  });

  test("nowhere on Workers, and says so", async () => {
    const { extension, listened, log } = await start({}, "workers");
    await extension.stop(0);
    expect([listened.length, log.length]).toEqual([0, 1]);
    expect(log[0]).toContain("health_check is not in force on Workers");
  });
});

test.each([
  [{ http: {} }, "http"],
  [{ grpc: {} }, "grpc"],
  [{ use_v2: true }, "use_v2"],
  [{ auth: { authenticator: "x" } }, "auth"],
  [{ path: "health" }, "path"],
  [{ unknown: 1 }, ""],
])("%j is refused", (config, key) => {
  const { error } = healthCheck.schema.safeParse(config);
  expect(error?.issues.map(({ path }) => path.join("."))).toEqual([key]);
});

test.each([
  [0, "0s"],
  [-5, "0s"],
  [250, "250ms"],
  [1000, "1s"],
  [2965.9, "2.965s"],
  [60_000, "1m0s"],
  [61_500, "1m1.5s"],
  [3_600_000, "1h0m0s"],
  [93_784_005, "26h3m4.005s"],
])("%d ms is %s, as Go has it", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
