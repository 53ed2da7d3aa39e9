/** A body off a fetch stream that stops in the middle: the time is up, the block goes back, the sender is told to stop. */
import { expect, test } from "vitest";
import { plainMemory } from "../../../src/base/memory.ts";
import { Pool } from "../../../src/base/pool.ts";
import { FetchBody } from "../../../src/runtimes/fetch/body.ts";

const BUDGET = 1 << 20;

function stalled(): { readonly request: Request; readonly cancelled: () => boolean } {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: () => {
      cancelled = true;
    },
  });
  const init: RequestInit & { readonly duplex: "half" } = { method: "POST", body, duplex: "half" };
  return { request: new Request("http://door.test/v1/traces", init), cancelled: () => cancelled };
}

test("a sender that stops is told so by time-out, and no block is left", async () => {
  const pool = new Pool(plainMemory(BUDGET), 0, BUDGET, { poison: true });
  const { request, cancelled } = stalled();
  const body = new FetchBody(request, undefined, pool, 20);
  expect(await body.read(BUDGET)).toEqual({ kind: "timeout" });
  expect(body.ended).toBe(true);
  expect(cancelled()).toBe(true);
  expect(pool.blocks).toBe(0);
});

test("a read that somebody else cancels is no time-out", async () => {
  const pool = new Pool(plainMemory(BUDGET), 0, BUDGET, { poison: true });
  const body = new FetchBody(stalled().request, undefined, pool, 60_000);
  const read = body.read(BUDGET);
  body.cancel();
  expect(await read).toEqual({ kind: "aborted" });
  expect(pool.blocks).toBe(0);
});
