/** The server over `node:http`, on each runtime that has it. */
import { nodeServer } from "../../../src/runtimes/node/server.ts";
import { serverSuite } from "../server-suite.ts";

serverSuite((pool) => nodeServer(pool, { log: () => {} }));
