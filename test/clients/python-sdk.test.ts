import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clientSuite, prepareWith } from "./client-suite.ts";
import { cacheFolder, run } from "./tools.ts";

const FOLDER = fileURLToPath(new URL("python", import.meta.url));
const VENV = cacheFolder("python");
const PYTHON = join(VENV, "bin", "python");
const timeoutMs = 280_000;

clientSuite({
  name: "Python SDK",
  encodings: ["protobuf"],
  prepare: () =>
    prepareWith("python3", [
      () => run("python3", ["-m", "venv", VENV], { timeoutMs }),
      () =>
        run(PYTHON, ["-m", "pip", "install", "--quiet", "-r", join(FOLDER, "requirements.txt")], {
          timeoutMs,
        }),
    ]),
  run: (env) => run(PYTHON, [join(FOLDER, "client.py")], { env, timeoutMs: 50_000 }),
});
