/** docs/differences.md, made from the list of differences, so that it says what is tested. */
import { CONNECTOR_CASES } from "./connector-cases.ts";
import { DECISIONS, type Decision, DIFFERENCES } from "./differences.ts";
import { LOG_DEDUP_CASES } from "./log-dedup-cases.ts";
import { SUITES } from "./suites.ts";

const HEAD = `# Where Sluice differs from the Collector

Sluice runs the Collector's configuration and gives the Collector's answers. A suite compares them:
configurations of every processor and calls of every OTTL function, with requests of all three signals,
their fields in ascending and descending order and with unknown ones between. The answers of a
Collector (contrib, v0.159.0) are recorded in \`test/differential/recorded/\`;
\`node scripts/record-differential.ts --collector FILE\` records them again.

\`routing\` and \`log_dedup\` are compared with v0.149.0, \`count\` with v0.155.0: what these made of ${CONNECTOR_CASES.length + LOG_DEDUP_CASES.length} cases
more is recorded by \`test/differential/record-connectors.ts\` and \`record-log-dedup.ts\`.

Maps are compared without their order, and so are data points that the Collector groups in a map of
Go's. A configuration that the Collector refuses must be refused here, in words of our own.
`;

const SHOWN = `
## Differences that the suite shows

Each is kept to: what Sluice answers is recorded, too, and one that no longer differs fails the suite.
`;

const DECIDED = `
## Differences that it cannot show

They are in the answer to the sender, at the door, or in what the Collector does not survive.
`;

export function page(): string {
  const compared = Object.values(SUITES).flat().length;
  return [
    HEAD,
    `${Math.floor(compared / 100) * 100} and more cases are compared.`,
    SHOWN,
    "| Collector | Sluice | why | cases |",
    "| --- | --- | --- | --- |",
    ...DIFFERENCES.map((one) => `${row(one)} ${one.cases.map((id) => code(id)).join("<br>")} |`),
    DECIDED,
    "| Collector | Sluice | why |",
    "| --- | --- | --- |",
    ...DECISIONS.map(row),
    "",
  ].join("\n");
}

function row({ collector, sluice, reason }: Decision): string {
  return `| ${cell(collector)} | ${cell(sluice)} | ${cell(reason)} |`;
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
