/** Every exporter passes the contract, with a destination and without. A new one adds its row. */
import { afterAll, describe, test } from "vitest";
import { SIGNALS } from "../../src/base/signal.ts";
import { consoleExporter } from "../../src/exporters/console.ts";
import { debug } from "../../src/exporters/debug.ts";
import { otlpHttp } from "../../src/exporters/otlp-http.ts";
import { SOCKETS } from "../harness/host.ts";
import { bench, checkExporterContract } from "./exporter-contract.ts";
import { type Sink, startSink } from "./sinks.ts";

const sinks: Sink[] = [];
afterAll(() => Promise.all(sinks.map((sink) => sink.close())));

describe.runIf(SOCKETS)("otlp_http", () => {
  test.each(["none", "gzip", "zstd"])("with a destination, compression %s", async (compression) => {
    const sink = await startSink();
    sinks.push(sink);
    const on = bench("otlp_http");
    await checkExporterContract(otlpHttp.create(otlpHttp.schema.parse({ endpoint: sink.url, compression }), on), on, SIGNALS);
  });

  test("with nobody there", async () => {
    const sink = await startSink();
    await sink.close();
    const on = bench("otlp_http");
    await checkExporterContract(otlpHttp.create(otlpHttp.schema.parse({ endpoint: sink.url }), on), on, SIGNALS);
  });

  test("with one that resets, and one that never answers", async () => {
    const on = bench("otlp_http");
    const resetting = await startSink((request) => void request.socket.resetAndDestroy());
    const mute = await startSink(() => {});
    sinks.push(resetting, mute);
    await checkExporterContract(otlpHttp.create(otlpHttp.schema.parse({ endpoint: resetting.url }), on), on, SIGNALS);
    await checkExporterContract(otlpHttp.create(otlpHttp.schema.parse({ endpoint: mute.url, timeout: "100ms" }), on), on, SIGNALS);
  });
});

describe("debug", () => {
  test.each(["basic", "normal", "detailed"])("verbosity %s", async (verbosity) => {
    const on = bench("debug");
    await checkExporterContract(debug.create(debug.schema.parse({ verbosity }), on), on, SIGNALS);
  });
});

describe("console", () => {
  test("with its defaults", async () => {
    const on = bench("console");
    await checkExporterContract(consoleExporter.create(consoleExporter.schema.parse({}), on), on, SIGNALS);
  });
});
