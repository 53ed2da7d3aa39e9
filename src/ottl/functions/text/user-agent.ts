/**
 * UserAgent: known by name, and not available. The Collector has it from a list of a thousand patterns
 * (uap-core) that no package brings in a form for all four runtimes yet.
 */
import { BuildError, define, type OttlFunction } from "../../contract.ts";

export const userAgent: OttlFunction = define("UserAgent", [{ name: "user_agent", kind: "string_getter" }], () => {
  throw new BuildError("UserAgent is not available", "Take what you need with ExtractPatterns");
});
