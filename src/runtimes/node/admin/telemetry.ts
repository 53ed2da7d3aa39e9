/**
 * What a gateway tells of itself, as `service.telemetry` says: addresses that answer, destinations that
 * are told. It begins before everything else, so that "not ready yet" is an answer, too, and ends last.
 */
import { SluiceError } from "../../../base/errors.ts";
import type { Host, Listener } from "../../../base/host.ts";
import type { TelemetryConfig } from "../../../config/service.ts";
import type { Engine } from "../../../otlp/engine.ts";
import type { Counters } from "../../../pipeline/counters.ts";
import { addressOf } from "../../../pipeline/endpoint.ts";
import type { Address } from "../../../pipeline/gateway.ts";
import type { Health } from "../../../pipeline/health.ts";
import { withoutDetails } from "../../../pipeline/metrics/families.ts";
import { observe } from "./gauges.ts";
import { Pusher } from "./push.ts";
import { type AdminParts, adminHandler } from "./server.ts";
import { labelsOf, pushesOf, resourceOf, type Scrape, scrapesOf } from "./settings.ts";

export interface TelemetryParts {
  readonly host: Host;
  readonly engine: Engine;
  readonly counters: Counters;
  readonly health: Health;
  /** Texts that are told nobody. */
  readonly secrets: readonly string[];
}

export interface Telemetry {
  /** What answers, with the ports that were bound. */
  readonly addresses: readonly Address[];
  /** Tells the last of it, and ends before `deadlineMs` from now. */
  stop(deadlineMs: number): Promise<void>;
}

const CURE = "Stop that process, give it another port, or write service.telemetry.metrics.level: none";

/** Throws `listen` when an address that was asked for cannot be had. The default one is only told: nobody asked for it. */
export async function startTelemetry({ metrics, resource: section }: TelemetryConfig, parts: TelemetryParts): Promise<Telemetry> {
  const { counters, health, secrets } = parts;
  const resource = resourceOf(section);
  const samples = () => (metrics.level === "detailed" ? counters.samples() : withoutDetails(counters.samples()));
  const admin: AdminParts = { samples, health, secrets, resource: labelsOf(resource.attributes) };
  if (metrics.level !== "none") observe(counters, parts);
  const listeners: Listener[] = [];
  const addresses: Address[] = [];
  try {
    for (const scrape of scrapesOf(metrics, resource)) {
      const listener = await listen(scrape, admin, parts.host);
      if (listener === undefined) continue;
      listeners.push(listener);
      addresses.push({ component: scrape.key, address: `${addressOf("http", scrape.hostname, listener.port)}/metrics` });
    }
    const pushers = pushesOf(metrics).map((push) => new Pusher(push, { ...parts, samples, resource }));
    return {
      addresses,
      async stop(deadlineMs) {
        await Promise.all(pushers.map((pusher) => pusher.stop(deadlineMs)));
        await Promise.all(listeners.map((listener) => listener.stop(deadlineMs)));
      },
    };
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.stop(0)));
    throw error;
  }
}

/** Undefined: the default address is not to be had. */
async function listen(scrape: Scrape, admin: AdminParts, { server, logger }: Host): Promise<Listener | undefined> {
  const { hostname, port, key, byDefault, text } = scrape;
  try {
    // 0: the adapter's own limits.
    const times = { requestTimeoutMs: 0, headersTimeoutMs: 0, idleTimeoutMs: 0 };
    return await server.listen({ hostname, port, key, ...times }, adminHandler(admin, text));
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== "listen") throw error;
    if (!byDefault) throw new SluiceError("listen", error.message, { path: key, cure: CURE, cause: error });
    logger.log("warn", "Own metrics and health are not served", { reason: error.message, cure: CURE });
    return undefined;
  }
}
