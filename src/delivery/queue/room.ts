import { SluiceError } from "../../base/errors.ts";

/** Whether an error says that the pool has no room now. */
export function isOverBudget(error: unknown): boolean {
  return error instanceof SluiceError && error.code === "over_budget";
}
