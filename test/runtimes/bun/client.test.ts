/** The client over Bun's fetch, with `node:http` behind it for what fetch should not send. */
import { bunClients } from "../../../src/runtimes/bun/client.ts";
import { nodeClient } from "../../../src/runtimes/node/client.ts";
import { clientSuite } from "../client-suite.ts";

clientSuite((options) => bunClients(nodeClient).client(options));
