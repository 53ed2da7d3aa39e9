/** Sluice on Node: the public entry. `runGateway` runs a plan until it is stopped. */
import { SluiceError } from "../base/errors.ts";
import type { Host, LogLevel } from "../base/host.ts";
import type { Engine } from "../otlp/engine.ts";
import { Counters } from "../pipeline/counters.ts";
import { type Address, Gateway, type GatewayPlan } from "../pipeline/gateway.ts";
import { MEMORY_BYTES, nodeEngine, nodeHost } from "./node/host.ts";
import type { LogFormat } from "./node/logger.ts";

export { MEMORY_BYTES, nodeEngine, nodeHost, type NodeHostOptions } from "./node/host.ts";

export interface RunOptions {
  readonly log: LogFormat;
  /** Lines below it are not written. */
  readonly level: LogLevel;
  /** Bytes for requests in flight, the kernel's own included: when they are used up, senders are told 503. Default 512 MiB. */
  readonly memoryBytes?: number | undefined;
  /** Overwrite released buffers, so that a use after release shows. For tests. Default false. */
  readonly poison?: boolean | undefined;
  /** Takes log lines instead of standard error. */
  readonly writeLog?: ((line: string) => void) | undefined;
}

export interface RunningGateway {
  /** What the receivers listen on, with the ports that were bound. */
  readonly addresses: readonly Address[];
  readonly counters: Counters;
  readonly engine: Engine;
  readonly host: Host;
  /** Rejects when a listener breaks while it runs; never resolves. */
  readonly failed: Promise<never>;
  /** Stops receivers, then stages, then exporters; what is not done `deadlineMs` from now is cut. */
  stop(deadlineMs: number): Promise<void>;
}

/** Starts a gateway. Throws `listen` when an address cannot be had, `config` for settings that only show when used. */
export async function runGateway(plan: GatewayPlan, options: RunOptions): Promise<RunningGateway> {
  const engine = nodeEngine(options.memoryBytes ?? MEMORY_BYTES, { poison: options.poison ?? false });
  const broken = Promise.withResolvers<never>();
  // Whoever does not care must not be ended by it.
  broken.promise.catch(() => {});
  const onListenerError = (cause: unknown) => broken.reject(new SluiceError("listen", "Cannot go on listening: the listener failed", { cause }));
  const host = nodeHost(engine, { log: options.log, level: options.level, writeLog: options.writeLog, onListenerError });
  const counters = new Counters();
  const gateway = await Gateway.start({ plan, host, engine, counters });
  return {
    addresses: gateway.addresses,
    counters,
    engine,
    host,
    failed: broken.promise,
    stop: (deadlineMs) => gateway.stop(deadlineMs),
  };
}
