/** The Worker in front of its objects: which one a request goes to, and what is answered when there is none. */
import { afterEach, expect, test, vi } from "vitest";
import { type DoorOptions, gateway } from "../../src/runtimes/workers.ts";
import { CONFIG } from "../harness/objects-workers.ts";

/** Objects that answer 200, by their names in order of arrival; `fail`: they cannot be reached. */
function objects(fail = false) {
  const names: string[] = [];
  const SLUICE = {
    idFromName: (name: string) => name,
    get: (name: string) => ({
      fetch: async (request: Request) => {
        names.push(name);
        if (fail) throw new Error("Durable Object is overloaded.");
        return new Response(await request.text());
      },
    }),
  };
  return { names, env: { SLUICE } };
}

function from(address: string, headers: Readonly<Record<string, string>> = {}): Request {
  const told = { "content-type": "application/json", "cf-connecting-ip": address, ...headers };
  return new Request("https://sluice.test/v1/traces", { method: "POST", headers: told, body: "{}" });
}

async function statusesOf(options: DoorOptions, env: unknown, requests: readonly Request[]): Promise<number[]> {
  const { fetch } = gateway(CONFIG, options);
  const statuses: number[] = [];
  for (const request of requests) {
    const answer = await fetch(request, env);
    await answer.text();
    statuses.push(answer.status);
  }
  return statuses;
}

const ADDRESSES = Array.from({ length: 40 }, (_, index) => `192.0.2.${index}`);

afterEach(() => vi.restoreAllMocks());

test("one object for all, unless there are shards or tenants", async () => {
  const { names, env } = objects();
  expect(
    new Set(
      await statusesOf(
        {},
        env,
        ADDRESSES.map((address) => from(address)),
      ),
    ),
  ).toEqual(new Set([200]));
  expect(new Set(names)).toEqual(new Set(["/0"]));
});

test("a sender always has the same shard, and senders are spread over all of them", async () => {
  const { names, env } = objects();
  const twice = [...ADDRESSES, ...ADDRESSES].map((address) => from(address));
  await statusesOf({ shards: 4 }, env, twice);
  expect(new Set(names)).toEqual(new Set(["/0", "/1", "/2", "/3"]));
  expect(names.slice(ADDRESSES.length)).toEqual(names.slice(0, ADDRESSES.length));
});

test("tenants have objects of their own", async () => {
  const { names, env } = objects();
  const tenant = (request: Request) => request.headers.get("x-tenant") ?? "";
  await statusesOf({ tenant }, env, [from("192.0.2.1", { "x-tenant": "a" }), from("192.0.2.1", { "x-tenant": "b" })]);
  expect(names).toEqual(["a/0", "b/0"]);
});

test("a body that says it is too large goes to none", async () => {
  const { names, env } = objects();
  expect(await statusesOf({}, env, [from("192.0.2.1", { "content-length": String((16 << 20) + 1) })])).toEqual([413]);
  expect(names).toEqual([]);
});

test("an object that cannot be reached is 503 with Retry-After, in the sender's encoding, and is told", async () => {
  const told = vi.spyOn(console, "log").mockImplementation(() => {});
  const { fetch } = gateway(CONFIG);
  const answer = await fetch(from("192.0.2.1"), objects(true).env);
  expect([answer.status, answer.headers.get("content-type"), Number(answer.headers.get("retry-after")) > 0]).toEqual([503, "application/json", true]);
  expect(await answer.json()).toMatchObject({ code: 14 });
  expect(told.mock.calls.flat().map((line) => JSON.parse(line))).toMatchObject([
    { msg: "Cannot reach the Durable Object", message: "Durable Object is overloaded." },
  ]);
});

test("without the binding it does not start, and says what to do", async () => {
  const told = vi.spyOn(console, "log").mockImplementation(() => {});
  expect(await statusesOf({}, {}, [from("192.0.2.1")])).toEqual([500]);
  const [line] = told.mock.calls.flat().map((text) => JSON.parse(text));
  expect(line).toMatchObject({ msg: expect.stringContaining("no Durable Object is bound as SLUICE"), cure: expect.stringContaining("wrangler.toml") });
});
