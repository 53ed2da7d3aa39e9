/** Bytes are compared as bytes: entry by entry and key by key, as vitest compares objects, a megabyte takes a second. */
import { expect } from "vitest";

const TESTERS = Symbol.for("sluice.test.testers");

// Once for all files, which share one `expect`.
if (!(TESTERS in globalThis)) {
  Object.defineProperty(globalThis, TESTERS, { value: true });
  expect.addEqualityTesters([
    (one: unknown, other: unknown) =>
      one instanceof Uint8Array && other instanceof Uint8Array && one.constructor === other.constructor ? Buffer.compare(one, other) === 0 : undefined,
  ]);
}
