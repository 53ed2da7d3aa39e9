/**
 * The suites on Node, Bun and Deno. TEST_RUNTIME names the runtime that runs this: what cannot run in
 * it is left out (scripts/test/rules.ts). TEST_TARGET names the runtime whose server is driven from
 * Node. Without either, Node runs all there is.
 */
import { defaultExclude, defineConfig } from "vitest/config";
import { filesLeftOut, runtimeOf } from "./scripts/test/rules.ts";

const runtime = process.env["TEST_RUNTIME"];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/harness/setup.ts"],
    exclude: [...defaultExclude, ...(runtime === undefined ? [] : filesLeftOut(runtimeOf(runtime)))],
    // Tests share nothing but modules: a worker for each file would load those a hundred times.
    isolate: false,
    // The runtime's own loader: what is tested is what is run, without Vite's rewriting of every import and export.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Real servers and recorded peers: a slow machine is no failure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
