/** What a test's gateway is made of: the receiver, and whatever components the test names. */
import type { Signal } from "../../src/base/signal.ts";
import { otlpHttp } from "../../src/exporters/otlp-http.ts";
import type { ExporterDefinition, ProcessorDefinition } from "../../src/pipeline/component.ts";
import type { GatewayPlan, Planned, PlannedPipeline } from "../../src/pipeline/gateway.ts";
import { otlp } from "../../src/receivers/otlp.ts";

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

/** An `otlp_http` exporter with these settings. */
export function exporterTo(url: string, config: Readonly<Record<string, unknown>> = {}, id = "otlp_http"): PlannedExporter {
  return { id, definition: otlpHttp, config: otlpHttp.schema.parse({ endpoint: url, ...config }) };
}

/** One pipeline a signal, unless the test brings its own. `endpoint` is the receiver's. */
export function planOf(options: RigOptions, endpoint: string): GatewayPlan {
  const { exporters, processors = [], signals = ["traces", "metrics", "logs", "profiles"] } = options;
  const pipelines = signals.map((signal) => ({
    id: signal,
    signal,
    receivers: ["otlp"],
    processors: processors.map(({ id }) => id),
    exporters: exporters.map(({ id }) => id),
    primary: options.primary,
  }));
  return {
    receivers: [{ id: "otlp", definition: otlp, config: otlp.schema.parse({ protocols: { http: { endpoint, ...options.http } } }) }],
    processors,
    exporters,
    pipelines: options.pipelines ?? pipelines,
  };
}
