/**
 * UserAgent: known by name, and not available. The Collector has it from a list of patterns (uap-core)
 * whose newest on npm gives other answers: docs/decisions/018.
 */
import { BuildError, define, type OttlFunction } from "../../contract.ts";

export const userAgent: OttlFunction = define("UserAgent", [{ name: "user_agent", kind: "string_getter" }], () => {
  throw new BuildError("UserAgent is not available", "Take what you need with ExtractPatterns");
});
