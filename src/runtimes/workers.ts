/**
 * Sluice on Cloudflare Workers: `export default gateway(yaml)`. The configuration is the same YAML,
 * bundled as text; `${env:NAME}` reads the Worker's bindings, secrets among them. A configuration that
 * keeps telemetry between requests runs in Durable Objects, with the Worker in front of them as its door.
 *
 * Invariant: in a Worker requests share the memory, the counters and the rules, and never a promise. Each
 * request is kept alive to its end even when its sender goes away, so that it gives back what it holds.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Plan } from "../config/plan.ts";
import { answerMounted, type FetchGateway, type Mounted, notStarted, type Parts, startMounted } from "./fetch/mount.ts";
import { bucketOf } from "./workers/bucket.ts";
import type { ObjectNamespace } from "./workers/durable-object.ts";
import { type DoorOptions, namespaceOf, throughDoor } from "./workers/door.ts";
import { engineHere, groundOf } from "./workers/ground.ts";
import { type KeepAlive, workersHost } from "./workers/host.ts";
import { Inbox, takeLater } from "./workers/inbox.ts";
import { doorPlan, needsObject } from "./workers/placing.ts";

export type { FetchGateway } from "./fetch/mount.ts";
export type { DoorOptions } from "./workers/door.ts";
export { gatewayObject, type GatewayObject, type GatewayObjectClass } from "./workers/object.ts";

/** What serves. `objects` is given where the gateway runs in them. */
interface Serving {
  readonly mounted: Mounted;
  readonly objects: ObjectNamespace | undefined;
  readonly inbox: Inbox;
}

/** A gateway from the Collector's YAML; several texts are merged, the last one wins. Built at the first request. */
export function gateway(config: string | readonly string[], options: DoorOptions = {}): FetchGateway {
  const texts = typeof config === "string" ? [config] : config;
  const current = new AsyncLocalStorage<KeepAlive>();
  const keepAlive: KeepAlive = (promise) => current.getStore()?.(promise);
  let serving: Serving | "failed" | undefined;
  const serve = async (env: unknown) => {
    // Each request builds for itself what it does not find: one that is cut off leaves nobody waiting.
    const found = serving ?? (await start(texts, env, keepAlive));
    serving ??= found;
    return serving;
  };
  return {
    async fetch(request, env, ctx) {
      const found = await serve(env);
      if (found === "failed") return notStarted();
      const { mounted, objects } = found;
      const peer = request.headers.get("cf-connecting-ip") ?? "";
      const kept = waitUntilOf(ctx);
      const answer = current.run(kept, () =>
        objects === undefined ? answerMounted(mounted, request, peer) : throughDoor(mounted, objects, request, peer, options),
      );
      kept(answer);
      return answer;
    },
    async queue(batch, env, ctx) {
      const found = await serve(env);
      if (found === "failed") takeLater(batch);
      else await current.run(waitUntilOf(ctx), () => found.inbox.take(batch, found.mounted.logger));
    },
    // The platform ends a Worker whenever it likes, and asks nobody.
    stop: () => Promise.resolve(),
  };
}

async function start(texts: readonly string[], env: unknown, keepAlive: KeepAlive): Promise<Serving | "failed"> {
  const inbox = new Inbox();
  let objects: ObjectNamespace | undefined;
  try {
    const mounted = await startMounted(texts, {
      ...groundOf(env),
      parts(plan: Plan): Parts {
        const engine = engineHere();
        const host = {
          ...workersHost(engine, plan.logLevel ?? "info", keepAlive),
          platformQueue: (name: string) => inbox.queueOf(env, name),
          boundObjects: (name: string) => bucketOf(env, name, keepAlive),
        };
        const parts = { engine, host, server: host.server };
        if (!needsObject(plan, engine, host)) return parts;
        objects = namespaceOf(env);
        return { ...parts, plan: doorPlan(plan) };
      },
    });
    return { mounted, objects, inbox };
  } catch {
    // Logged where it was found.
    return "failed";
  }
}

/** Absent where the gateway is called by something else than the platform. */
function waitUntilOf(ctx: unknown): KeepAlive {
  if (typeof ctx !== "object" || ctx === null || !("waitUntil" in ctx)) return () => {};
  const { waitUntil } = ctx;
  return typeof waitUntil === "function" ? (promise) => void Reflect.apply(waitUntil, ctx, [promise]) : () => {};
}
