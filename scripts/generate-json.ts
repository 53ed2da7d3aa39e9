/**
 * Writes the kernel's JSON code from proto/: a reader and a writer a message.
 *
 *     node scripts/generate-json.ts           writes
 *     node scripts/generate-json.ts --check   fails when a file on disk is out of step
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readersText } from "./generate-json-readers.ts";
import { writersText } from "./generate-json-writers.ts";

const checking = process.argv.includes("--check");

for (const [path, text] of [
  ["src/kernel/assembly/json-readers.ts", readersText()],
  ["src/kernel/assembly/json-writers.ts", writersText()],
] as const) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  if (!checking) {
    writeFileSync(file, text);
  } else if (readOrEmpty(file) !== text) {
    process.stderr.write(`${path} is out of step with proto/: run \`node scripts/generate-json.ts\`\n`);
    process.exitCode = 1;
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Not written yet: as out of step as can be.
    return "";
  }
}
