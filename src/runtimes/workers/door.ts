/**
 * The Worker in front of its Durable Objects. The receiver looks at the head as it does elsewhere, so that
 * what is refused by its method, path or declared length never reaches an object; what it admits goes on
 * as it came, body unread, to the object of its tenant and shard.
 */
import { messageOf, SluiceError } from "../../base/errors.ts";
import type { RequestBody } from "../../base/host.ts";
import { answerFetch } from "../fetch/exchange.ts";
import type { Mounted } from "../fetch/mount.ts";
import type { ObjectNamespace } from "./durable-object.ts";

/** The name of the binding in wrangler.toml. */
export const BINDING = "SLUICE";

export interface DoorOptions {
  /** Objects of one tenant: about a thousand requests a second go through one. Default 1. */
  readonly shards?: number | undefined;
  /** Whose telemetry a request is: tenants never share an object. Default: one tenant. */
  readonly tenant?: ((request: Request) => string) | undefined;
}

/** Those of the Worker's bindings. Throws `config` when there are none. */
export function namespaceOf(env: unknown): ObjectNamespace {
  const found: unknown = typeof env === "object" && env !== null ? Reflect.get(env, BINDING) : undefined;
  if (isNamespace(found)) return found;
  throw new SluiceError("config", `Cannot keep telemetry between requests: no Durable Object is bound as ${BINDING}`, {
    cure: "Bind one in wrangler.toml and export its class (docs/workers.md)",
  });
}

function isNamespace(value: unknown): value is ObjectNamespace {
  return typeof value === "object" && value !== null && "idFromName" in value && "get" in value;
}

/** The answer of the object, or of the receiver when the head is refused or the object cannot be reached. */
export async function throughDoor(door: Mounted, namespace: ObjectNamespace, request: Request, peer: string, options: DoorOptions): Promise<Response> {
  const { engine, logger, server, unread } = door;
  let passed: Response | undefined;
  const forward = (contentLength = 0): RequestBody => ({
    async read(maxBytes) {
      if (contentLength > maxBytes) return { kind: "too_large" };
      try {
        passed = await namespace.get(namespace.idFromName(nameOf(request, peer, options))).fetch(request);
        return { kind: "aborted" };
      } catch (error) {
        // Overloaded, moved, or updated just now: its sender comes again.
        logger.log("warn", "Cannot reach the Durable Object", { message: messageOf(error) });
        return { kind: "over_budget" };
      }
    },
  });
  const handler = server.handler;
  if (handler === undefined) throw new SluiceError("internal", "Cannot pass a request on: there is no door");
  const answer = await answerFetch({ handler: (head) => handler(head, forward(head.contentLength)), pool: engine.pool, logger, unread }, request, peer);
  return passed ?? answer;
}

/** One sender's telemetry goes to one object, so that what counts by stream sees all of a stream. */
function nameOf(request: Request, peer: string, { shards = 1, tenant }: DoorOptions): string {
  return `${tenant?.(request) ?? ""}/${hashOf(peer) % shards}`;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
