/**
 * The `cloudflare_queue` extension, Sluice's own: a Cloudflare Queue that keeps sending queues, so that a
 * Worker has one without a Durable Object. `sending_queue.storage` names it.
 */
import * as z from "zod";
import type { PlatformQueue } from "../base/broker.ts";
import { SluiceError } from "../base/errors.ts";
import { platformComplaints } from "../delivery/broker/settings.ts";
import { defineExtension, type Extension, type ExtensionContext } from "../pipeline/extension.ts";

const schema = z.strictObject({
  binding: z.string().min(1).default("SLUICE_QUEUE").describe("Name of the queue's producer binding in wrangler.toml. The Worker must be its consumer, too."),
});

type Config = z.output<typeof schema>;

/** The `cloudflare_queue` extension. */
export const cloudflareQueue = defineExtension<Config>({
  id: "cloudflare_queue",
  summary: "Keeps sending queues in a Cloudflare Queue, on Workers.",
  stores: true,
  checkExporter: platformComplaints,
  inWorker: true,
  inObject: false,
  schema,
  create: (config, context) => new CloudflareQueue(config, context),
});

class CloudflareQueue implements Extension {
  readonly platformQueue: PlatformQueue;

  constructor({ binding }: Config, { host, id }: ExtensionContext) {
    if (host.platformQueue === undefined) {
      const [where, cure] =
        host.runtime === "workers"
          ? ["in a Durable Object: it is for the Worker itself", "Name a file_storage in sending_queue.storage, which is the object's own"]
          : ["here: it is the platform's of Workers", "Name a file_storage or a nats_jetstream in sending_queue.storage"];
      throw new SluiceError("config", `Cannot use extension "${id}" ${where}`, { path: `extensions.${id}`, cure });
    }
    this.platformQueue = host.platformQueue(binding);
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
