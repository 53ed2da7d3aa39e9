/**
 * Records what a real Collector makes of the differential suite's cases:
 *
 *   nice -n 19 node scripts/record-differential.ts --collector path/to/otelcol [--suite name]... [--check]
 *
 * Writes test/differential/recorded/<suite>.json, one line a case. With --check nothing is written,
 * and what would be different is an error: recording twice gives the same bytes.
 *
 *   node scripts/record-differential.ts --own
 *
 * Writes recorded/differences.json: Sluice's own answers to the cases that differ on purpose.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Case } from "../test/differential/case.ts";
import { SUITES } from "../test/differential/suites.ts";
import { ownAnswers } from "./differential/own.ts";
import { record, VERSION } from "./differential/record.ts";

const { values } = parseArgs({
  options: { collector: { type: "string" }, suite: { type: "string", multiple: true }, check: { type: "boolean" }, own: { type: "boolean" } },
});
const { collector, suite: wanted = Object.keys(SUITES), check = false } = values;
if (values.own === true) {
  const own = await ownAnswers(Object.values(SUITES).flat());
  const path = write("differences", `{\n${own.map(([id, answer]) => `${JSON.stringify(id)}:${JSON.stringify(answer)}`).join(",\n")}\n}\n`);
  console.log(`${own.length} own answers in ${path}`);
} else {
  await recordAll();
}

async function recordAll(): Promise<void> {
  if (collector === undefined) throw new Error("Cannot record: --collector does not name a Collector's binary");
  for (const name of wanted) {
    const suite = SUITES[name];
    if (suite === undefined) throw new Error(`Cannot record "${name}": there are ${Object.keys(SUITES).join(", ")}`);
    unique(suite);
    const answers = await record(collector, suite);
    const lines = suite.map(({ id }) => `${JSON.stringify(id)}:${JSON.stringify(answers.get(id))}`);
    const text = `{"collector":"${VERSION}","cases":{\n${lines.join(",\n")}\n}}\n`;
    const refused = [...answers.values()].filter((one) => "refused" in one).length;
    console.log(`${name}: ${suite.length} cases, ${refused} refused, ${text.length} bytes`);
    if (!check) write(name, text);
    // The files are formatted after they are written.
    else if (JSON.stringify(JSON.parse(readFileSync(fileOf(name), "utf8"))) !== JSON.stringify(JSON.parse(text))) {
      process.exitCode = 1;
      console.log(`${name}: not as recorded`);
    }
  }
}

function write(name: string, text: string): string {
  const path = fileOf(name);
  writeFileSync(path, text);
  return path.pathname;
}

function fileOf(name: string): URL {
  return new URL(`../test/differential/recorded/${name}.json`, import.meta.url);
}

function unique(suite: readonly Case[]): void {
  const seen = new Set<string>();
  for (const { id } of suite) {
    if (seen.has(id)) throw new Error(`Cannot record: there are two cases "${id}"`);
    seen.add(id);
  }
}
