/** The `cloudflare_queue` extension, and the way from the platform's messages to whom they are for. In workerd: test/runtimes/workers/queues.test.ts. */
import { describe, expect, it } from "vitest";
import type { HandedMessage, Verdict } from "../../src/base/broker.ts";
import type { Host, Logger } from "../../src/base/host.ts";
import { cloudflareQueue } from "../../src/extensions/cloudflare-queue.ts";
import { Inbox, takeLater } from "../../src/runtimes/workers/inbox.ts";
import { bareHost } from "../processors/support.ts";

const quiet: Logger = { log: () => {} };
const MESSAGE = { exporter: "otlp_http", signal: "traces" as const, items: 3, bytes: new Uint8Array([1, 2, 3]) };

function create(settings: unknown, host: Host) {
  return cloudflareQueue.create(cloudflareQueue.schema.parse(settings), { id: "cloudflare_queue", host, logger: host.logger });
}

/** A message as the platform hands it out, and what it was told. */
function handed(body: unknown, attempts = 1) {
  const told: unknown[] = [];
  return { told, body, attempts, ack: () => void told.push("ack"), retry: (options?: object) => void told.push(options) };
}

describe("the extension", () => {
  it("asks for the binding that it names", () => {
    const asked: string[] = [];
    const sent: unknown[] = [];
    const inbox = new Inbox();
    const env = { OTHER: { send: async (...message: unknown[]) => void sent.push(message) } };
    const host: Host = { ...bareHost, runtime: "workers", platformQueue: (name) => (asked.push(name), inbox.queueOf(env, name)) };
    const extension = create({ binding: "OTHER" }, host);
    void extension.platformQueue?.send(MESSAGE);
    expect([asked, sent]).toEqual([["OTHER"], [[MESSAGE, { contentType: "v8" }]]]);
    expect(() => create({}, host)).toThrow(expect.objectContaining({ code: "config", message: "Cannot use a queue: none is bound as SLUICE_QUEUE" }));
  });

  it.each([
    ["workers", 'Cannot use extension "cloudflare_queue" in a Durable Object: it is for the Worker itself'],
    ["node", 'Cannot use extension "cloudflare_queue" here: it is the platform\'s of Workers'],
  ] as const)("is an error where there is no such queue, on %s", (runtime, message) => {
    expect(() => create({}, { ...bareHost, runtime })).toThrow(expect.objectContaining({ code: "config", path: "extensions.cloudflare_queue", message }));
  });
});

describe("messages", () => {
  const begin = (handler: (message: HandedMessage) => Promise<Verdict>) => {
    const inbox = new Inbox();
    inbox.queueOf({ Q: { send: () => {} } }, "Q").onMessage("otlp_http", "traces", handler);
    return inbox;
  };

  it("go to whom they are for, each settled by its verdict", async () => {
    const got: HandedMessage[] = [];
    const inbox = begin(async (message) => {
      got.push(message);
      return message.attempts === 1 ? { kind: "done" } : { kind: "again", afterMs: message.attempts * 1500 };
    });
    const messages = [handed(MESSAGE), handed(MESSAGE, 3), handed(MESSAGE, 1_000_000)];
    await inbox.take({ messages }, quiet);
    expect(got[1]).toEqual({ ...MESSAGE, attempts: 3 });
    expect(messages.map(({ told }) => told)).toEqual([["ack"], [{ delaySeconds: 5 }], [{ delaySeconds: 43_200 }]]);
  });

  it("that nobody here can take stay with the platform", async () => {
    const log: string[] = [];
    const inbox = begin(() => Promise.reject(new TypeError("A defect")));
    const messages = [handed(MESSAGE), handed({ ...MESSAGE, exporter: "gone" }), handed("a text")];
    await inbox.take({ messages }, { log: (_level, message) => void log.push(message) });
    const later = [{ delaySeconds: 60 }];
    expect(messages.map(({ told }) => told)).toEqual([later, later, later]);
    expect(log.length).toBe(3);
    const [first] = messages;
    if (first !== undefined) takeLater({ messages: [first] });
    expect(first?.told).toEqual([...later, ...later]);
  });
});
