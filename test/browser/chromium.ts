/**
 * A page in Chromium, served from loopback: the repository's own modules with their types stripped,
 * and the kernel. Under `/isolated` the page is cross-origin isolated, which shared memory needs.
 */
import { accessSync, constants, readFileSync } from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { stripTypeScriptTypes } from "node:module";
import { delimiter, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

const PAGE = `<!doctype html><script type="module">
import { engineOf, perform } from "/test/browser/page.ts";
const compile = async (path) => WebAssembly.compileStreaming(fetch(path));
const engines = {
  plain: engineOf(await compile("/src/kernel/kernel.wasm"), false),
  shared: crossOriginIsolated ? engineOf(await compile("/src/kernel/kernel-shared.wasm"), true) : undefined,
};
globalThis.perform = (task) => perform(engines, task);
globalThis.ready = true;
</script>`;

/** CHROMIUM_PATH, or the first of the usual names on PATH; undefined where there is none. */
export function findChromium(): string | undefined {
  const given = process.env["CHROMIUM_PATH"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = given === undefined ? folders.flatMap((folder) => NAMES.map((name) => join(folder, name))) : [given];
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: the next one.
    return false;
  }
}

/** Serves the page, its modules and the kernel on a free port. */
export async function servePage(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = http.createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://page").pathname);
    const served = fileAt(path);
    const headers = { "cache-control": "no-store", "cross-origin-resource-policy": "same-origin", ...(path === "/isolated" ? ISOLATED : {}) };
    response.writeHead(served === undefined ? 404 : 200, { ...headers, "content-type": served?.type ?? "text/plain" });
    response.end(served?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function fileAt(path: string): { readonly type: string; readonly body: string | Uint8Array } | undefined {
  if (path === "/plain" || path === "/isolated") return { type: "text/html; charset=utf-8", body: PAGE };
  if (!/^\/(src|test\/browser)\/[\w/.-]+\.(ts|wasm)$/.test(path)) return undefined;
  const file = readFileSync(join(root, path));
  if (path.endsWith(".wasm")) return { type: "application/wasm", body: file };
  return { type: "text/javascript; charset=utf-8", body: stripTypeScriptTypes(file.toString()) };
}
