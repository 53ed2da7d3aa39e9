/**
 * Writes what is generated from proto/: the schema tables for TypeScript and the kernel's walkers.
 *
 *     node scripts/generate.ts           writes
 *     node scripts/generate.ts --check   fails when a file on disk is out of step
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { tablesText } from "./generate-tables.ts";
import { walkersText } from "./generate-walkers.ts";
import { readProto } from "./proto.ts";

const model = readProto();
const outputs = [
  { path: "src/otlp/tables.ts", text: tablesText(model) },
  { path: "src/kernel/assembly/walkers.ts", text: walkersText(model) },
];
const checking = process.argv.includes("--check");

for (const { path, text } of outputs) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  if (!checking) {
    writeFileSync(file, text);
  } else if (readOrEmpty(file) !== text) {
    process.stderr.write(`${path} is out of step with proto/: run \`node scripts/generate.ts\`\n`);
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
