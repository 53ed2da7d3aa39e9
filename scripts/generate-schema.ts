/**
 * Writes docs/schema/sluice.schema.json from the schemas of the built-in components.
 *
 *     node scripts/generate-schema.ts           writes
 *     node scripts/generate-schema.ts --check   fails when the file on disk is out of step
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { configJsonSchema } from "../src/config/json-schema.ts";
import { allComponents } from "../src/config/registry.ts";

const PATH = "docs/schema/sluice.schema.json";
const file = fileURLToPath(new URL(`../${PATH}`, import.meta.url));
const text = `${JSON.stringify(configJsonSchema(await allComponents()), undefined, 2)}\n`;

if (!process.argv.includes("--check")) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
} else if (JSON.stringify(readOrEmpty(file)) !== JSON.stringify(JSON.parse(text))) {
  console.error(`${PATH} is out of step with the components' schemas: run \`node scripts/generate-schema.ts\``);
  process.exitCode = 1;
}

/** The file's value: a formatter may have laid it out another way. */
function readOrEmpty(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // Not written yet, or damaged: as out of step as can be.
    return undefined;
  }
}
