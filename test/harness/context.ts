/** What a gateway gives to a component's context, for tests that have none: spread into the context. */
import type { Context } from "../../src/pipeline/component.ts";

export const ALONE: Pick<Context, "storage"> = {
  storage: (id) => Promise.reject(new Error(`There is no storage "${id}" here`)),
};
