/** ParseSeverity: a log's level by a mapping from levels to texts and ranges of numbers. */
import { BuildError, define, type OttlFunction } from "../../contract.ts";
import { isList, isMap, StatementError, typeName, type Value } from "../../value.ts";

interface Criterion {
  readonly equals: ReadonlySet<string>;
  readonly range: { readonly min: bigint; readonly max: bigint } | undefined;
}

const RANGES: Readonly<Record<string, { readonly min: bigint; readonly max: bigint }>> = {
  "2xx": { min: 200n, max: 299n },
  "3xx": { min: 300n, max: 399n },
  "4xx": { min: 400n, max: 499n },
  "5xx": { min: 500n, max: 599n },
};

export const parseSeverity: OttlFunction = define(
  "ParseSeverity",
  [
    { name: "target", kind: "getter" },
    { name: "mapping", kind: "map_getter" },
  ],
  ({ target, mapping }) => {
    if (mapping.constant === undefined) throw new BuildError("Cannot map severities: the mapping is not a literal map");
    const levels = Array.from(mapping.constant.value, ([level, criteria]) => ({ level, criteria: criteriaOf(level, criteria) }));
    return (subject) => {
      const value = target.get(subject);
      if (typeof value !== "string" && typeof value !== "bigint")
        throw new StatementError(`Cannot map a severity of type ${typeName(value)}: it is neither text nor an integer`);
      for (const { level, criteria } of levels) if (criteria.some((criterion) => meets(criterion, value))) return level;
      throw new StatementError(`Cannot map the severity ${JSON.stringify(String(value).slice(0, 64))}: no level has it`);
    };
  },
);

function meets({ equals, range }: Criterion, value: string | bigint): boolean {
  if (typeof value === "string") return equals.has(value);
  return range !== undefined && value >= range.min && value <= range.max;
}

function criteriaOf(level: string, criteria: Value): readonly Criterion[] {
  const wrong = (why: string): never => {
    throw new BuildError(`Cannot map severities: the criteria of "${level}" ${why}`, 'Write them as [{"equals": ["err"]}, {"range": {"min": 1, "max": 5}}]');
  };
  if (!isList(criteria)) return wrong("are no list");
  return criteria.map((criterion) => {
    if (!isMap(criterion)) return wrong("have an item that is no map");
    const equals = criterion.get("equals") ?? [];
    if (!isList(equals)) return wrong("have an `equals` that is no list");
    const texts = equals.map((text) => (typeof text === "string" ? text : wrong("have an `equals` with an item that is no text")));
    return { equals: new Set(texts), range: rangeOf(criterion.get("range"), wrong) };
  });
}

function rangeOf(range: Value | undefined, wrong: (why: string) => never): Criterion["range"] {
  if (range === undefined) return undefined;
  if (typeof range === "string") return (Object.hasOwn(RANGES, range) ? RANGES[range] : undefined) ?? wrong("have a range that is not 2xx, 3xx, 4xx or 5xx");
  if (!isMap(range)) return wrong("have a range that is neither a map nor a text");
  const min = range.get("min");
  const max = range.get("max");
  if (typeof min !== "bigint" || typeof max !== "bigint") return wrong("have a range without integers `min` and `max`");
  return { min, max };
}
