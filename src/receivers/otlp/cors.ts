/**
 * CORS for browsers that send OTLP, off until `allowed_origins` names one. Origins match exactly, or
 * a pattern with one `*`; headers go on errors as well, or pages could not read them. A bare `*` is
 * never combined with credentials.
 */
import type { RequestHead } from "../../base/host.ts";

export interface CorsOptions {
  readonly allowedOrigins: readonly string[];
  /** Undefined: what the Collector allows without a list. `*`: whatever is asked for. */
  readonly allowedHeaders: readonly string[] | undefined;
  readonly exposedHeaders: readonly string[];
  /** Seconds that a browser may remember a preflight; 0: its own default. */
  readonly maxAgeSeconds: number;
}

type Headers = Readonly<Record<string, string>>;

export interface Cors {
  /** Headers for the answer to any request. */
  answer(head: RequestHead): Headers;
  /** Headers for the answer to a preflight. */
  preflight(head: RequestHead): Headers;
}

const DEFAULT_HEADERS = ["origin", "accept", "content-type", "x-requested-with"];
const MIDDLE = /^[\w.:-]+$/;

export function corsOf(options: CorsOptions): Cors {
  const everyone = options.allowedOrigins.includes("*");
  const patterns = options.allowedOrigins.map((origin) => origin.toLowerCase());
  const allowed = (options.allowedHeaders ?? DEFAULT_HEADERS).map((name) => name.toLowerCase());
  const exposed = ["Retry-After", ...options.exposedHeaders].join(", ");
  const granted = (head: RequestHead): Headers | undefined => {
    const origin = head.header("origin");
    if (origin === undefined) return undefined;
    if (everyone) return { "access-control-allow-origin": "*" };
    if (!patterns.some((pattern) => matches(pattern, origin.toLowerCase()))) return undefined;
    return { "access-control-allow-origin": origin, "access-control-allow-credentials": "true" };
  };
  return {
    answer(head) {
      const origin = granted(head);
      return origin === undefined ? { vary: "Origin" } : { ...origin, vary: "Origin", "access-control-expose-headers": exposed };
    },
    preflight(head) {
      const vary = { vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" };
      const origin = granted(head);
      const wanted = head.header("access-control-request-headers") ?? "";
      if (origin === undefined || head.header("access-control-request-method") !== "POST" || !allowsAll(allowed, wanted)) return vary;
      return {
        ...vary,
        ...origin,
        "access-control-allow-methods": "POST",
        ...(wanted === "" ? {} : { "access-control-allow-headers": wanted }),
        ...(options.maxAgeSeconds > 0 ? { "access-control-max-age": String(options.maxAgeSeconds) } : {}),
      };
    },
  };
}

function matches(pattern: string, origin: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === origin;
  const head = pattern.slice(0, star);
  const tail = pattern.slice(star + 1);
  if (origin.length <= head.length + tail.length || !origin.startsWith(head) || !origin.endsWith(tail)) return false;
  return MIDDLE.test(origin.slice(head.length, origin.length - tail.length));
}

function allowsAll(allowed: readonly string[], wanted: string): boolean {
  if (allowed.includes("*")) return true;
  const names = wanted.split(",").map((name) => name.trim().toLowerCase());
  return names.every((name) => name === "" || allowed.includes(name));
}
