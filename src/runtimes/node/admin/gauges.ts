/** What is read when it is asked for: the process, the memory for requests in flight, the components' health. */
import type { Host } from "../../../base/host.ts";
import type { Engine } from "../../../otlp/engine.ts";
import type { Counters } from "../../../pipeline/counters.ts";
import type { Health } from "../../../pipeline/health.ts";

/** Puts them among the counters. */
export function observe(counters: Counters, { host, engine, health }: { readonly host: Host; readonly engine: Engine; readonly health: Health }): void {
  const { pool } = engine;
  const startedMs = host.clock.monotonicMs() - process.uptime() * 1000;
  counters.observe("otelcol_process_uptime", {}, () => (host.clock.monotonicMs() - startedMs) / 1000);
  counters.observe("otelcol_process_cpu_seconds", {}, cpuSeconds);
  counters.observe("otelcol_process_memory_rss", {}, () => host.memory?.residentBytes() ?? 0);
  counters.observe("otelcol_process_runtime_heap_alloc_bytes", {}, () => process.memoryUsage().heapUsed);
  counters.observe("otelcol_process_runtime_total_sys_memory_bytes", {}, runtimeBytes);
  if (host.runtime !== "bun") observeResources(counters);
  counters.observe("sluice_memory_capacity_bytes", {}, () => pool.capacity);
  counters.observe("sluice_memory_used_bytes", {}, () => pool.inUse);
  counters.observe("sluice_memory_peak_bytes", {}, () => pool.peak);
  counters.observe("sluice_memory_blocks", {}, () => pool.blocks);
  counters.observe("sluice_ready", {}, () => (health.ready ? 1 : 0));
  for (const { component } of health.all()) counters.observe("sluice_component_healthy", { component }, () => (health.works(component) ? 1 : 0));
}

/** What keeps the process alive: a timer or a handle that nobody ends shows here. Bun has the call, and it tells nothing. */
function observeResources(counters: Counters): void {
  counters.observe("sluice_process_timers", {}, () => process.getActiveResourcesInfo().filter(isTimer).length);
  counters.observe("sluice_process_handles", {}, () => process.getActiveResourcesInfo().filter((name) => !isTimer(name)).length);
}

function isTimer(name: string): boolean {
  return name === "Timeout" || name === "Immediate";
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function runtimeBytes(): number {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}
