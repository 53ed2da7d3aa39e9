/**
 * Writes the section "Metrics" of docs/observability.md from the table of metrics, and holds the table
 * against the code: every name that src/ counts under is in it, and it has none that nothing counts.
 *
 *     node scripts/generate-metrics-page.ts           writes
 *     node scripts/generate-metrics-page.ts --check   fails when the page is out of step
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ITEM_NAMES } from "../src/base/signal.ts";
import { type Metric, METRICS } from "../src/pipeline/metrics/table.ts";

const HEADING = "## Metrics\n";
const TABLE = "src/pipeline/metrics/table.ts";
const ITEMS = Object.values(ITEM_NAMES);

const root = fileURLToPath(new URL("..", import.meta.url));
const file = `${root}docs/observability.md`;
const page = readFileSync(file, "utf8");
const written = withTable(page);
const faults = faultsOf(namesInCode());
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
if (written !== page) {
  if (!process.argv.includes("--check")) writeFileSync(file, written);
  else {
    console.error("docs/observability.md is out of step with the table of metrics: run `node scripts/generate-metrics-page.ts`");
    process.exitCode = 1;
  }
}

/** What a literal begins with: a whole name, or the part before what is put in. */
function namesInCode(): ReadonlySet<string> {
  const files = globSync("src/**/*.ts", { cwd: root }).filter((path) => path !== TABLE);
  return new Set(
    files.flatMap((path) => [...readFileSync(`${root}${path}`, "utf8").matchAll(/["'`]((?:otelcol|sluice)_[a-z0-9_]+)/g)].map(([, name = ""]) => name)),
  );
}

function faultsOf(names: ReadonlySet<string>): string[] {
  const unknown = [...names].filter((name) => !METRICS.some((metric) => isOf(metric, name))).map((name) => `"${name}" is counted and not in ${TABLE}`);
  const unused = METRICS.filter((metric) => ![...names].some((name) => isOf(metric, name))).map(({ name }) => `"${name}" is in ${TABLE} and nothing counts it`);
  return [...unknown, ...unused];
}

/** A literal is the name, or what stands before `_spans` and the like. */
function isOf({ name }: Metric, literal: string): boolean {
  return name === literal || name.startsWith(literal.endsWith("_") ? literal : `${literal}_`);
}

function withTable(text: string): string {
  const start = text.indexOf(HEADING);
  const next = text.indexOf("\n## ", start + HEADING.length);
  if (start < 0 || next < 0) throw new Error(`Cannot write the table: docs/observability.md has no section "${HEADING.trim()}" before another`);
  const lines = [
    HEADING,
    "<!-- Made from src/pipeline/metrics/table.ts by scripts/generate-metrics-page.ts. -->",
    "",
    `\`<items>\` is ${ITEMS.map((name) => `\`${name}\``).join(", ")}: a metric for each signal. Dots in labels are underscores in Prometheus. \`counter\``,
    "only grows, `updown` is a sum that also shrinks, `gauge` is a value that is not summed; both are gauges in Prometheus.",
    "A `histogram` is how values are spread; one that says `detailed` is told at that level alone.",
    "",
    "### The Collector's",
    "",
    ...tableOf("otelcol_"),
    "",
    "### Sluice's own",
    "",
    ...tableOf("sluice_"),
    "",
  ];
  return `${text.slice(0, start)}${lines.join("\n")}${text.slice(next)}`;
}

function tableOf(prefix: string): string[] {
  const rows = new Map<string, string>();
  for (const metric of METRICS.filter(({ name }) => name.startsWith(prefix))) {
    const row = rowOf(metric);
    rows.set(row.slice(0, row.indexOf(" |", 2)), row);
  }
  return ["| metric | kind | unit | labels | |", "| --- | --- | --- | --- | --- |", ...rows.values()];
}

/** Of a metric for each signal there is one row. */
function rowOf({ name, kind, unit, labels, description, detailed }: Metric): string {
  const item = ITEMS.find(
    (one) =>
      name.endsWith(`_${one}`) &&
      METRICS.filter((other) => ITEMS.some((each) => other.name === `${name.slice(0, -one.length)}${each}`)).length === ITEMS.length,
  );
  const counted = item?.replace("_", " ") ?? "";
  const words = item === undefined ? description : `Items${description.slice(counted.length)}`;
  const cells = [
    `\`${item === undefined ? name : `${name.slice(0, -item.length)}<items>`}\``,
    detailed === true ? `${kind}, detailed` : kind,
    `\`${item === undefined ? unit : "{item}"}\``,
  ];
  return `| ${[...cells, labels.map((label) => `\`${label}\``).join(", ") || "none", words].join(" | ")} |`;
}
