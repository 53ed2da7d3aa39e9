/** Fields by name, as `Step.fields` has them: what settings that several processors share look at and change. */
import type { Signal } from "../base/signal.ts";
import { parsePattern } from "../pattern/pattern.ts";
import { type Fields, levelName } from "../pipeline/step.ts";
import type { ActionSettings } from "./attribute-actions/settings.ts";
import type { MatchingSettings, MatchSettings } from "./matching/settings.ts";

/** `span.attributes["user.email"]`; `owner` is what has the attribute. */
export function attributeName(owner: string, key: string): string {
  return `${owner}.attributes[${JSON.stringify(key)}]`;
}

/** The names of a pattern's groups; none for a pattern that the schema refuses. */
export function groupNames(pattern: string): readonly string[] {
  const parsed = parsePattern(pattern);
  return typeof parsed === "string" ? [] : parsed.names;
}

/** Each name once. */
export function fieldsOf(reads: readonly string[], writes: readonly string[]): Fields {
  return { reads: [...new Set(reads)], writes: [...new Set(writes)] };
}

/** What actions on the attributes of `owner` look at and change. */
export function actionFields(settings: readonly ActionSettings[], owner: string): Fields {
  const all = settings.map((one) => fieldsOfAction(one, owner));
  return fieldsOf(
    all.flatMap(({ reads }) => reads),
    all.flatMap(({ writes }) => writes),
  );
}

function fieldsOfAction({ action, key, pattern, from_attribute: from }: ActionSettings, owner: string): Fields {
  const own = key === "" ? [] : [attributeName(owner, key)];
  const byPattern = pattern === "" ? [] : [`${owner}.attributes matching ${JSON.stringify(pattern)}`];
  switch (action) {
    case "insert":
    case "update":
    case "upsert":
      return { reads: from === "" ? [] : [attributeName(owner, from)], writes: own };
    case "delete":
      return { reads: [], writes: [...own, ...byPattern] };
    case "hash":
      return { reads: [...own, ...byPattern], writes: [...own, ...byPattern] };
    case "extract":
      return { reads: own, writes: groupNames(pattern).map((name) => attributeName(owner, name)) };
    default:
      return { reads: own, writes: own };
  }
}

/** What `include` and `exclude` look at. */
export function matchingFields({ include, exclude }: MatchingSettings, signal: Signal): readonly string[] {
  return [include, exclude].flatMap((settings) => {
    if (settings === undefined) return [];
    // Of metrics the name alone, as in the Collector.
    if (signal === "metrics") return settings.metric_names.length === 0 ? [] : ["metric.name"];
    return fieldsOfMatch(settings, levelName("item", signal));
  });
}

function fieldsOfMatch(settings: MatchSettings, owner: string): readonly string[] {
  const { services, span_names, span_kinds, log_bodies, log_severity_texts, log_severity_number, libraries, resources, attributes } = settings;
  const named: readonly (readonly [name: string, isUsed: boolean])[] = [
    [attributeName("resource", "service.name"), services.length > 0],
    ["span.name", span_names.length > 0],
    ["span.kind", span_kinds.length > 0],
    ["log.body", log_bodies.length > 0],
    ["log.severity_text", log_severity_texts.length > 0],
    ["log.severity_number", log_severity_number !== undefined],
    ["scope.name", libraries.length > 0],
    ["scope.version", libraries.some(({ version }) => version !== null)],
  ];
  return [
    ...named.filter(([, isUsed]) => isUsed).map(([name]) => name),
    ...resources.map(({ key }) => attributeName("resource", key)),
    ...attributes.map(({ key }) => attributeName(owner, key)),
  ];
}
