/** Pipelines against the components that they name: everything exists, serves the signal, occurs once. */
import { type Signal, SIGNALS } from "../base/signal.ts";
import type { Findings } from "./findings.ts";
import { nearest } from "../base/nearest.ts";
import type { PlannedPipeline, Where } from "./plan.ts";
import type { Section } from "./components.ts";
import type { Joins } from "../pipeline/connector.ts";
import { type PipelineConfig, signalOf } from "./service.ts";
import { locate, type MapNode, type Path } from "./tree.ts";

interface Serves {
  readonly id: string;
  readonly aliases?: readonly string[];
  readonly signals: readonly Signal[];
}

export interface Sections {
  readonly receivers: Section<Serves>;
  readonly processors: Section<Serves>;
  readonly exporters: Section<Serves>;
  readonly connectors: Section<Serves & { readonly joins: Joins }>;
}

const ROLES = ["receivers", "processors", "exporters"] as const;
type Role = (typeof ROLES)[number];

export function planPipelines(
  root: MapNode,
  pipelines: ReadonlyMap<string, PipelineConfig | undefined>,
  sections: Sections,
  findings: Findings,
): PlannedPipeline[] {
  const planned: PlannedPipeline[] = [];
  for (const [id, pipeline] of pipelines) {
    const at = ["service", "pipelines", id];
    const where = locate(root, at).keyWhere;
    const signal = signalOf(id);
    if (signal === undefined) {
      const near = nearest(id.split("/", 1)[0] ?? "", ["traces", "metrics", "logs", "profiles"]);
      const cure = near === undefined ? "Begin its id with traces, metrics, logs or profiles, for example traces/errors" : `Did you mean "${near}"?`;
      findings.problem(`Cannot use pipeline "${id}": it names no signal`, cure, where, at);
      continue;
    }
    if (pipeline === undefined) continue;
    for (const role of ROLES) checkReferences({ root, role, at, signal, ids: pipeline[role], sections }, findings);
    checkEnds(pipeline, id, at, where, findings);
    const primary = primaryOf(root, pipeline, at, findings);
    planned.push({ id, signal, receivers: pipeline.receivers, processors: pipeline.processors, exporters: pipeline.exporters, primary, where });
  }
  return planned;
}

function checkEnds(pipeline: PipelineConfig, id: string, at: Path, where: Where, findings: Findings): void {
  for (const role of ["receivers", "exporters"] as const) {
    if (pipeline[role].length === 0)
      findings.problem(`Cannot use pipeline "${id}": it has no ${role}`, `Name one at least: ${role}: [${role === "receivers" ? "otlp" : "debug"}]`, where, [
        ...at,
        role,
      ]);
  }
}

interface References {
  readonly root: MapNode;
  readonly role: Role;
  readonly at: Path;
  readonly signal: Signal;
  readonly ids: readonly string[];
  readonly sections: Sections;
}

function checkReferences({ root, role, at, signal, ids, sections }: References, findings: Findings): void {
  const section = sections[role];
  ids.forEach((id, index) => {
    const path = [...at, role, index];
    const where = locate(root, path).keyWhere;
    if (ids.indexOf(id) !== index) {
      findings.problem(
        `Cannot use "${id}": this pipeline names it twice`,
        role === "processors" ? `Define another one, for example ${id}/second` : "Remove one of the two",
        where,
        path,
      );
      return;
    }
    const found = section.byId.get(id) ?? (role === "processors" ? undefined : sections.connectors.byId.get(id));
    if (found === undefined) {
      // A component of unknown type has its problem where it is defined.
      if (!section.ids.has(id) && !(role !== "processors" && sections.connectors.ids.has(id))) undefinedReference(id, role, sections, where, path, findings);
      return;
    }
    const signals = signalsOf(found.definition, role);
    if (!signals.includes(signal))
      findings.problem(`Cannot use "${id}" in a ${signal} pipeline: it serves ${signals.join(", ")}`, "Move it to a pipeline of such a signal", where, path);
  });
}

/** A connector takes some signals where it is an exporter, and gives others where it is a receiver. */
function signalsOf(definition: Serves & { readonly joins?: Joins }, role: Role): readonly Signal[] {
  if (definition.joins === undefined || role === "exporters") return definition.signals;
  return SIGNALS.filter((signal) => Object.values(definition.joins ?? {}).some((given) => given.includes(signal)));
}

function undefinedReference(id: string, role: Role, sections: Sections, where: Where, path: Path, findings: Findings): void {
  const elsewhere = ROLES.find((other) => other !== role && sections[other].ids.has(id));
  const names = [...sections[role].ids.keys(), ...(role === "processors" ? [] : sections.connectors.ids.keys())];
  const near = aliasTwin(id, sections[role]) ?? nearest(id, names);
  let cure = `Define it: ${role}: {${id}: }`;
  if (sections.connectors.ids.has(id)) cure = "It is a connector: name it under exporters of one pipeline and receivers of another";
  else if (elsewhere !== undefined) cure = `It is defined under ${elsewhere}: name it there`;
  else if (near !== undefined) cure = `Did you mean "${near}"?`;
  findings.problem(`Cannot use "${id}": it is not defined under ${role}`, cure, where, path);
}

/** What is defined under the component's other name: `otlphttp/a` for `otlp_http/a`, and the other way round. */
function aliasTwin(id: string, section: Section<Serves>): string | undefined {
  const [type = "", ...name] = id.split("/");
  for (const [defined, { definition }] of section.byId) {
    const [, ...definedName] = defined.split("/");
    const names = [definition.id, ...(definition.aliases ?? [])];
    if (names.includes(type) && name.join("/") === definedName.join("/")) return defined;
  }
  return undefined;
}

function primaryOf(root: MapNode, pipeline: PipelineConfig, at: Path, findings: Findings): string | undefined {
  const { primary, exporters } = pipeline;
  const path = [...at, "primary"];
  const where = locate(root, path).node?.where;
  if (primary !== undefined && !exporters.includes(primary)) {
    const near = nearest(primary, exporters);
    findings.problem(
      `Cannot use primary "${primary}": it is no exporter of this pipeline`,
      near === undefined ? `Name one of ${exporters.join(", ")}` : `Did you mean "${near}"?`,
      where,
      path,
    );
  }
  if (pipeline.await === "primary") return primary ?? exporters[0];
  if (primary !== undefined) findings.warning(`primary has no effect: this pipeline awaits all exporters`, "Add await: primary, or remove it", where, path);
  return undefined;
}
