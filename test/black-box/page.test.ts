/** The page of the cases says all of them: `vitest run test/black-box/page.test.ts -u` writes it again. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { allCases, missing, pageOf } from "./page.ts";

const PAGE = new URL("../../docs/hostile-input.md", import.meta.url);

/** The campaign's numbers: protobuf, JSON, HTTP. */
const NUMBERS: readonly string[] = Array.from({ length: 52 }, (_, index) => {
  const number = index + 1;
  return `${number <= 25 ? "A" : number <= 36 ? "B" : "C"}${number}`;
});

test("every number of the campaign has a case, or a reason why not", async () => {
  expect(missing(await allCases(), NUMBERS)).toEqual([]);
});

test("docs/hostile-input.md is what the cases say", async () => {
  await expect(pageOf(await allCases())).toMatchFileSnapshot(PAGE.pathname);
  expect(readFileSync(PAGE, "utf8")).toContain("| A1 |");
});
