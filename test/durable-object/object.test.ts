/** The gateway in its Durable Object, from inside workerd: ended at its worst moments, woken by its alarm, entered by several at once. */
import { env, runDurableObjectAlarm, runInDurableObject, SELF } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { ObjectState } from "../../src/runtimes/workers/durable-object.ts";
import { durableObjectStorage } from "../../src/runtimes/workers/storage.ts";
import { leaves } from "../harness/multiset.ts";
import { SINK } from "../harness/objects-workers.ts";

const ITEMS = 10;
/** Of the default tenant and shard: where requests without an address go. A new one each time: it breaks with its object. */
const stub = () => env.SLUICE.get(env.SLUICE.idFromName("/0"));

const arrived: Uint8Array[] = [];
let down = false;
let seed = 0;

beforeEach(() => {
  down = false;
  arrived.length = 0;
  vi.stubGlobal("fetch", async (url: string, { body }: { readonly body: Uint8Array }) => {
    expect(url).toBe(`${SINK}/v1/traces`);
    if (down) return new Response(null, { status: 503 });
    arrived.push(body.slice());
    return new Response(null);
  });
});

afterEach(() => vi.unstubAllGlobals());

function fresh(count: number): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: count }, () => payload("traces", { items: ITEMS, seed: ++seed }).bytes);
}

function post(body: Uint8Array<ArrayBuffer> | ReadableStream, init: RequestInit = {}): Promise<Response> {
  const headers = { "content-type": "application/x-protobuf" };
  return SELF.fetch(new Request("https://sluice.test/v1/traces", { method: "POST", headers, body, ...init }));
}

async function sendAll(bodies: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
  const answers = await Promise.all(bodies.map((body) => post(body)));
  expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 200));
  await Promise.all(answers.map((answer) => answer.arrayBuffer()));
}

const leavesOf = (bodies: readonly Uint8Array[]) => bodies.flatMap((body) => leaves("traces", body)).toSorted();
const keptIn = () => runInDurableObject(stub(), (_instance, state: ObjectState) => durableObjectStorage(state.storage).list("held/", 1000));

interface EndedState {
  readonly storage: { getAlarm(): Promise<number | null> };
  abort(reason: string): void;
}

/** As the platform does with an object that failed: nothing of it is waited for. Its alarm, ms since 1970. */
async function endAtOnce(): Promise<number | null> {
  let alarmMs: number | null = null;
  const ended = runInDurableObject(stub(), async (_instance, state: EndedState) => {
    alarmMs = await state.storage.getAlarm();
    state.abort("a test ends it");
  });
  await expect(ended).rejects.toThrow("a test ends it");
  return alarmMs;
}

/** The test's own time-out is the limit. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("a gateway in its object", () => {
  test("requests meet in one batch, and nothing stays behind", async () => {
    const bodies = fresh(5);
    await sendAll(bodies);
    await until(() => leavesOf(arrived).length >= 5 * ITEMS);
    expect(leavesOf(arrived)).toEqual(leavesOf(bodies));
    expect(arrived.length).toBeLessThan(5);
    await expect.poll(keptIn).toEqual([]);
  });

  // What waits for a timer is not evicted: it ends at once, or not at all.
  test("ended after it acknowledged: its alarm brings it back, and everything is delivered", async () => {
    down = true;
    const bodies = fresh(4);
    await sendAll(bodies);
    expect(await endAtOnce()).toBeGreaterThan(Date.now());
    down = false;
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    // The alarm keeps it awake until all of it is gone.
    expect(leavesOf(arrived)).toEqual(leavesOf(bodies));
    await expect.poll(keptIn).toEqual([]);
    expect(await runDurableObjectAlarm(stub())).toBe(false);
  });

  test("three at once, the first gone before its body is whole: the others are answered, and delivered", async () => {
    const gone = new AbortController();
    const [first = new Uint8Array(0), ...others] = fresh(3);
    const half = new ReadableStream({
      start(controller) {
        controller.enqueue(first.subarray(0, 100));
        gone.signal.addEventListener("abort", () => controller.error(new Error("The sender went away")));
      },
    });
    const cut = post(half, { signal: gone.signal }).then(
      ({ status }) => status,
      () => 0,
    );
    const sent = sendAll(others);
    gone.abort();
    await sent;
    expect(await cut).not.toBe(200);
    await until(() => leavesOf(arrived).length >= 2 * ITEMS);
    expect(leavesOf(arrived)).toEqual(leavesOf(others));
  });

  test("what the head says is refused in front of it, in the sender's encoding", async () => {
    const missing = await SELF.fetch(new Request("https://sluice.test/other", { method: "POST" }));
    const json = await SELF.fetch(
      new Request("https://sluice.test/v1/traces", { method: "POST", headers: { "content-type": "application/json", "content-encoding": "br" }, body: "{}" }),
    );
    expect([missing.status, json.status, json.headers.get("content-type")]).toEqual([404, 415, "application/json"]);
  });
});
