/** `sluice send` as a shell starts it, against a destination that counts, and through a real gateway. */
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SENT_SIGNALS } from "../../src/cli/send/content.ts";
import { startGateway, STAMP } from "../clients/gateway.ts";
import { startSink } from "../clients/sink.ts";
import type { Plain } from "../harness/judge.ts";
import { RUNTIMES_FOUND } from "../harness/runtime.ts";
import { attributesOf, bodiesOf, type Destination, destination, itemsOf, itemsOfObject, send, summaryOf, withDestination } from "./send-harness.ts";

describe("through a real gateway", () => {
  it.each(SENT_SIGNALS)("%s: all arrive, whatever their form, and nothing is rejected", async (signal) => {
    const sink = await startSink();
    const gateway = await startGateway(sink.url);
    try {
      for (const form of [[], ["--encoding", "json", "--compression", "gzip"], ["--compression", "zstd", "--workers", "3"]]) {
        sink.forget();
        const ended = await send([signal, "-e", gateway.url, "-n", "1003", "--batch", "100", "--attribute", "run=a", "--json", ...form]);
        expect([ended.code, ended.stderr]).toEqual([0, ""]);
        expect(summaryOf(ended)).toMatchObject({ sent: 1003, accepted: 1003, rejected: 0, failed: 0, requests: 11, retried: 0, messages: [] });
        const items = sink.arrived(signal).flatMap((request) => itemsOfObject(signal, request));
        expect(items.length).toBe(1003);
        expect(items.every((item) => attributesOf(item)["run"] === "a" && (item["resource"] as Plain)[STAMP.key] === STAMP.value)).toBe(true);
      }
    } finally {
      await gateway.stop();
      await sink.stop();
    }
  });
});

