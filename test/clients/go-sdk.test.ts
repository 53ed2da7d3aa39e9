import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clientSuite, prepareWith } from "./client-suite.ts";
import { cacheFolder, run } from "./tools.ts";

const cwd = fileURLToPath(new URL("go", import.meta.url));
const PROGRAM = join(cacheFolder("go"), "client");
const timeoutMs = 280_000;

clientSuite({
  name: "Go SDK",
  encodings: ["protobuf"],
  prepare: () =>
    prepareWith("go", [() => run("go", ["mod", "download"], { cwd, timeoutMs }), () => run("go", ["build", "-o", PROGRAM, "."], { cwd, timeoutMs })]),
  run: (env) => run(PROGRAM, [], { env, timeoutMs: 50_000 }),
});
