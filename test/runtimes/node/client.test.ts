/** The client over `node:http`, on each runtime that has it. */
import { nodeClient } from "../../../src/runtimes/node/client.ts";
import { clientSuite } from "../client-suite.ts";

clientSuite(nodeClient);
