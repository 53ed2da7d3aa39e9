/** Which metrics, and which of their points, a transform is about. */
import { groupsOf, matches, parsePattern, type Pattern } from "../../pattern/pattern.ts";
import type { Metric, Point } from "./model.ts";
import type { TransformConfig } from "./settings.ts";

/** In a name: a dollar sign for itself, a group in braces, a group. */
const PLACE = /\$(?:(\$)|\{(\w+)\}|(\w+))/g;

interface LabelMatch {
  readonly key: string;
  readonly fits: (text: string) => boolean;
}

export class Filter {
  readonly #name: string;
  /** The whole pattern as its first group, so that group 0 is the match. */
  readonly #pattern: Pattern | undefined;
  readonly #labels: readonly LabelMatch[];

  constructor({ include, match_type: type, experimental_match_labels: labels }: TransformConfig) {
    this.#name = include;
    this.#pattern = type === "regexp" ? patternOf(`(${include})`) : undefined;
    this.#labels = Object.entries(labels).map(([key, text]) => ({ key, fits: type === "regexp" ? patternTest(text) : (value) => value === text }));
  }

  /** Names of the pattern's groups, the whole match first. */
  get groupNames(): readonly string[] {
    return this.#pattern?.names ?? [];
  }

  matchesName(name: string): boolean {
    return this.#pattern === undefined ? name === this.#name : matches(this.#pattern, name);
  }

  matchesPoint(point: Point): boolean {
    return this.#labels.every(({ key, fits }) => fits(point.text(key) ?? ""));
  }

  /** By name, and by one of its points at least, if it has any. */
  matches(metric: Metric): boolean {
    if (!this.matchesName(metric.name)) return false;
    return this.#labels.length === 0 || metric.points.length === 0 || metric.points.some((point) => this.matchesPoint(point));
  }

  matchesAllPoints(metric: Metric): boolean {
    return this.#labels.length === 0 || metric.points.every((point) => this.matchesPoint(point));
  }

  /** The points that are meant; undefined when the metric is not, or has points and none of them is. */
  pointsOf(metric: Metric): readonly Point[] | undefined {
    if (!this.matchesName(metric.name)) return undefined;
    const points = this.#labels.length === 0 ? metric.points : metric.points.filter((point) => this.matchesPoint(point));
    return points.length === 0 && metric.points.length > 0 ? undefined : points;
  }

  /** The groups in a name, the whole match first. None without a pattern. */
  groups(name: string): readonly string[] {
    return this.#pattern === undefined ? [] : (groupsOf(this.#pattern, name) ?? []);
  }

  /** A template with the groups of `name` in it; the template itself where nothing comes of that. */
  expand(template: string, name: string): string {
    const groups = this.groups(name);
    if (groups.length === 0) return template;
    const text = template.replace(PLACE, (_, dollar?: string, braced?: string, plain?: string) =>
      dollar === undefined ? this.#group(groups, braced ?? plain ?? "") : "$",
    );
    return text === "" ? template : text;
  }

  #group(groups: readonly string[], name: string): string {
    const at = /^\d+$/.test(name) ? Number(name) : this.groupNames.indexOf(name);
    return groups[at] ?? "";
  }
}

function patternOf(text: string): Pattern | undefined {
  const pattern = parsePattern(text);
  return typeof pattern === "string" ? undefined : pattern;
}

function patternTest(text: string): (value: string) => boolean {
  const pattern = patternOf(text);
  return (value) => pattern !== undefined && matches(pattern, value);
}
