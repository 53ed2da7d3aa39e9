/**
 * Sluice on Cloudflare Workers: `export default gateway(yaml)`. The configuration is the same YAML,
 * bundled as text; `${env:NAME}` reads the Worker's bindings, secrets among them.
 *
 * Invariant: requests share the memory, the counters and the rules, and never a promise. Each request
 * is kept alive to its end even when its sender goes away, so that it gives back what it holds.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { SluiceError } from "../base/errors.ts";
import kernel from "../kernel/kernel.wasm";
import { answerMounted, type FetchGateway, type Mounted, notStarted, startMounted } from "./fetch/mount.ts";
import { consoleLogger, type KeepAlive, workersEngine, workersHost } from "./workers/host.ts";

export type { FetchGateway } from "./fetch/mount.ts";

/** A gateway from the Collector's YAML; several texts are merged, the last one wins. Built at the first request. */
export function gateway(config: string | readonly string[]): FetchGateway {
  const texts = typeof config === "string" ? [config] : config;
  const current = new AsyncLocalStorage<KeepAlive>();
  const keepAlive: KeepAlive = (promise) => current.getStore()?.(promise);
  let mounted: Mounted | "failed" | undefined;
  return {
    async fetch(request, env, ctx) {
      // Each request builds for itself what it does not find: one that is cut off leaves nobody waiting.
      const found = mounted ?? (await start(texts, env, keepAlive));
      mounted ??= found;
      if (mounted === "failed") return notStarted();
      const serving = mounted;
      const kept = waitUntilOf(ctx);
      const answer = current.run(kept, () => answerMounted(serving, request, request.headers.get("cf-connecting-ip") ?? ""));
      kept(answer);
      return answer;
    },
    // The platform ends a Worker whenever it likes, and asks nobody.
    stop: () => Promise.resolve(),
  };
}

async function start(texts: readonly string[], env: unknown, keepAlive: KeepAlive): Promise<Mounted | "failed"> {
  try {
    return await startMounted(texts, {
      unread: "drain",
      logger: consoleLogger("info"),
      env: (name) => bindingOf(env, name),
      readFile: () => Promise.reject(new SluiceError("config", "there are no files on Workers")),
      parts(plan) {
        const engine = workersEngine(kernel);
        const host = workersHost(engine, plan.logLevel ?? "info", keepAlive);
        return { engine, host, server: host.server };
      },
    });
  } catch {
    // Logged where it was found.
    return "failed";
  }
}

/** Variables and secrets are text; a JSON variable counts as its text. */
function bindingOf(env: unknown, name: string): string | undefined {
  if (typeof env !== "object" || env === null || !Object.hasOwn(env, name)) return undefined;
  const found: unknown = Reflect.get(env, name);
  if (typeof found === "string") return found;
  return typeof found === "number" || typeof found === "boolean" ? String(found) : undefined;
}

/** Absent where the gateway is called by something else than the platform. */
function waitUntilOf(ctx: unknown): KeepAlive {
  if (typeof ctx !== "object" || ctx === null || !("waitUntil" in ctx)) return () => {};
  const { waitUntil } = ctx;
  return typeof waitUntil === "function" ? (promise) => void Reflect.apply(waitUntil, ctx, [promise]) : () => {};
}
