/**
 * The sections of components: every id against the registry, every component's settings against its
 * schema, used or not.
 */
import type { Findings } from "./findings.ts";
import { collectorIds, INSTEAD } from "./known.ts";
import { nearest } from "../base/nearest.ts";
import type { AnyComponent, Where } from "./plan.ts";
import type { Listed, Registry } from "./registry.ts";
import { parseId, type SectionName } from "./service.ts";
import { parseSettings, type Part } from "./settings.ts";
import type { MapNode, TreeNode } from "./tree.ts";

/** A component that is defined; `config` is undefined when its settings have problems. */
export interface Defined<Definition = AnyComponent> {
  readonly id: string;
  readonly definition: Definition;
  readonly config: unknown;
  readonly where: Where;
  readonly node: TreeNode;
}

export interface Section<Definition> {
  readonly byId: ReadonlyMap<string, Defined<Definition>>;
  /** Every key of the section, of unknown type or not, and its place: a reference to one is no second problem. */
  readonly ids: ReadonlyMap<string, Where>;
}

type Kind = AnyComponent["kind"];

export const SECTION_OF = {
  receiver: "receivers",
  processor: "processors",
  exporter: "exporters",
  connector: "connectors",
  extension: "extensions",
} as const satisfies Readonly<Record<Kind, SectionName>>;

/** Reads one section. `is` narrows the registry's definitions to the section's kind. */
export function readSection<Definition extends AnyComponent>(
  root: MapNode,
  kind: Definition["kind"],
  is: (definition: AnyComponent) => definition is Definition,
  { registry, built }: { readonly registry: Registry; readonly built: readonly Listed[] },
  findings: Findings,
): Section<Definition> {
  const name = SECTION_OF[kind];
  const definitions = registry.filter((definition) => is(definition));
  const ids = built.filter((one) => one.kind === kind).map(({ id }) => id);
  const byId = new Map<string, Defined<Definition>>();
  const entries = entriesOf(root, name, findings);
  for (const [id, { keyWhere, value }] of entries) {
    const definition = resolve(id, name, { definitions, ids }, keyWhere, findings);
    if (definition === undefined) continue;
    byId.set(id, { id, definition, config: configOf(definition, { node: value, at: [name, id], keyWhere }, findings), where: keyWhere, node: value });
  }
  return { byId, ids: new Map([...entries].map(([id, { keyWhere }]) => [id, keyWhere])) };
}

function entriesOf(root: MapNode, name: SectionName, findings: Findings): MapNode["entries"] {
  const entry = root.entries.get(name);
  if (entry === undefined || (entry.value.kind === "scalar" && entry.value.value === null)) return new Map();
  if (entry.value.kind === "map") return entry.value.entries;
  findings.problem(`Cannot use ${name}: expected a map of components`, "Write each component's id below it, indented, with a colon", entry.value.where, [name]);
  return new Map();
}

function resolve<Definition extends AnyComponent>(
  id: string,
  name: SectionName,
  { definitions, ids }: { readonly definitions: readonly Definition[]; readonly ids: readonly string[] },
  where: Where,
  findings: Findings,
): Definition | undefined {
  const parsed = parsedId(id, name, where, findings);
  if (parsed === undefined) return undefined;
  const { type } = parsed;
  const found = definitions.find((definition) => definition.id === type);
  if (found !== undefined) return found;
  const aliased = definitions.find(({ aliases = [] }) => aliases.includes(type));
  if (aliased !== undefined) {
    findings.warning(`"${type}" alias is deprecated; use "${aliased.id}"`, undefined, where, [name, id]);
    return aliased;
  }
  // Telemetry takes the same way without an extension: the configuration runs.
  if (collectorIds(name).has(type) && name === "extensions") notStarted(id, where, findings);
  else if (collectorIds(name).has(type)) notYet(id, type, name, ids, where, findings);
  else unknownType(type, name, ids, where, findings);
  return undefined;
}

function parsedId(id: string, name: SectionName, where: Where, findings: Findings) {
  const parsed = parseId(id);
  if (parsed === undefined) {
    findings.problem(
      `Cannot use "${id}": it is no component id`,
      "Write type or type/name: letters, digits and _ in the type, no blanks at the ends of the name",
      where,
      [name, id],
    );
  }
  return parsed;
}

function notStarted(id: string, where: Where, findings: Findings): void {
  findings.warning(`extensions.${id} is not in force: it is accepted, and not started yet`, undefined, where, ["extensions", id]);
}

function notYet(id: string, type: string, name: SectionName, built: readonly string[], where: Where, findings: Findings): void {
  const instead = INSTEAD[`${name} ${type}`] ?? (built.length === 0 ? "Remove it for now" : `Available ${name}: ${built.join(", ")}`);
  findings.problem(`Cannot use ${name.slice(0, -1)} "${id}": the Collector has it, Sluice not yet`, instead, where, [name, id]);
}

function unknownType(type: string, name: SectionName, built: readonly string[], where: Where, findings: Findings): void {
  const near = nearest(type, built) ?? nearest(type, collectorIds(name));
  const cure = near === undefined ? (built.length === 0 ? "Remove it" : `Available ${name}: ${built.join(", ")}`) : `Did you mean "${near}"?`;
  findings.problem(`Cannot use ${name.slice(0, -1)} "${type}": there is no such component`, cure, where, [name, type]);
}

type Present = Part & { readonly node: TreeNode };

function configOf({ schema, notInForce = {} }: AnyComponent, part: Present, findings: Findings): unknown {
  const parse = parseSettings(schema, part);
  findings.warnings.push(...parse.warnings);
  findings.notInForce(notInForce, part.node, part.at);
  if (parse.kind === "ok") return parse.value;
  findings.problems.push(...parse.problems);
  return undefined;
}
