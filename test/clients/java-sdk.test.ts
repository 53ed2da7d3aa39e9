import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clientSuite, prepareWith } from "./client-suite.ts";
import { cacheFolder, run } from "./tools.ts";

const POM = join(fileURLToPath(new URL("java", import.meta.url)), "pom.xml");
const SETTINGS = ["-B", "-q", "-f", POM, `-Dclient.target=${cacheFolder("java")}`];
const timeoutMs = 280_000;

clientSuite({
  name: "Java SDK",
  encodings: ["protobuf"],
  prepare: () => prepareWith("mvn", [() => run("mvn", [...SETTINGS, "compile"], { timeoutMs })]),
  run: (env) => run("mvn", [...SETTINGS, "exec:java"], { env, timeoutMs: 55_000 }),
});
