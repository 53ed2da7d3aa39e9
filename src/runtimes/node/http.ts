/**
 * `node:http`, and `node:https` once somebody needs it. Asked of the process and not imported: an import of
 * `node:http` reads each of its exports, one of which loads all of Node's fetch, 40 ms of every start.
 */
import type * as Https from "node:https";

export const http = process.getBuiltinModule("node:http");

export function httpsModule(): typeof Https {
  return process.getBuiltinModule("node:https");
}
