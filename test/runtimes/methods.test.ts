/** What a client over fetch asks a runtime's fetch for, as that runtime's own `Request` takes it: a GET with a body would be refused. */
import { expect, test } from "vitest";
import type { HttpRequest } from "../../src/base/host.ts";
import { fetchClient } from "../../src/runtimes/fetch/client.ts";

const BASE = { url: "http://127.0.0.1:1/healthz", headers: { "x-key": "v" }, timeoutMs: 5000, responseMaxBytes: 100 };

test.each<readonly [method: HttpRequest["method"], slices: readonly Uint8Array[], expected: readonly [string, string]]>([
  ["GET", [], ["GET", ""]],
  ["POST", [], ["POST", ""]],
  ["POST", [Uint8Array.of(65, 66)], ["POST", "AB"]],
  [undefined, [Uint8Array.of(65), Uint8Array.of(66)], ["POST", "AB"]],
])("%s with %o", async (method, slices, expected) => {
  let released = 0;
  const asked: Request[] = [];
  const client = fetchClient({
    memory: new Uint8Array(0),
    fetch: (...given: Parameters<typeof fetch>) => {
      asked.push(new Request(...given));
      return Promise.resolve(new Response("well"));
    },
  });
  const length = slices.reduce((sum, slice) => sum + slice.length, 0);
  const result = await client.send({ ...BASE, ...(method !== undefined && { method }), slices, length, onReleased: () => void released++ });
  expect(result).toMatchObject({ kind: "response", status: 200 });
  const [request] = asked;
  expect([request?.method, await request?.text()]).toEqual(expected);
  expect(request?.headers.get("x-key")).toBe("v");
  expect(released).toBe(1);
});
