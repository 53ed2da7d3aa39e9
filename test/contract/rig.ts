/** A whole gateway for tests: real sockets, poisoned buffers, whatever components a test names. */
import * as http from "node:http";
import type { Signal } from "../../src/base/signal.ts";
import { otlpHttp } from "../../src/exporters/otlp-http.ts";
import type { ExporterDefinition, ProcessorDefinition } from "../../src/pipeline/component.ts";
import type { GatewayPlan, Planned, PlannedPipeline } from "../../src/pipeline/gateway.ts";
import { otlp } from "../../src/receivers/otlp.ts";
import { runGateway, type RunningGateway } from "../../src/runtimes/node.ts";

type PlannedExporter = Planned<Pick<ExporterDefinition<never>, "create">>;
type PlannedProcessor = Planned<Pick<ProcessorDefinition<never>, "create">>;

export interface RigOptions {
  /** Settings of `protocols.http` of the receiver. */
  readonly http?: Readonly<Record<string, unknown>>;
  readonly exporters: readonly PlannedExporter[];
  readonly processors?: readonly PlannedProcessor[];
  readonly signals?: readonly Signal[];
  readonly primary?: string;
  readonly pipelines?: readonly PlannedPipeline[];
  readonly memoryBytes?: number;
}

export interface Rig extends RunningGateway {
  readonly url: string;
  readonly log: string[];
}

/** An `otlp_http` exporter with these settings. */
export function exporterTo(url: string, config: Readonly<Record<string, unknown>> = {}, id = "otlp_http"): PlannedExporter {
  return { id, definition: otlpHttp, config: otlpHttp.schema.parse({ endpoint: url, ...config }) };
}

/** One receiver on a free port, one pipeline a signal unless the test brings its own. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const { exporters, processors = [], signals = ["traces", "metrics", "logs", "profiles"] } = options;
  const pipelines = signals.map((signal) => ({
    id: signal,
    signal,
    receivers: ["otlp"],
    processors: processors.map(({ id }) => id),
    exporters: exporters.map(({ id }) => id),
    primary: options.primary,
  }));
  const plan: GatewayPlan = {
    receivers: [{ id: "otlp", definition: otlp, config: otlp.schema.parse({ protocols: { http: { endpoint: "127.0.0.1:0", ...options.http } } }) }],
    processors,
    exporters,
    pipelines: options.pipelines ?? pipelines,
  };
  const log: string[] = [];
  const running = await runGateway(plan, {
    log: "text",
    level: "warn",
    poison: true,
    memoryBytes: options.memoryBytes ?? 256 << 20,
    writeLog: (line) => log.push(line),
  });
  return { ...running, url: running.addresses[0]?.address ?? "", log };
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request over a connection of its own, unless `agent` is given. */
export function request(url: string, body: Uint8Array | string, headers: http.OutgoingHttpHeaders = {}, options: http.RequestOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method: "POST", headers: { "content-type": "application/x-protobuf", ...headers }, ...options }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
