/** The in-process suite inside workerd, offline. Which cases cannot run there, and why: scripts/test/rules.ts. */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defaultExclude, defineConfig } from "vitest/config";
import { filesLeftOut } from "./scripts/test/rules.ts";

/** Test files that are others inside workerd: `rig.ts` is `rig-workers.ts`. */
const OTHERS: ReadonlyMap<string, string> = new Map(
  ["harness/files", "harness/host", "contract/rig", "contract/storages", "contract/object-stores"].map((path) => [
    absolute(`test/${path}.ts`),
    absolute(`test/${path}-workers.ts`),
  ]),
);

export default defineConfig({
  plugins: [
    {
      name: "others-inside-workerd",
      enforce: "pre",
      resolveId: (source, importer) => (importer === undefined || !source.startsWith(".") ? undefined : OTHERS.get(resolve(dirname(importer), source))),
    },
    cloudflareTest({
      main: "./test/harness/objects-workers.ts",
      miniflare: {
        durableObjects: { SLUICE: { className: "SluiceObject", useSQLite: true }, VESSEL: { className: "Vessel", useSQLite: true } },
        r2Buckets: ["LETTERS"],
        compatibilityDate: "2026-11-02",
        compatibilityFlags: ["nodejs_compat", "no_brotli_content_encoding"],
        modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
        bindings: { TEST_RUNTIME: process.env["TEST_RUNTIME"] ?? "" },
      },
    }),
  ],
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...defaultExclude, ...filesLeftOut("workers")],
    setupFiles: ["test/harness/setup-workers.ts", "test/harness/setup.ts"],
    // Tests share nothing but modules: a worker for each file would load those a hundred times.
    isolate: false,
    // Both parts of a run transform the same files: what one has made the other reads.
    fsModuleCache: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

function absolute(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
