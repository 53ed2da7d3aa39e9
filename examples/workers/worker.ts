/**
 * A Worker is this file and its YAML: `wrangler deploy` (docs/workers.md). The class is for what keeps
 * telemetry between requests, `batch` for one; wrangler.toml binds it, and nothing is made of it until then.
 */
import { gateway, gatewayObject } from "../../src/runtimes/workers.ts";
import config from "./sluice.yaml";

export const SluiceObject = gatewayObject(config);
export default gateway(config);
