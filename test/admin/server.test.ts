/** The routes of the admin port, by their handler: no socket. */
import { describe, expect, test } from "vitest";
import type { Answer, RequestHead } from "../../src/base/host.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Health } from "../../src/pipeline/health.ts";
import { adminHandler } from "../../src/runtimes/node/admin/server.ts";
import { TestClock } from "../harness/clock.ts";
import { readExposition, sumOf } from "./exposition.ts";

function admin() {
  const counters = new Counters();
  const health = new Health(new TestClock());
  const handler = adminHandler(
    { samples: () => counters.samples(), health, secrets: ["k3y-0815"], resource: { "service.name": "sluice" } },
    { withoutTypeSuffix: false, withoutUnits: false, constantLabels: {} },
  );
  const ask = async (path: string, { method = "GET", accept = "" } = {}) => {
    const head: RequestHead = {
      method,
      path,
      header: (name) => (name === "accept" && accept !== "" ? accept : undefined),
      headers: () => ({}),
      peer: "",
      contentLength: undefined,
    };
    return handler(head, { read: () => Promise.reject(new Error("No body is read here")) });
  };
  return { counters, health, ask };
}

const textOf = ({ body }: Answer) => new TextDecoder().decode(body);
const jsonOf = (answer: Answer): unknown => JSON.parse(textOf(answer));

describe("/metrics", () => {
  test("answers in the format that is asked for", async () => {
    const { counters, ask } = admin();
    counters.counter("otelcol_exporter_sent_spans", { exporter: "a" }).add(3);
    const plain = await ask("/metrics");
    expect([plain.status, plain.headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    expect(sumOf(readExposition(textOf(plain), false), "otelcol_exporter_sent_spans_total", { exporter: "a" })).toBe(3);
    const open = await ask("/metrics", { accept: "application/openmetrics-text; version=1.0.0" });
    expect([open.status, open.headers["content-type"]]).toEqual([200, "application/openmetrics-text; version=1.0.0; charset=utf-8"]);
    expect(sumOf(readExposition(textOf(open), true), "otelcol_exporter_sent_spans_total", { exporter: "a" })).toBe(3);
  });

  test("is read, and nothing else", async () => {
    const { ask } = admin();
    expect((await ask("/metrics", { method: "HEAD" })).status).toBe(200);
    const refused = await ask("/metrics", { method: "POST" });
    expect([refused.status, refused.headers["allow"]]).toEqual([405, "GET, HEAD"]);
    expect((await ask("/")).status).toBe(404);
  });
});

describe("health", () => {
  test("is not ready before the start and from the stop on, and healthy all the time", async () => {
    const { health, ask } = admin();
    const statuses = async () => [(await ask("/healthz")).status, (await ask("/readyz")).status];
    expect(await statuses()).toEqual([200, 503]);
    health.state = "ready";
    expect(await statuses()).toEqual([200, 200]);
    health.state = "stopping";
    expect(await statuses()).toEqual([200, 503]);
    expect(jsonOf(await ask("/readyz"))).toMatchObject({ status: "not ready", state: "stopping" });
  });

  test("says of each component how it does, without secrets", async () => {
    const { health, ask } = admin();
    health.state = "ready";
    health.pipelines = [
      { id: "traces", exporters: ["a"] },
      { id: "logs/x y", exporters: ["b"] },
    ];
    health.set("exporter:b", "ok");
    health.set("exporter:a", "recoverable", "Post https://user:pass@a.example: 401 for k3y-0815");
    const since = "2023-11-14T22:13:20.000Z";
    const detail = {
      version: "0.1.0",
      state: "ready",
      pipelines_down: ["traces"],
      components: [
        { component: "exporter:b", status: "ok", since },
        { component: "exporter:a", status: "recoverable", since, message: "Post https://***@a.example: 401 for ***" },
      ],
    };
    expect(jsonOf(await ask("/healthz"))).toEqual({ status: "healthy", ...detail });
    expect(jsonOf(await ask("/readyz"))).toEqual({ status: "ready", ...detail });
    expect([(await ask("/readyz/traces")).status, (await ask("/readyz/logs/x%20y")).status]).toEqual([503, 200]);
    expect(jsonOf(await ask("/readyz/traces"))).toEqual({ status: "not ready", pipeline: "traces", ...detail });
    expect([(await ask("/readyz/metrics")).status, (await ask("/readyz/%ff")).status]).toEqual([404, 404]);
    health.set("exporter:b", "recoverable", "down");
    expect([(await ask("/healthz")).status, (await ask("/readyz")).status]).toEqual([200, 503]);
    health.set("exporter:b", "permanent", "gone");
    expect(jsonOf(await ask("/healthz"))).toMatchObject({ status: "unhealthy" });
    expect((await ask("/healthz")).status).toBe(503);
  });
});
