/**
 * What every adapter of the exchange of two phases must do, whatever brings the request: the head
 * first, the body once and under its limit, the answer as it was given, and every block given back.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Answer, BodyResult, Handler, RequestHead } from "../../src/base/host.ts";
import { plainMemory } from "../../src/base/memory.ts";
import { Pool } from "../../src/base/pool.ts";
import { until } from "./sinks.ts";

/** A request as a test writes it down. */
export interface Wanted {
  readonly method?: string;
  /** With its query. */
  readonly url?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly pieces?: readonly Uint8Array[];
  /** Declare the length of the pieces, or this one; undefined: chunked. */
  readonly declared?: number | "right" | undefined;
  /** After the pieces: go silent until the answer is there (`pause`), or go away as soon as `abortWhen` holds. */
  readonly after?: After;
}

export type After = "end" | "pause" | { readonly abortWhen: () => boolean };

export interface Reply {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Uint8Array;
}

/** One adapter with a handler in place. */
export interface Door {
  /** Resolves with the answer; with undefined when the request was aborted. */
  send(wanted: Wanted): Promise<Reply | undefined>;
  close(): Promise<void>;
}

const MIB = 1 << 20;
const NOTHING = new Uint8Array(0);

/** Bytes in which a piece out of place shows. */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 7919 + (index >> 8)) % 251);
}

