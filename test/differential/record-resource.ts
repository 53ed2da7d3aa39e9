/**
 * Records what a real Collector's resource processor makes of test/differential/resource-cases.ts:
 *
 *   SLUICE_COLLECTOR=path/to/otelcol node test/differential/record-resource.ts
 *
 * For each case: the resources that it changed, by their number.
 */
import { writeFileSync } from "node:fs";
import { judge } from "../harness/judge.ts";
import { throughCollector } from "./collector.ts";
import { RESOURCE_CASES, resourceLines, resourceRequest } from "./resource-cases.ts";

const request = judge("traces").encode(resourceRequest());
const answers = await throughCollector(
  RESOURCE_CASES.map(({ attributes }) => ({ signal: "traces", processor: "resource", config: { attributes } })),
  () => request,
);
const before = resourceLines(judge("traces").toObject(request));
const cases = RESOURCE_CASES.map(({ name }, index) => {
  const answer = answers[index];
  if (answer === undefined) throw new Error(`Cannot record case ${index}: nothing came out`);
  const after = resourceLines(judge("traces").toObject(answer));
  return {
    name,
    count: after.length,
    changed: Object.fromEntries(Object.entries(after).filter(([at, lines]) => String(lines) !== String(before[Number(at)]))),
  };
});
const path = new URL("../fixtures/resource/collector-0.159.json", import.meta.url);
writeFileSync(path, `{"collector":"0.159.0","cases":[\n${cases.map((one) => JSON.stringify(one)).join(",\n")}\n]}\n`);
console.log(`${cases.length} cases, ${cases.reduce((sum, { count }) => sum + count, 0)} resources`);
