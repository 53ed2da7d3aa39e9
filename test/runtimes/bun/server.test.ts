/** Bun's own server: the same cases, and what its time-outs must and must not cut. */
import { bunServer } from "../../../src/runtimes/bun/server.ts";
import { nodeServer } from "../../../src/runtimes/node/server.ts";
import { serverSuite } from "../server-suite.ts";

const silent = { log: () => {} };

serverSuite((pool) => bunServer(pool, silent, nodeServer(pool, silent)), { cutsInSilence: true, continuesAtOnce: true });
