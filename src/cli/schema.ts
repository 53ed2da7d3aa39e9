/** `sluice schema`: the JSON Schema of a configuration, for editors. */
import { Command } from "commander";
import { configJsonSchema } from "../config/json-schema.ts";
import { REGISTRY } from "../config/registry.ts";

export function schemaCommand(): Command {
  return new Command("schema").description("print the JSON Schema of a configuration").action(() => {
    process.stdout.write(`${JSON.stringify(configJsonSchema(REGISTRY), undefined, 2)}\n`);
  });
}
