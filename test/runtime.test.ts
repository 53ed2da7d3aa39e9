/** Which runtime runs the suite: asked for by TEST_RUNTIME, Node where it says nothing. */
import { expect, it } from "vitest";

function runtime(): string {
  const { versions } = process;
  if ("bun" in versions) return "bun";
  return "deno" in versions ? "deno" : "node";
}

it("runs on the runtime that was asked for", () => {
  expect(runtime()).toBe(process.env["TEST_RUNTIME"] ?? "node");
});
