/**
 * Cloudflare Queues: what is sent to a binding, and what the platform hands out by calling the Worker
 * (developers.cloudflare.com/queues). A message is the exporter's id, the signal, how many items, and a
 * stored batch, as the structured clone of an object.
 *
 * Limit: 128,000 bytes a message, what stands around the batch included.
 */
import * as z from "zod";
import type { HandedMessage, PlatformQueue, Verdict } from "../../base/broker.ts";
import { messageOf, SluiceError } from "../../base/errors.ts";
import type { Logger } from "../../base/host.ts";
import { type Signal, SIGNALS } from "../../base/signal.ts";
import type { MessageBatch, QueueMessage } from "../fetch/mount.ts";

const MESSAGE_BYTES_MAX = 128_000;
/** An exporter's id of a few hundred characters, and what a clone adds. */
const AROUND_BYTES = 2000;
/** For what nobody here can take: another version of the Worker may. */
const UNKNOWN_AGAIN_MS = 60_000;
/** The platform's own. */
const DELAY_SECONDS_MAX = 43_200;

/** What is used of a queue's binding. */
interface Binding {
  send(body: unknown, options: { readonly contentType: "v8" }): Promise<unknown>;
}

type Handler = (message: HandedMessage) => Promise<Verdict>;

const body = z.object({ exporter: z.string(), signal: z.enum(SIGNALS), items: z.number().int().min(1), bytes: z.instanceof(Uint8Array) });

export class Inbox {
  readonly #handlers = new Map<string, Handler>();

  /** The queue that is bound under this name. Throws `config` when none is. */
  queueOf(env: unknown, name: string): PlatformQueue {
    const binding: unknown = typeof env === "object" && env !== null ? Reflect.get(env, name) : undefined;
    if (!isBinding(binding)) {
      throw new SluiceError("config", `Cannot use a queue: none is bound as ${name}`, {
        cure: `Bind one as its producer in wrangler.toml, and the Worker as its consumer (docs/workers.md)`,
      });
    }
    return {
      messageBytesMax: MESSAGE_BYTES_MAX - AROUND_BYTES,
      messageCure: "a Cloudflare Queue has no larger ones: name a file_storage, in a Durable Object",
      send: async (message) => void (await binding.send(message, { contentType: "v8" })),
      onMessage: (exporter, signal, handler) => void this.#handlers.set(placeOf(exporter, signal), handler),
    };
  }

  /** Gives each message to whom it is for, and settles it. Never rejects. */
  async take({ messages }: MessageBatch, logger: Logger): Promise<void> {
    await Promise.all(messages.map((message) => this.#settle(message, logger)));
  }

  async #settle(message: QueueMessage, logger: Logger): Promise<void> {
    const verdict = await this.#verdictOf(message, logger);
    if (verdict.kind === "done") message.ack();
    else retryLater(message, verdict.afterMs);
  }

  async #verdictOf({ attempts, body: given }: QueueMessage, logger: Logger): Promise<Verdict> {
    const parsed = body.safeParse(given);
    const handler = parsed.success ? this.#handlers.get(placeOf(parsed.data.exporter, parsed.data.signal)) : undefined;
    if (!parsed.success || handler === undefined) {
      logger.log("error", "Cannot deliver a message of the queue: no exporter here has sent it", { exporter: parsed.data?.exporter ?? "", attempts });
      return { kind: "again", afterMs: UNKNOWN_AGAIN_MS };
    }
    try {
      return await handler({ ...parsed.data, attempts });
    } catch (error) {
      // A defect: the platform has the message, and hands it out again.
      logger.log("error", "Cannot deliver a message of the queue", { exporter: parsed.data.exporter, message: messageOf(error) });
      return { kind: "again", afterMs: UNKNOWN_AGAIN_MS };
    }
  }
}

/** For messages that a Worker cannot look at: its configuration does not start. */
export function takeLater({ messages }: MessageBatch): void {
  for (const message of messages) retryLater(message, UNKNOWN_AGAIN_MS);
}

function retryLater(message: QueueMessage, afterMs: number): void {
  message.retry({ delaySeconds: Math.min(DELAY_SECONDS_MAX, Math.ceil(afterMs / 1000)) });
}

function placeOf(exporter: string, signal: Signal): string {
  return `${signal} ${exporter}`;
}

function isBinding(value: unknown): value is Binding {
  return typeof value === "object" && value !== null && "send" in value && typeof value.send === "function";
}
