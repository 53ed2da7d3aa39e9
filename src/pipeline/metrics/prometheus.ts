/**
 * Samples as text for Prometheus: exposition format 0.0.4, or OpenMetrics 1.0.0.
 *
 *     # HELP <family> <text>          once a family, before its samples
 *     # TYPE <family> <type>
 *     # UNIT <family> <unit>          OpenMetrics, where the name ends with the unit
 *     <name>{<label>="<value>",...} <number>
 *     # EOF                           OpenMetrics, last
 *
 * Of a histogram, `<name>_bucket` with the bound `le` for each bucket and all below it, `<name>_sum` and
 * `<name>_count`.
 *
 * Names are the Collector's, which by default have neither type nor unit behind them. OpenMetrics wants
 * `_total` behind every counter: without it a counter is `unknown` there, so that a metric keeps its name
 * whichever format a scraper asks for.
 */
import type { Labels, Sample } from "../counters.ts";
import type { Distribution } from "../histogram.ts";
import { type Family, familiesOf } from "./families.ts";
import type { Metric } from "./table.ts";

export type TextFormat = "0.0.4" | "openmetrics";

export interface TextOptions {
  readonly format: TextFormat;
  /** No `_total` behind counters. */
  readonly withoutTypeSuffix: boolean;
  /** No unit behind names. */
  readonly withoutUnits: boolean;
  /** Labels of every sample. */
  readonly constantLabels: Labels;
  /** What `target_info` says. */
  readonly resource: Labels;
}

export const TEXT_TYPES: Readonly<Record<TextFormat, string>> = {
  "0.0.4": "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** UCUM's units, as Prometheus spells them behind a name. */
const UNIT_WORDS: Readonly<Record<string, string>> = { s: "seconds", ms: "milliseconds", By: "bytes" };

/** The format that an `Accept` header prefers: OpenMetrics 1.0.0 where it is named with at least the weight of the other, else 0.0.4. */
export function formatOf(accept: string | undefined): TextFormat {
  let openMetrics = 0;
  let plain = 0;
  for (const range of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const weight = Number(parameters.find((one) => one.startsWith("q="))?.slice(2) ?? 1);
    const version = parameters
      .find((one) => one.startsWith("version="))
      ?.slice(8)
      .replaceAll('"', "");
    if (type === "application/openmetrics-text" && (version === undefined || version === "1.0.0")) openMetrics = Math.max(openMetrics, weight);
    if (type === "text/plain") plain = Math.max(plain, weight);
  }
  return openMetrics > 0 && openMetrics >= plain ? "openmetrics" : "0.0.4";
}

/** The whole page. */
export function writeText(samples: readonly Sample[], options: TextOptions): string {
  const constant = [...namedLabels(options.constantLabels)];
  let text = "";
  for (const family of familiesOf(samples)) text += familyText(family, constant, options);
  text += targetText(options);
  return options.format === "openmetrics" ? `${text}# EOF\n` : text;
}

function familyText({ metric, samples }: Family, constant: readonly (readonly [name: string, value: string])[], options: TextOptions): string {
  const unit = unitWord(metric);
  const name = nameOf(metric.name);
  const named = options.withoutUnits || unit === "" || name.endsWith(`_${unit}`) ? name : `${name}_${unit}`;
  const total = metric.kind === "counter" && !options.withoutTypeSuffix;
  const sampleName = total && !named.endsWith("_total") ? `${named}_total` : named;
  const openMetrics = options.format === "openmetrics";
  const family = openMetrics && total ? sampleName.slice(0, -"_total".length) : sampleName;
  let text = `# HELP ${family} ${helpText(metric.description, openMetrics)}\n# TYPE ${family} ${typeWord(metric, openMetrics && !total)}\n`;
  if (openMetrics && unit !== "" && family.endsWith(`_${unit}`)) text += `# UNIT ${family} ${unit}\n`;
  for (const { distribution, labels, value } of samples) {
    // Of a constant label and one of the sample's own with the same name, the sample's counts.
    const all = new Map([...constant, ...namedLabels(labels)]);
    text += distribution === undefined ? `${sampleName}${inBraces(all)} ${numberText(value)}\n` : distributionText(sampleName, all, distribution, openMetrics);
  }
  return text;
}

function distributionText(name: string, labels: ReadonlyMap<string, string>, { bounds, count, counts, sum }: Distribution, openMetrics: boolean): string {
  let text = "";
  let below = 0;
  for (const [bucket, own] of counts.entries()) {
    below += own;
    const bound = bounds[bucket] ?? Infinity;
    // OpenMetrics wants to see that it is no integer.
    const le = openMetrics && Number.isInteger(bound) ? `${bound}.0` : numberText(bound);
    text += `${name}_bucket${inBraces(new Map([...labels, ["le", le]]))} ${below}\n`;
  }
  return `${text}${name}_sum${inBraces(labels)} ${numberText(sum)}\n${name}_count${inBraces(labels)} ${count}\n`;
}

function unitWord({ unit }: Metric): string {
  return UNIT_WORDS[unit] ?? "";
}

/** `unsuffixed`: a counter whose name may not say so. */
function typeWord({ kind }: Metric, unsuffixed: boolean): string {
  if (kind === "histogram") return "histogram";
  if (kind !== "counter") return "gauge";
  return unsuffixed ? "unknown" : "counter";
}

function targetText({ format, resource }: TextOptions): string {
  const family = format === "openmetrics" ? "target" : "target_info";
  const type = format === "openmetrics" ? "info" : "gauge";
  return `# HELP ${family} Target metadata\n# TYPE ${family} ${type}\ntarget_info${inBraces(namedLabels(resource))} 1\n`;
}

/** By the name that they have here. Two that come to the same name are one, as OpenTelemetry has it: values with a semicolon between. */
function namedLabels(labels: Labels): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  for (const [key, value] of Object.entries(labels)) {
    const name = nameOf(key);
    const before = named.get(name);
    named.set(name, before === undefined ? value : `${before};${value}`);
  }
  return named;
}

function inBraces(labels: ReadonlyMap<string, string>): string {
  if (labels.size === 0) return "";
  const texts = [...labels].map(([name, value]) => `${name}="${valueText(value)}"`);
  return `{${texts.toSorted().join(",")}}`;
}

/** What a name may not have is an underscore: `otel.signal` is `otel_signal`. */
function nameOf(name: string): string {
  const text = name.replaceAll(/[^a-zA-Z0-9_]/g, "_");
  return /^\d/.test(text) ? `_${text}` : text;
}

function valueText(text: string): string {
  return text
    .replaceAll("\\", String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll("\n", String.raw`\n`);
}

function helpText(text: string, openMetrics: boolean): string {
  const escaped = text.replaceAll("\\", String.raw`\\`).replaceAll("\n", String.raw`\n`);
  return openMetrics ? escaped.replaceAll('"', String.raw`\"`) : escaped;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
