/** The sender's key of a request, from the door to the batch. */
import { describe, expect, it } from "vitest";
import type { Answer, Handler, RequestHead } from "../../src/base/host.ts";
import type { Signal } from "../../src/base/signal.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { otlpHandler } from "../../src/receivers/otlp/handler.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";
import { requestOf } from "./delivery-rig.ts";

function door() {
  const engine = testEngine();
  const keys: (string | undefined)[] = [];
  const paths = new Map<string, Signal>([["/v1/traces", "traces"]]);
  const options = { paths, bodyBytesMax: 1 << 20, algorithms: ["", "gzip"], includeMetadata: false, cors: undefined, responseHeaders: {} };
  const context = {
    id: "otlp",
    host: bareHost,
    engine,
    logger: bareHost.logger,
    counters: new Counters(),
    storage: () => Promise.reject(new TypeError("none")),
  };
  const handler: Handler = otlpHandler(options, context, {
    signals: new Set<Signal>(["traces"]),
    consume: (batch) => {
      keys.push(batch.origin.key);
      return Promise.resolve({ kind: "accepted" });
    },
  });
  const post = (key: string | undefined): Promise<Answer> => {
    const headers: Record<string, string> = { "content-type": "application/x-protobuf", ...(key === undefined ? {} : { "idempotency-key": key }) };
    const bytes = requestOf("traces", 1, 1);
    const head: RequestHead = {
      method: "POST",
      path: "/v1/traces",
      header: (name) => headers[name],
      headers: () => headers,
      peer: "test",
      contentLength: bytes.length,
    };
    const block = engine.pool.take(bytes.length);
    if (block === undefined) throw new TypeError("The test's pool is full");
    engine.bytes.set(bytes, block.start);
    let read = false;
    const answer = handler(head, {
      read: () => {
        read = true;
        return Promise.resolve({ kind: "ok", block, start: block.start, end: block.start + bytes.length });
      },
    });
    return answer.finally(() => {
      if (!read) block.release();
    });
  };
  return { post, keys, engine };
}

describe("Idempotency-Key", () => {
  it.each([undefined, "k", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "!~".repeat(128)])("%s goes with the request", async (key) => {
    const { engine, keys, post } = door();
    expect((await post(key)).status).toBe(200);
    expect(keys).toEqual([key]);
    expect(engine.pool.blocks).toBe(0);
  });

  it.each(["", "a b", "\u00e9", "k".repeat(257)])("%j is none: 400, before the body is read", async (key) => {
    const { engine, keys, post } = door();
    const { body, status } = await post(key);
    expect([status, new TextDecoder().decode(body).includes("Idempotency-Key")]).toEqual([400, true]);
    expect(keys).toEqual([]);
    expect(engine.pool.blocks).toBe(0);
  });
});
