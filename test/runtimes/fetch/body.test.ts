/** A body off a fetch stream: one that stops in the middle, one that nobody wants any more, and whose each piece is. */
import { afterEach, expect, test, vi } from "vitest";
import { plainMemory } from "../../../src/base/memory.ts";
import { Pool } from "../../../src/base/pool.ts";
import { FetchBody } from "../../../src/runtimes/fetch/body.ts";

const BUDGET = 1 << 20;

afterEach(() => vi.useRealTimers());

/** A request whose body comes as it is told to. */
function upload() {
  let cancelled = false;
  const { promise, resolve } = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const body = new ReadableStream<Uint8Array>({ start: resolve, cancel: () => void (cancelled = true) });
  const init: RequestInit & { readonly duplex: "half" } = { method: "POST", body, duplex: "half" };
  return { request: new Request("http://door.test/v1/traces", init), controller: promise, cancelled: () => cancelled };
}

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

test("each piece is told of when it is in its place, and not before", async () => {
  const pool = new Pool(plainMemory(BUDGET), 0, BUDGET, { poison: true });
  const { request, controller } = upload();
  const pieces = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)];
  const told: Uint8Array[] = [];
  const onCopied = (piece: Uint8Array) => {
    told.push(piece.slice());
    // As one who frees it.
    piece.fill(0);
  };
  const read = new FetchBody(request, 4, pool, 0, onCopied).read(BUDGET);
  for (const piece of pieces) (await controller).enqueue(piece.slice());
  (await controller).close();
  const result = await read;
  expect(told).toEqual(pieces);
  expect(result.kind === "ok" ? pool.memory.bytes.slice(result.start, result.end) : result).toEqual(Uint8Array.of(1, 2, 3, 4));
});

test.each([
  ["pauses for less than a second is heard to its end", 900, 4, false],
  ["pauses for longer is not waited for", 1100, 1, true],
  ["goes on for more than five seconds is cut off", 900, 9, true],
])("a sender that is refused and %s", async (_, pauseMs, pauses, cut) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  const pool = new Pool(plainMemory(BUDGET), 0, BUDGET, { poison: true });
  const { cancelled, controller, request } = upload();
  const body = new FetchBody(request, undefined, pool);
  const drained = body.drain();
  const sender = await controller;
  for (let pause = 0; pause < pauses && !cancelled(); pause++) {
    sender.enqueue(new Uint8Array(10));
    await vi.advanceTimersByTimeAsync(pauseMs);
  }
  if (!cancelled()) sender.close();
  await drained;
  expect(cancelled()).toBe(cut);
  expect(body.ended).toBe(true);
});
