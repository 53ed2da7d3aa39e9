/** The page says all differences: `vitest run test/differential/page.test.ts -u` writes it again. */
import { expect, it } from "vitest";
import { DIFFERENCES, differenceOf } from "./differences.ts";
import { page } from "./page.ts";
import { SUITES } from "./suites.ts";

it("docs/differences.md is what the list says", async () => {
  await expect(page()).toMatchFileSnapshot(new URL("../../docs/differences.md", import.meta.url).pathname);
});

it("every listed difference is about a case", () => {
  const used = new Set(
    Object.values(SUITES)
      .flat()
      .map(({ id }) => differenceOf(id)),
  );
  expect(DIFFERENCES.filter((one) => !used.has(one))).toEqual([]);
});
