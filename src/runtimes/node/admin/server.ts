/**
 * The routes of the admin port: `/metrics` for Prometheus, `/healthz` (would a restart help?), `/readyz`
 * (should anybody send here?) and `/readyz/<pipeline>`. They read and change nothing.
 */
import type { Answer, Handler, RequestHead } from "../../../base/host.ts";
import { VERSION } from "../../../base/version.ts";
import type { Labels, Sample } from "../../../pipeline/counters.ts";
import type { ComponentHealth, Health } from "../../../pipeline/health.ts";
import { formatOf, TEXT_TYPES, writeText } from "../../../pipeline/metrics/prometheus.ts";
import { hideKnown, hideSecrets } from "../logger.ts";
import type { Scrape } from "./settings.ts";

export interface AdminParts {
  /** The metrics as they are now. */
  readonly samples: () => readonly Sample[];
  readonly health: Health;
  /** Texts that are told nobody. */
  readonly secrets: readonly string[];
  /** What `target_info` says. */
  readonly resource: Labels;
}

const encoder = new TextEncoder();
const HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** Answers one reader's address. */
export function adminHandler(parts: AdminParts, text: Scrape["text"]): Handler {
  return async (head) => {
    if (head.method !== "GET" && head.method !== "HEAD") return plain(405, "Cannot do that: use GET", { allow: "GET, HEAD" });
    if (head.path === "/metrics") return metrics(head, parts, text);
    if (head.path === "/healthz") return healthz(parts);
    if (head.path === "/readyz") return readyz(parts);
    if (head.path.startsWith("/readyz/")) return readyPipeline(parts, head.path.slice("/readyz/".length));
    return plain(404, "There are /metrics, /healthz and /readyz");
  };
}

function metrics(head: RequestHead, { samples, resource }: AdminParts, text: Scrape["text"]): Answer {
  const format = formatOf(head.header("accept"));
  return answer(200, TEXT_TYPES[format], writeText(samples(), { ...text, format, resource }));
}

function healthz(parts: AdminParts): Answer {
  const { health } = parts;
  return json(health.healthy ? 200 : 503, { status: health.healthy ? "healthy" : "unhealthy", ...detail(parts) });
}

function readyz(parts: AdminParts): Answer {
  const { health } = parts;
  return json(health.ready ? 200 : 503, { status: health.ready ? "ready" : "not ready", ...detail(parts) });
}

function readyPipeline(parts: AdminParts, path: string): Answer {
  const { health } = parts;
  const known = health.pipelines.find(({ id }) => id === path || id === decoded(path));
  if (known === undefined) return json(404, { status: "unknown", pipelines: health.pipelines.map(({ id }) => id) });
  const ready = health.state === "ready" && health.healthy && !health.down().includes(known.id);
  return json(ready ? 200 : 503, { status: ready ? "ready" : "not ready", pipeline: known.id, ...detail(parts) });
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // It names no pipeline.
    return undefined;
  }
}

function detail({ health, secrets }: AdminParts) {
  const components = health.all().map((one) => shown(one, secrets));
  return { version: VERSION, state: health.state, pipelines_down: health.down(), components };
}

function shown({ component, status, sinceMs, message }: ComponentHealth, secrets: readonly string[]) {
  return { component, status, since: new Date(sinceMs).toISOString(), ...(message !== undefined && { message: hideKnown(hideSecrets(message), secrets) }) };
}

function json(status: number, value: unknown): Answer {
  return answer(status, "application/json", `${JSON.stringify(value)}\n`);
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return answer(status, "text/plain; charset=utf-8", `${text}\n`, headers);
}

function answer(status: number, type: string, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { ...HEADERS, ...headers, "content-type": type }, body: encoder.encode(text) };
}
