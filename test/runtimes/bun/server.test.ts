/** Bun's own server: the same cases, and what its time-outs must and must not cut. */
import * as net from "node:net";
import { expect, test } from "vitest";
import type { BodyResult } from "../../../src/base/host.ts";
import { plainMemory } from "../../../src/base/memory.ts";
import { Pool } from "../../../src/base/pool.ts";
import { bunServer } from "../../../src/runtimes/bun/server.ts";
import { nodeServer } from "../../../src/runtimes/node/server.ts";
import { serverSuite } from "../server-suite.ts";

const silent = { log: () => {} };

serverSuite((pool) => bunServer(pool, silent, nodeServer(pool, silent)), { cutsInSilence: true, continuesAtOnce: true, acceptsLate: true });

test("a slow upload within its time is served, one without a declared length, too", async () => {
  const pool = new Pool(plainMemory(1 << 20), 0, 1 << 20, { poison: true });
  const read: BodyResult["kind"][] = [];
  const listener = await bunServer(pool, silent, nodeServer(pool, silent)).listen(
    // Bun's own idea of idle would end it long before.
    { hostname: "127.0.0.1", port: 0, requestTimeoutMs: 60_000, headersTimeoutMs: 0, idleTimeoutMs: 1000, key: "k" },
    async (_head, body) => {
      const result = await body.read(1000);
      read.push(result.kind);
      if (result.kind === "ok") result.block.release();
      return { status: 200, headers: {}, body: new Uint8Array(0) };
    },
  );
  const heads = ["Content-Length: 16", "Transfer-Encoding: chunked"];
  const answers = await Promise.all(heads.map((head, index) => drip(listener.port, head, index === 0 ? "a" : "1\r\na\r\n", index === 0 ? "" : "0\r\n\r\n")));
  expect(answers.map((text) => text.split("\r\n")[0])).toEqual(["HTTP/1.1 200 OK", "HTTP/1.1 200 OK"]);
  expect(read).toEqual(["ok", "ok"]);
  await listener.stop(0);
});

/** One piece every half second, sixteen of them; resolves with what was answered. */
function drip(port: number, head: string, piece: string, end: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(`POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${head}\r\n\r\n`));
    let sent = 0;
    const timer = setInterval(() => {
      socket.write(piece);
      sent++;
      if (sent < 16) return;
      clearInterval(timer);
      if (end !== "") socket.write(end);
    }, 500);
    let got = "";
    socket.on("data", (bytes) => {
      got += bytes.toString("latin1");
      if (got.includes("\r\n\r\n")) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(timer);
      resolve(got);
    });
  });
}
