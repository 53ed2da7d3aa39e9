import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/base/errors.ts";
import { failureOf } from "../../src/pipeline/outcome.ts";

describe("what was thrown before a destination was asked", () => {
  it("is refused as too large when no later attempt can fit", () => {
    expect(failureOf(new SluiceError("too_large", "Cannot hold it: too large"))).toEqual({
      kind: "refused",
      message: "Cannot hold it: too large",
      status: 413,
    });
  });

  it("is for a later attempt when the memory is used up now", () => {
    const full = new SluiceError("over_budget", "Cannot hold it: no room", { retryable: true });
    expect(failureOf(full)).toEqual({ kind: "retry", message: "Cannot hold it: no room", untried: true });
  });

  it("is refused as a fault of ours otherwise", () => {
    expect(failureOf(new TypeError("defect"))).toEqual({ kind: "refused", message: "defect", status: 500 });
  });
});
