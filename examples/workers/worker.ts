/** A Worker is this file and its YAML: `wrangler deploy` (docs/workers.md). */
import { gateway } from "../../src/runtimes/workers.ts";
import config from "./sluice.yaml";

export default gateway(config);
