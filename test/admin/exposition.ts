/**
 * A strict reader of what Prometheus reads: exposition format 0.0.4 and OpenMetrics 1.0.0, as far as
 * counters, gauges, histograms, info and unknown go. It throws for whatever a scraper would refuse.
 */
export interface Read {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: readonly Read[];
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;
const OF_HISTOGRAMS = ["_bucket", "_sum", "_count"];
const SUFFIXES: Readonly<Record<string, readonly string[]>> = { counter: ["_total"], info: ["_info"], histogram: OF_HISTOGRAMS };

/** Families in the order of the text. */
export function readExposition(text: string, openMetrics: boolean): readonly ReadFamily[] {
  if (!text.endsWith("\n")) throw new Error("The last line does not end");
  const lines = text.slice(0, -1).split("\n");
  if (openMetrics && lines.pop() !== "# EOF") throw new Error("No # EOF at the end");
  const families = new Map<string, { name: string; type: string; help: string; unit: string | undefined; samples: Read[] }>();
  const seen = new Set<string>();
  let current: string | undefined;
  for (const line of lines) {
    const meta = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (meta !== null) {
      const [, kind = "", name = "", rest = ""] = meta;
      const known = families.get(name);
      if (kind === "HELP") {
        if (known !== undefined) throw new Error(`A second HELP of ${name}`);
        families.set(name, { name, type: "", help: unescaped(rest, openMetrics), unit: undefined, samples: [] });
        current = name;
      } else if (known === undefined || current !== name || known.samples.length > 0) throw new Error(`${kind} of ${name} out of its place`);
      else if (kind === "TYPE") known.type = rest;
      else if (!openMetrics || !name.endsWith(`_${rest}`)) throw new Error(`UNIT ${rest} does not fit ${name}`);
      else known.unit = rest;
      continue;
    }
    const match = SAMPLE.exec(line);
    const family = families.get(current ?? "");
    if (match === null || family === undefined) throw new Error(`No sample: ${line}`);
    const [, name = "", inside, value = ""] = match;
    const plain = family.type === "histogram" ? OF_HISTOGRAMS : [""];
    const allowed = openMetrics ? (SUFFIXES[family.type] ?? [""]) : plain;
    if (!allowed.some((suffix) => name === `${family.name}${suffix}`)) throw new Error(`${name} is no sample of the ${family.type} ${family.name}`);
    const labels = inside === undefined ? {} : readLabels(inside);
    const key = `${name} ${Object.entries(labels)
      .map(([label, of]) => `${label}=${JSON.stringify(of)}`)
      .toSorted()
      .join()}`;
    if (seen.has(key)) throw new Error(`Twice: ${key}`);
    seen.add(key);
    family.samples.push({ name, labels, value: readNumber(value) });
  }
  for (const family of families.values()) if (family.type === "histogram") checkBuckets(family, openMetrics);
  return [...families.values()];
}

/** Of each set of labels: buckets in the order of their bounds, none with fewer than the one before; the last, without a bound, has all. */
function checkBuckets({ name, samples }: ReadFamily, openMetrics: boolean): void {
  const series = new Map<string, Read[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [key, of] of series) {
    const buckets = of.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => labels["le"] ?? "");
    const wrong = (what: string) => new Error(`${what}: ${name} ${key} ${bounds.join(" ")}`);
    if (bounds.at(-1) !== "+Inf") throw wrong("No last bucket");
    if (openMetrics && bounds.some((bound) => /^-?\d+$/.test(bound))) throw wrong("A bound is an integer");
    for (const [index, { value }] of buckets.entries()) {
      const before = buckets[index - 1];
      if (before !== undefined && (before.value > value || readNumber(bounds[index - 1] ?? "") >= readNumber(bounds[index] ?? ""))) throw wrong("Not in order");
    }
    const [sum, count, ...more] = of.filter((sample) => sample.name !== `${name}_bucket`);
    if (sum?.name !== `${name}_sum` || count?.name !== `${name}_count` || more.length > 0) throw wrong("No sum and count");
    if (count.value !== buckets.at(-1)?.value) throw wrong("The count is not that of the last bucket");
  }
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`No labels: ${text}`);
    const [, name = "", value = ""] = match;
    if (name in labels) throw new Error(`Label ${name} twice`);
    labels[name] = unescaped(value, true);
  }
  return labels;
}

function unescaped(text: string, quotes: boolean): string {
  return text.replaceAll(/\\(.)/g, (all, next: string) => (next === "n" ? "\n" : next === "\\" ? "\\" : next === '"' && quotes ? '"' : all));
}

function readNumber(text: string): number {
  if (text === "+Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  if (text === "NaN") return NaN;
  if (!/^[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(text)) throw new Error(`No number: ${text}`);
  return Number(text);
}

/** The sum over all samples of `name` that carry `labels`. Throws when there is none. */
export function sumOf(families: readonly ReadFamily[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  const found = families
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value));
  if (found.length === 0) throw new Error(`No sample of ${name} ${JSON.stringify(labels)}`);
  return found.reduce((sum, { value }) => sum + value, 0);
}
