/** Which runtime runs the suite. TEST_RUNTIME says which was asked for; nothing: Node. */
import { expect, it } from "vitest";
import { RUNTIMES_FOUND } from "./harness/runtime.ts";

it("runs on the runtime that was asked for, and on no other", () => {
  expect(RUNTIMES_FOUND).toEqual([process.env["TEST_RUNTIME"] ?? "node"]);
});
