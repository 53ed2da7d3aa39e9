/**
 * Records what a real Collector's probabilistic_sampler makes of test/differential/sampler-cases.ts:
 *
 *   SLUICE_COLLECTOR=path/to/otelcol node test/differential/record-sampler.ts
 *
 * For each case: which items it kept, as one hexadecimal digit for four items, and a digest of the lines
 * that say what is written on each (`samplerLines`). The lines themselves of a few cases are there whole.
 */
import { writeFileSync } from "node:fs";
import { judge } from "../harness/judge.ts";
import { throughCollector } from "./collector.ts";
import { BULK_ITEMS, SAMPLER_CASES, samplerLines, samplerRequest } from "./sampler-cases.ts";
import { digestOf, keptOf } from "./sampler-digest.ts";

const requests = { traces: judge("traces").encode(samplerRequest("traces")), logs: judge("logs").encode(samplerRequest("logs")) };
const answers = await throughCollector(
  SAMPLER_CASES.map(({ signal, config }) => ({ signal, processor: "probabilistic_sampler", config })),
  ({ signal }) => requests[signal],
);

/** Cases whose lines are kept whole: one a mode and signal, so that a difference can be read. */
const WHOLE = [
  "10}",
  '10,"mode":"proportional"}',
  '10,"mode":"equalizing"}',
  '10,"mode":"equalizing","sampling_priority":"priority"}',
  '0,"fail_closed":false}',
].map((end) => `{"sampling_percentage":${end}`);
const cases = SAMPLER_CASES.map(({ name, signal }, index) => {
  const answer = answers[index];
  const lines = answer === undefined ? [] : samplerLines(signal, judge(signal).toObject(answer));
  const whole = WHOLE.some((end) => name.endsWith(end));
  return { name, count: lines.length, kept: keptOf(lines, BULK_ITEMS), digest: digestOf(lines), ...(whole ? { lines } : {}) };
});
const path = new URL("../fixtures/sampler/collector-0.159.json", import.meta.url);
writeFileSync(path, `{"collector":"0.159.0","items":${BULK_ITEMS},"cases":[\n${cases.map((one) => JSON.stringify(one)).join(",\n")}\n]}\n`);
console.log(`${cases.length} cases of ${BULK_ITEMS} items, ${cases.reduce((sum, { count }) => sum + count, 0)} kept`);
