/** The in-process suite inside workerd, offline. Which cases cannot run there, and why: scripts/test/rules.ts. */
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defaultExclude, defineConfig } from "vitest/config";
import { filesLeftOut } from "./scripts/test/rules.ts";

export default defineConfig({
  plugins: [
    cloudflareTest({
      main: "./test/harness/worker.ts",
      miniflare: {
        durableObjects: { VESSEL: { className: "Vessel", useSQLite: true } },
        compatibilityDate: "2026-11-02",
        compatibilityFlags: ["nodejs_compat", "no_brotli_content_encoding"],
        modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
        bindings: { TEST_RUNTIME: process.env["TEST_RUNTIME"] ?? "" },
      },
    }),
  ],
  resolve: {
    alias: ["harness/files", "harness/host", "contract/rig", "contract/storages"].map((path) => {
      const [folder, name] = path.split("/");
      return {
        find: new RegExp(String.raw`^\.(?:\.?/.*${folder})?/${name}\.ts$`),
        replacement: fileURLToPath(new URL(`test/${path}-workers.ts`, import.meta.url)),
      };
    }),
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...defaultExclude, ...filesLeftOut("workers")],
    setupFiles: ["test/harness/setup-workers.ts"],
    // Tests share nothing but modules: a worker for each file would load those a hundred times.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
