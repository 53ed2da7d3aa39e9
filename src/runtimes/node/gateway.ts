/**
 * A gateway on a runtime that listens by itself, from a plan to a stop. What differs between Node, Bun
 * and Deno is one function: the host over an engine.
 */
import { SluiceError } from "../../base/errors.ts";
import type { Host, LogLevel } from "../../base/host.ts";
import type { Engine } from "../../otlp/engine.ts";
import { Counters } from "../../pipeline/counters.ts";
import { type Address, Gateway, type GatewayPlan } from "../../pipeline/gateway.ts";
import { Health } from "../../pipeline/health.ts";
import type { TelemetryConfig } from "../../config/service.ts";
import { MEMORY_BYTES, nodeEngine, type NodeHostOptions } from "./host.ts";
import type { LogFormat } from "./logger.ts";

export interface RunOptions {
  readonly log: LogFormat;
  /** Lines below it are not written. */
  readonly level: LogLevel;
  /** Bytes for requests in flight, the kernel's own included: when they are used up, senders are told 503. Default 512 MiB. */
  readonly memoryBytes?: number | undefined;
  /** Overwrite released buffers, so that a use after release shows. For tests. Default false. */
  readonly poison?: boolean | undefined;
  /** What it tells of itself; undefined: nothing but log lines. */
  readonly telemetry?: TelemetryConfig | undefined;
  /** Texts that nothing tells: values of headers, say. */
  readonly secrets?: readonly string[] | undefined;
  /** Takes log lines instead of standard error. */
  readonly writeLog?: ((line: string) => void) | undefined;
}

export interface RunningGateway {
  /** What the receivers listen on, with the ports that were bound. */
  readonly addresses: readonly Address[];
  /** Where its own metrics and its health are asked for. */
  readonly telemetry: readonly Address[];
  readonly counters: Counters;
  readonly health: Health;
  readonly engine: Engine;
  readonly host: Host;
  /** Rejects when a listener breaks while it runs; never resolves. */
  readonly failed: Promise<never>;
  /** Stops receivers, then stages, then exporters; what is not done `deadlineMs` from now is cut. */
  stop(deadlineMs: number): Promise<void>;
}

/** What the last of Sluice's own metrics may take, however little is left of the time to stop. */
const TELEMETRY_STOP_MS = 1000;

/** Everything that components are given, over an engine. */
export type MakeHost = (engine: Engine, options: NodeHostOptions) => Host;

/** Starts a gateway on this host. Throws `listen` when an address cannot be had, `config` for settings that only show when used. */
export async function runOn(makeHost: MakeHost, plan: GatewayPlan, options: RunOptions): Promise<RunningGateway> {
  const engine = nodeEngine(options.memoryBytes ?? MEMORY_BYTES, { poison: options.poison ?? false });
  const broken = Promise.withResolvers<never>();
  // Whoever does not care must not be ended by it.
  broken.promise.catch(() => {});
  const onListenerError = (cause: unknown) => broken.reject(new SluiceError("listen", "Cannot go on listening: the listener failed", { cause }));
  const host = makeHost(engine, { log: options.log, level: options.level, writeLog: options.writeLog, onListenerError });
  const counters = new Counters();
  const health = healthOf(plan, host, options);
  const parts = { host, engine, counters, health };
  const telemetry =
    options.telemetry === undefined
      ? undefined
      : await (await import("./admin/telemetry.ts")).startTelemetry(options.telemetry, { ...parts, secrets: options.secrets ?? [] });
  let gateway: Gateway;
  try {
    gateway = await Gateway.start({ plan, ...parts });
  } catch (error) {
    await telemetry?.stop(0);
    throw error;
  }
  health.state = "ready";
  return {
    addresses: gateway.addresses,
    telemetry: telemetry?.addresses ?? [],
    counters,
    health,
    engine,
    host,
    failed: broken.promise,
    async stop(deadlineMs) {
      health.state = "stopping";
      const endMs = host.clock.monotonicMs() + deadlineMs;
      await gateway.stop(deadlineMs);
      // Last, so that what it tells is the end of it.
      await telemetry?.stop(Math.max(TELEMETRY_STOP_MS, endMs - host.clock.monotonicMs()));
    },
  };
}

function healthOf({ receivers, exporters, extensions = [], pipelines }: GatewayPlan, { clock }: Host, { telemetry }: RunOptions): Health {
  const health = new Health(clock, telemetry?.health.failing_after);
  health.pipelines = pipelines;
  for (const { id } of receivers) health.set(`receiver:${id}`, "ok");
  for (const { id } of exporters) health.set(`exporter:${id}`, "ok");
  for (const { id } of extensions) health.set(`extension:${id}`, "ok");
  return health;
}
