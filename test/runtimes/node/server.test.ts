/** The server over `node:http`, on each runtime that has it. */
import { nodeServer } from "../../../src/runtimes/node/server.ts";
import { RUNTIMES_FOUND } from "../../harness/runtime.ts";
import { serverSuite } from "../server-suite.ts";

serverSuite((pool) => nodeServer(pool, { log: () => {} }), { acceptsLate: RUNTIMES_FOUND.includes("bun") });