/** The contract. `open` puts a handler behind the adapter; `peer` is what the adapter must say of the sender. */
export function describeExchange(name: string, open: (handler: Handler, pool: Pool) => Promise<Door>, peer: RegExp): void {
  describe(name, () => {
    let pool: Pool;
    let doors: Door[];

    beforeEach(() => {
      pool = new Pool(plainMemory(4 * MIB + 64), 0, 4 * MIB + 64, { poison: true });
      doors = [];
    });

    afterEach(async () => {
      await until(() => pool.blocks === 0, "every block is given back");
      await Promise.all(doors.map((door) => door.close()));
    });

    async function opened(handler: Handler): Promise<Door> {
      const door = await open(handler, pool);
      doors.push(door);
      return door;
    }

    /** Reads under a limit and answers with what came, or with how it ended. */
    async function echo(maxBytes = MIB) {
      const heads: RequestHead[] = [];
      const peers: string[] = [];
      const results: BodyResult["kind"][] = [];
      const door = await opened(async (head, body): Promise<Answer> => {
        heads.push(head);
        peers.push(head.peer);
        const read = await body.read(maxBytes);
        results.push(read.kind);
        if (read.kind !== "ok") return { status: read.kind === "too_large" ? 413 : 503, headers: {}, body: new TextEncoder().encode(read.kind) };
        const bytes = pool.memory.bytes.slice(read.start, read.end);
        read.block.release();
        return { status: 200, headers: { "content-type": "application/x-test", "x-many": "a, b" }, body: bytes };
      });
      return { door, heads, peers, results };
    }

    test("the head: method, path without query and not decoded, headers in any case, peer, length", async () => {
      const { door, heads, peers } = await echo();
      const headers = [
        ["X-Test", "One"],
        ["x-empty", ""],
      ] as const;
      await door.send({ url: "/v1/a%2Fb%20c;d?x=1?y=/2", headers, pieces: [pattern(5)], declared: "right" });
      const [head] = heads;
      expect([head?.method, head?.path, head?.contentLength]).toEqual(["POST", "/v1/a%2Fb%20c;d", 5]);
      expect([head?.header("x-test"), head?.header("x-empty"), head?.header("x-absent")]).toEqual(["One", "", undefined]);
      expect(head?.headers()).toMatchObject({ "x-test": "One", "x-empty": "" });
      expect(peers[0]).toMatch(peer);
    });

    test("headers of one name are joined", async () => {
      const { door, heads } = await echo();
      const headers = [
        ["x-test", "one"],
        ["X-Test", "two"],
      ] as const;
      await door.send({ headers, pieces: [pattern(1)] });
      expect(heads[0]?.header("x-test")).toBe("one, two");
      expect(heads[0]?.headers()["x-test"]).toBe("one, two");
    });

    test("the answer: status, headers, body", async () => {
      const { door } = await echo();
      const reply = await door.send({ pieces: [pattern(1000)], declared: "right" });
      expect([reply?.status, reply?.header("content-type"), reply?.header("x-many")]).toEqual([200, "application/x-test", "a, b"]);
      expect(reply?.body).toEqual(pattern(1000));
    });

    test.each([204, 400, 503])("the answer %i", async (status) => {
      const body = status === 204 ? NOTHING : pattern(10);
      const door = await opened(() => Promise.resolve({ status, headers: { "retry-after": "7" }, body }));
      const reply = await door.send({ pieces: [pattern(10)], declared: "right" });
      expect([reply?.status, reply?.header("retry-after"), reply?.body]).toEqual([status, "7", body]);
    });

    test("HEAD gets the headers of the answer, and no body", async () => {
      const door = await opened(() => Promise.resolve({ status: 405, headers: { allow: "POST" }, body: pattern(10) }));
      const reply = await door.send({ method: "HEAD" });
      expect([reply?.status, reply?.header("allow"), reply?.header("content-length"), reply?.body.length]).toEqual([405, "POST", "10", 0]);
    });

    test("a handler that fails is 500, and tells nobody why", async () => {
      const door = await opened(() => Promise.reject(new Error("a defect")));
      const reply = await door.send({ pieces: [pattern(10)], declared: "right" });
      expect([reply?.status, reply?.body.length]).toEqual([500, 0]);
    });

    test.each([
      ["none at all", undefined, undefined],
      ["of length 0", [], "right"],
      ["chunked, and nothing in it", [], undefined],
    ] as const)("an empty body, %s", async (_name, pieces, declared) => {
      const { door, results } = await echo();
      const reply = await door.send({ ...(pieces === undefined ? { method: "GET" } : { pieces }), declared });
      expect([reply?.status, reply?.body.length, results]).toEqual([200, 0, ["ok"]]);
    });

    test.each([
      ["declared", "right"],
      ["chunked", undefined],
    ] as const)("a body of many pieces, %s, as long as the limit", async (_name, declared) => {
      const { door } = await echo(300_000);
      const bytes = pattern(300_000);
      const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 70_000), bytes.subarray(70_000, 70_003), bytes.subarray(70_003)];
      expect((await door.send({ pieces, declared }))?.body).toEqual(bytes);
    });

    test("a declared length over the limit is refused before a byte is read", async () => {
      const { door } = await echo(1000);
      const reply = await door.send({ pieces: [pattern(10)], declared: 1001, after: "pause" });
      expect([reply?.status, new TextDecoder().decode(reply?.body)]).toEqual([413, "too_large"]);
      expect(pool.peak).toBe(0);
    });

    test("one byte over the limit, chunked, is refused while it is read", async () => {
      const { door } = await echo(100_000);
      expect((await door.send({ pieces: [pattern(60_000), pattern(40_001)] }))?.status).toBe(413);
    });

    test("no room for a declared body, and none for one that grows", async () => {
      const { door, results } = await echo(8 * MIB);
      expect((await door.send({ pieces: [pattern(1000)], declared: 5 * MIB, after: "pause" }))?.status).toBe(503);
      await door.send({ pieces: Array.from({ length: 5 }, () => pattern(MIB)) });
      expect(results).toEqual(["over_budget", "over_budget"]);
    });

    test("an answer without reading is there while the sender still waits", async () => {
      const door = await opened(() => Promise.resolve({ status: 404, headers: {}, body: pattern(10) }));
      const reply = await door.send({ pieces: [pattern(100)], declared: 100_000, after: "pause" });
      expect([reply?.status, reply?.body]).toEqual([404, pattern(10)]);
    });

    test.each([
      ["declared", 50_000],
      ["chunked", undefined],
    ] as const)("a sender that goes away in the middle, %s", async (_name, declared) => {
      const { door, heads, results } = await echo();
      await door.send({ pieces: [pattern(20_000)], declared, after: { abortWhen: () => heads.length === 1 } });
      await until(() => results.length === 1, "the body has ended");
      expect(results).toEqual(["aborted"]);
    });

    test("headers of 15 KiB pass, above 16 KiB they are 431", async () => {
      const { door, heads } = await echo();
      expect((await door.send({ headers: [["x-long", "a".repeat(15 * 1024)]], pieces: [pattern(1)] }))?.status).toBe(200);
      expect((await door.send({ headers: [["x-long", "a".repeat(17 * 1024)]], pieces: [pattern(1)] }))?.status).toBe(431);
      expect(heads.length).toBe(1);
    });

    test("requests at once do not mix", async () => {
      const { door } = await echo();
      const bodies = Array.from({ length: 8 }, (_, index) => pattern(10_000 + index).map((byte) => byte ^ index));
      const replies = await Promise.all(bodies.map((body) => door.send({ pieces: [body.subarray(0, 5000), body.subarray(5000)] })));
      expect(replies.map((reply) => reply?.body)).toEqual(bodies);
    });
  });
}
