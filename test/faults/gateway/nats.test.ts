/** Two gateways, as an operator runs them, on one stream of a real nats-server: one is killed, and the other delivers what it had acknowledged. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../contract/sinks.ts";
import { NATS_SERVER, NatsServer } from "../../harness/nats-server.ts";
import { atEnd, endAll, Gateway, requestOf, sinkFor, spansIn } from "./gateway.ts";

const server = new NatsServer();

afterAll(endAll);

function yamlOf(url: string, durability: string): string {
  return `
extensions: {nats_jetstream: {servers: ["${server.url}"], stream: ${durability}, subject_prefix: ${durability}, ack_wait: 1s}}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters:
  otlp_http: {endpoint: "${url}", compression: none, sending_queue: {storage: nats_jetstream, durability: ${durability}}, retry_on_failure: {initial_interval: 20ms, max_interval: 50ms, max_elapsed_time: 0}}
service:
  extensions: [nats_jetstream]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}
`;
}

describe.skipIf(NATS_SERVER === undefined)("a queue in NATS", () => {
  beforeAll(async () => {
    await server.start();
    atEnd(() => server.end());
  });

  it.concurrent.each(["write_first", "send_first"])(
    "%s: what a gateway acknowledged is delivered by another when it is killed",
    async (durability) => {
      const answers = { down: true };
      const sink = await sinkFor((_request, response) => void response.writeHead(answers.down ? 503 : 200).end());
      const yaml = yamlOf(sink.url, durability);
      const gateway = await Gateway.start(yaml);
      const bodies = Array.from({ length: 5 }, (_, index) => requestOf(index + 1));
      for (const body of bodies) expect((await gateway.export(body)).status).toBe(200);
      await gateway.end("SIGKILL");
      const other = await Gateway.start(yaml);
      const more = requestOf(9);
      expect((await other.export(more)).status).toBe(200);
      sink.bodies.length = 0;
      answers.down = false;
      await until(() => new Set(spansIn(sink.bodies)).size === 60, "all of it has arrived");
      await other.drained();
      // Those that were refused while it was cleared may be among them.
      expect([...new Set(spansIn(sink.bodies))]).toEqual(spansIn([...bodies, more]));
      expect(await other.total("sluice_exporter_restored_spans")).toBeGreaterThanOrEqual(50);
      expect(await other.end()).toBe(0);
    },
    60_000,
  );
});