describe("to a destination", () => {
  let to: Destination;
  beforeAll(async () => {
    to = await destination();
  });
  afterAll(() => to.stop());

  it("sends one request of a hundred when nothing is asked for, and prints a table", async () => {
    to.arrived.length = 0;
    const { code, stdout, stderr } = await send(["traces", "-e", to.url]);
    expect([code, stderr, to.arrived.length, itemsOf("traces", bodiesOf(to)).length]).toEqual([0, "", 1, 100]);
    expect(to.arrived[0]).toMatchObject({
      path: "/v1/traces",
      headers: {
        "content-type": "application/x-protobuf",
        "user-agent": expect.stringMatching(new RegExp(String.raw`^sluice-send/\S+ \(${RUNTIMES_FOUND[0]}\)$`)),
      },
    });
    expect(stdout).toMatch(/^all accepted\nsent +100 spans in 1 requests to http:\/\/127\.0\.0\.1:\d+\/v1\/traces\naccepted +100\nrejected +0\nfailed +0\n/);
    expect(stdout).toMatch(
      /\nbytes +[\d,]+ \(proto, not compressed\)\nduration +[\d.]+ s\nrate +[\d,]+ spans\/s accepted\nlatency +p50 [\d.,]+ ms, p99 [\d.,]+ ms\nseed +\d+\n$/,
    );
  });

  it("sends the same with the same seed, in protobuf and in JSON", async () => {
    const named = async (...args: string[]) => {
      to.arrived.length = 0;
      const ended = await send(["logs", "-e", to.url, "-n", "50", "--json", ...args]);
      return { seed: summaryOf(ended).seed, arrived: [...to.arrived] };
    };
    const first = await named();
    const again = await named("--seed", String(first.seed), "--encoding", "json", "--batch", "20");
    const texts = (items: readonly Plain[]) => items.map((item) => JSON.stringify([item["severityText"], item["body"]]));
    const json = again.arrived.flatMap(({ body }) => itemsOfObject("logs", JSON.parse(new TextDecoder().decode(body)) as Plain));
    expect(again.arrived.map(({ headers }) => headers["content-type"])).toEqual(Array(3).fill("application/json"));
    const [a, b] = [
      texts(
        itemsOf(
          "logs",
          first.arrived.map(({ body }) => body),
        ),
      ),
      texts(json),
    ];
    // The batches differ, and with them the resource's draws: the first batch is the same.
    expect(b.slice(0, 20).map((text) => text.replaceAll(/"intValue":"(\d+)"/g, '"intValue":"$1"'))).toEqual(a.slice(0, 20));
  });

  it.each(["none", "gzip", "deflate", "zstd"])("compresses: %s", async (coding) => {
    to.arrived.length = 0;
    const ended = await send(["metrics", "-e", to.url, "-n", "60", "--compression", coding, "--json"]);
    expect([ended.code, itemsOf("metrics", bodiesOf(to)).length, to.arrived[0]?.headers["content-encoding"]]).toEqual([
      0,
      60,
      coding === "none" ? undefined : coding,
    ]);
    const { bytes } = summaryOf(ended);
    expect(coding === "none" ? bytes === to.arrived[0]?.body.length : bytes < (to.arrived[0]?.body.length ?? 0)).toBe(true);
  });

  it("takes telemetrygen's flags", async () => {
    to.arrived.length = 0;
    const flags = ["--otlp-http", "--otlp-insecure", "--otlp-endpoint", to.url.replace("http://", ""), "--otlp-header", 'x-key="abc"', "--batch-size", "6"];
    const { code } = await send([
      "traces",
      ...flags,
      "--traces",
      "4",
      "--child-spans",
      "2",
      "--service",
      "s",
      "--otlp-attributes",
      'k="v"',
      "--telemetry-attributes",
      "n=1",
      "--status-code",
      "Error",
      "--span-duration",
      "2ms",
    ]);
    const spans = itemsOf("traces", bodiesOf(to));
    expect([code, spans.length, to.arrived.length]).toEqual([0, 12, 2]);
    expect(to.arrived.every(({ headers }) => headers["x-key"] === "abc")).toBe(true);
    expect(spans.every((span) => attributesOf(span)["n"] === "1" && (span["status"] as Plain)["code"] === 2)).toBe(true);
    expect(spans[0]?.["resource"]).toMatchObject({ "service.name": "s", k: "v" });
  });

  it("uses a URL with a path as it is, and reads the variables of the SDKs", async () => {
    to.arrived.length = 0;
    await send(["logs", "-e", `${to.url}/in/logs`, "-n", "1"]);
    await send(["logs", "-n", "1"], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${to.url}/in`, OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b" } });
    expect(to.arrived.map(({ path, headers }) => [path, headers["api-key"]])).toEqual([
      ["/in/logs", undefined],
      ["/in/v1/logs", "a b"],
    ]);
  });

  it("keeps to a rate: 6 requests at 20 items a second and 2 a request take half a second", async () => {
    to.arrived.length = 0;
    const ended = await send(["logs", "-e", to.url, "-n", "12", "--rate", "20", "--batch", "2", "--workers", "4", "--json"]);
    // A slow machine takes longer; none may be faster, but for a timer that ends a little early.
    expect(summaryOf(ended).durationMs).toBeGreaterThan(490);
    expect([ended.code, to.arrived.length]).toEqual([0, 6]);
  });

  it("ends by itself after a duration, with everything settled", async () => {
    to.arrived.length = 0;
    const ended = await send(["logs", "-e", to.url, "--duration", "300ms", "--workers", "2", "--batch", "5", "--json"]);
    const { sent, accepted, requests, interrupted } = summaryOf(ended);
    expect([ended.code, accepted, requests, interrupted]).toEqual([0, sent, to.arrived.length, false]);
    expect(itemsOf("logs", bodiesOf(to)).length).toBe(sent);
  });

  it("says nothing when told to be quiet", async () => {
    expect(await send(["logs", "-e", to.url, "-q"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

describe("no destination", () => {
  it("nothing listens: at once, with cause and cure; JSON is printed all the same", async () => {
    const ended = await send(["metrics", "-e", "http://127.0.0.1:1", "--workers", "3", "--count", "1000", "--json"]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toBe(
      "Cannot reach http://127.0.0.1:1/v1/metrics: nothing listens there\n  => Is a gateway running? Start one with npm start, or name another with --endpoint\n",
    );
    const { sent, failed, error } = summaryOf(ended);
    expect([sent, error]).toEqual([failed, "Cannot reach http://127.0.0.1:1/v1/metrics: nothing listens there"]);
  });

  it("TLS where there is none", async () => {
    await withDestination(undefined, async (to) => {
      const { code, stderr } = await send(["logs", "-e", to.url.replace("http:", "https:")]);
      expect([code, to.arrived.length]).toEqual([1, 0]);
      expect(stderr).toContain("=> Give the authority with --ca-cert, or write http:// where the destination speaks plain HTTP");
    });
  });

  it("something that hangs up: tried again, then told", async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.on("error", () => {}).destroy();
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    const { code, stdout } = await send(["logs", "-e", `http://127.0.0.1:${port}`, "--retries", "1"]);
    server.close();
    expect([code, connections]).toEqual([1, 2]);
    // A write may fail before the reset is seen: the two attempts can end in different words.
    const told = [...stdout.matchAll(/^ {2}(\d+) x (\w+): /gm)].map(([, count, reason]) => ({ count: Number(count), reason }));
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(2);
    expect(told.every(({ reason }) => reason === "reset" || reason === "connect")).toBe(true);
  });
});

describe("wrong usage", () => {
  it.each([
    [[], "Usage: sluice send"],
    [["profiles"], "error: unknown command 'profiles'"],
    [["traces", "--nope"], "error: unknown option '--nope'"],
    [["traces", "--body", "x"], "error: unknown option '--body'"],
    [["traces", "--rate", "fast"], 'Cannot use --rate "fast": not a number in range\n  => Use 0 to 1000000000\n'],
    [["traces", "--ca-cert", "/nowhere.pem"], 'Cannot read "/nowhere.pem" for tls'],
  ])("%j ends with 2", async (args, text) => {
    const { code, stdout, stderr } = await send(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(text);
  });

  it("has help for each signal", async () => {
    const { code, stdout } = await send(["metrics", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("--metric-type <type>");
    expect(stdout).not.toMatch(/--child-spans|--otlp/);
  });
});
