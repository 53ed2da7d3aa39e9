/** `sluice schema`: the JSON Schema of a configuration, for editors. */
import { Command } from "commander";
import { configJsonSchema } from "../config/json-schema.ts";
import { allComponents } from "../config/registry.ts";

export function schemaCommand(): Command {
  return new Command("schema").description("print the JSON Schema of a configuration").action(async () => {
    process.stdout.write(`${JSON.stringify(configJsonSchema(await allComponents()), undefined, 2)}\n`);
  });
}
