/** A gateway that is mounted in somebody's own server has no port of its own: where metrics are asked for, it says so. */
import { afterEach, expect, test } from "vitest";
import { gateway } from "../../src/runtimes/gateway-fetch.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function logOf(telemetry: string): Promise<readonly string[]> {
  const log: string[] = [];
  const yaml = `
receivers: {otlp: {protocols: {http: }}}
exporters: {debug: }
service: {telemetry: {${telemetry}}, pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
`;
  const mounted = gateway(yaml, { memoryBytes: 64 << 20, writeLog: (line) => log.push(line) });
  stops.push(() => mounted.stop(0));
  const response = await mounted.fetch(new Request("http://gateway.test/metrics"));
  expect(response.status).toBe(404);
  return log;
}

const READERS = "readers: [{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]";

test("readers that are configured are told as not in force", async () => {
  const log = await logOf(`metrics: {${READERS}}`);
  expect(log.length).toBe(1);
  expect(log[0]).toMatch(/WARN .*service\.telemetry\.metrics\.readers is not in force: own metrics are served and sent only by `sluice run`/);
});

test.each(["", `metrics: {level: none, ${READERS}}`])("nothing is said where nothing is asked for: {%s}", async (telemetry) => {
  expect(await logOf(telemetry)).toEqual([]);
});
