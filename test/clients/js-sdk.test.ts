import { fileURLToPath } from "node:url";
import { clientSuite } from "./client-suite.ts";
import { run } from "./tools.ts";

const CLIENT = fileURLToPath(new URL("js/client.ts", import.meta.url));

clientSuite({
  name: "JavaScript SDK",
  encodings: ["protobuf", "json"],
  // A dev dependency: always there.
  prepare: () => Promise.resolve(undefined),
  run: (env) => run(process.execPath, [CLIENT], { env, timeoutMs: 30_000 }),
});
