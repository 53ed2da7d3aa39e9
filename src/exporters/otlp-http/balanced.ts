/**
 * One exporter for each endpoint of `load_balancing`, and one in front that chooses. Each has a client of
 * its own: what one holds when all stop does not cut off another.
 */
import type { HttpClient, HttpRequest } from "../../base/host.ts";
import { type BalancedEndpoint, BalancedExporter } from "../../delivery/balancing/exporter.ts";
import type { BalancingSettings } from "../../delivery/balancing/settings.ts";
import { MEDIA_TYPES } from "../../otlp/responses.ts";
import type { Context, Exporter } from "../../pipeline/component.ts";
import { type Destination, OtlpHttpExporter } from "./exporter.ts";

/** Of an answer to a check: nothing is read from it but the status. */
const CHECK_BYTES_MAX = 64 << 10;

interface Parts {
  readonly destination: Destination;
  readonly client: HttpClient;
}

/** `partsOf` makes what reaches an endpoint, by its base URL. */
export function balanced(settings: BalancingSettings, partsOf: (endpoint: string) => Parts, context: Context): Exporter {
  const endpoints = settings.endpoints.map(({ url, weight }): BalancedEndpoint => {
    const { client, destination } = partsOf(url);
    const { path } = settings.active ?? {};
    // An export request without anything in it is empty, and an answer to it says that the door is open.
    const request =
      path === undefined ? emptyExport(destination, url) : { method: "GET" as const, url: `${url.replace(/\/$/, "")}${path}`, headers: destination.headers };
    return {
      name: nameOf(url),
      weight,
      exporter: new OtlpHttpExporter(destination, context, client),
      check: (timeoutMs) => answersWell(client, { ...request, timeoutMs }),
    };
  });
  return new BalancedExporter(endpoints, settings, context);
}

/** What an endpoint is called in counters and log lines: host and path, without credentials and queries. */
export function nameOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname.replace(/\/+$/, "")}`;
}

function emptyExport({ headers, urls }: Destination, url: string) {
  return { method: "POST" as const, url: urls.traces ?? url, headers: { "content-type": MEDIA_TYPES.proto, ...headers } };
}

async function answersWell(client: HttpClient, request: Pick<HttpRequest, "headers" | "method" | "timeoutMs" | "url">): Promise<boolean> {
  try {
    const result = await client.send({ ...request, slices: [], length: 0, responseMaxBytes: CHECK_BYTES_MAX, onReleased: () => {} });
    return result.kind === "response" && result.status >= 200 && result.status < 300;
  } catch {
    // The client was closed meanwhile, or the URL cannot be asked: the balancer counts it as a failed check.
    return false;
  }
}
