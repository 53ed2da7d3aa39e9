/**
 * The one validator: a configuration's tree against a registry. Everything that is wrong is found in
 * one go, in the order of the text; a plan comes of it only when nothing is.
 */
import type * as z from "zod";
import type { LogLevel } from "../base/host.ts";
import { type Defined, readSection, type Section } from "./components.ts";
import { checkConnectors } from "./connectors.ts";
import { checkStorages, startedExtensions } from "./extensions.ts";
import { Findings } from "./findings.ts";
import type { Loaded } from "./load.ts";
import { memoryQueues } from "./memory-queues.ts";
import { planPipelines } from "./pipelines.ts";
import type { AnyComponent, AnyConnector, AnyExporter, AnyExtension, AnyProcessor, AnyReceiver, Finding, Plan, PlannedComponent, Where } from "./plan.ts";
import type { Listed, Registry } from "./registry.ts";
import { pipeline, type PipelineConfig, service, SERVICE_NOT_IN_FORCE, type TelemetryConfig, topLevel } from "./service.ts";
import { parseSettings } from "./settings.ts";
import { findingsOf } from "./issues.ts";
import { warnOfReaders } from "./telemetry.ts";
import { describeNode, locate, type MapNode, type Path } from "./tree.ts";

export interface Validated {
  /** Undefined when there are problems. */
  readonly plan: Plan | undefined;
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/**
 * Judges what `loadConfig` gave, with what it found itself. Never throws. Where a source could not be
 * read, that is told alone: whatever else is wrong may vanish with it. `built` are all components that
 * there are; `registry` needs those that the configuration names.
 */
export function validateLoaded({ root, damaged, problems, warnings }: Loaded, registry: Registry, built: readonly Listed[] = registry): Validated {
  if (damaged) return { plan: undefined, problems, warnings };
  const judged = validateConfig(root, registry, built);
  // A value that could not be expanded has its problem already.
  const others = judged.problems.filter(({ where }) => !problems.some((known) => isSamePlace(known.where, where)));
  const all = inOrder([...problems, ...others]);
  return { plan: all.length === 0 ? judged.plan : undefined, problems: all, warnings: inOrder([...warnings, ...judged.warnings]) };
}

function isSamePlace(one: Where | undefined, other: Where | undefined): boolean {
  return one !== undefined && one.source === other?.source && one.line === other.line && one.column === other.column;
}

/** Validates a tree. Never throws. */
export function validateConfig(root: MapNode, registry: Registry, built: readonly Listed[] = registry): Validated {
  const findings = new Findings();
  unknownSections(root, findings);
  const receivers = readSection(root, "receiver", isReceiver, { registry, built }, findings);
  const processors = readSection(root, "processor", isProcessor, { registry, built }, findings);
  const exporters = readSection(root, "exporter", isExporter, { registry, built }, findings);
  const connectors = readSection(root, "connector", isConnector, { registry, built }, findings);
  const extensions = readSection(root, "extension", isExtension, { registry, built }, findings);
  clashes(connectors.ids, receivers, exporters, findings);
  const config = readService(root, findings);
  const started = startedExtensions(root, config.extensions, extensions, findings);
  const pipelines = planPipelines(root, config.pipelines, { receivers, processors, exporters, connectors }, findings);
  if (config.complete) checkConnectors(root, pipelines, connectors, findings);
  const used = new Set(
    pipelines.flatMap((one) => [
      ...one.receivers.flatMap((id) => [`receivers.${id}`, `connectors.${id}`]),
      ...one.processors.map((id) => `processors.${id}`),
      ...one.exporters.flatMap((id) => [`exporters.${id}`, `connectors.${id}`]),
    ]),
  );
  checkStorages(root, exporters, extensions, started, findings);
  if (config.complete) for (const [name, section] of Object.entries({ receivers, processors, exporters, connectors })) unused(name, section, used, findings);
  const problems = inOrder(findings.problems);
  const warnings = inOrder(findings.warnings);
  if (problems.length > 0) return { plan: undefined, problems, warnings };
  const kept = <Definition>(name: string, section: Section<Definition>) => [...section.byId.values()].filter(({ id }) => used.has(`${name}.${id}`));
  const keptProcessors = kept("processors", processors);
  const keptExporters = kept("exporters", exporters);
  const plan: Plan = {
    receivers: kept("receivers", receivers).map(planned),
    processors: keptProcessors.map(planned),
    exporters: keptExporters.map(planned),
    connectors: kept("connectors", connectors).map(planned),
    extensions: started.map(planned),
    pipelines,
    memoryQueues: memoryQueues(keptProcessors, keptExporters),
    ...logSettings(config.telemetry),
    telemetry: config.telemetry,
  };
  return { plan, problems, warnings };
}

function isReceiver(definition: AnyComponent): definition is AnyReceiver {
  return definition.kind === "receiver";
}

function isProcessor(definition: AnyComponent): definition is AnyProcessor {
  return definition.kind === "processor";
}

function isExporter(definition: AnyComponent): definition is AnyExporter {
  return definition.kind === "exporter";
}

function isConnector(definition: AnyComponent): definition is AnyConnector {
  return definition.kind === "connector";
}

function isExtension(definition: AnyComponent): definition is AnyExtension {
  return definition.kind === "extension";
}

function planned<Definition>({ id, definition, config, where }: Defined<Definition>): PlannedComponent<Definition> {
  return { id, definition, config, where };
}

function unknownSections(root: MapNode, findings: Findings): void {
  const known = Object.keys(topLevel.shape);
  const keys = [...root.entries.keys()].filter((key) => !known.includes(key));
  if (keys.length > 0)
    findings.problems.push(
      ...findingsOf([{ code: "unrecognized_keys", keys, path: [], message: "" }], { schema: topLevel, root, at: [], keyWhere: root.where }),
    );
}

function clashes(connectors: ReadonlyMap<string, Where>, receivers: Section<unknown>, exporters: Section<unknown>, findings: Findings): void {
  for (const [id, where] of connectors) {
    for (const [name, { ids }] of Object.entries({ receivers, exporters })) {
      if (ids.has(id))
        findings.problem(`Cannot use connector "${id}": ${name} has the same id`, `Rename it, for example ${id}/connector`, where, ["connectors", id]);
    }
  }
}

interface Service {
  /** By id; undefined is one with problems. */
  readonly pipelines: ReadonlyMap<string, PipelineConfig | undefined>;
  readonly telemetry: TelemetryConfig | undefined;
  /** Ids, as they are listed. */
  readonly extensions: readonly string[];
  /** False when something in the section has problems, so that not all uses are known. */
  readonly complete: boolean;
}

/** Each part by itself, so that a slip in one hides nothing in another. */
function readService(root: MapNode, findings: Findings): Service {
  const before = findings.problems.length;
  const node = sectionOf(root, "service", findings);
  const keys = [...node.entries.keys()].filter((key) => !Object.hasOwn(service.shape, key));
  if (keys.length > 0)
    findings.problems.push(
      ...findingsOf([{ code: "unrecognized_keys", keys, path: [], message: "" }], { schema: service, root: node, at: ["service"], keyWhere: node.where }),
    );
  const extensions = parsePart(service.shape.extensions, node, ["service", "extensions"], findings) ?? [];
  const telemetry = parsePart(service.shape.telemetry, node, ["service", "telemetry"], findings);
  findings.notInForce(SERVICE_NOT_IN_FORCE, node, ["service"]);
  warnOfReaders(node, findings);
  const section = sectionOf(node, "pipelines", findings, ["service"]);
  if (section.entries.size === 0 && findings.problems.length === before) {
    const where = locate(root, ["service"]).node === undefined ? undefined : locate(root, ["service"]).keyWhere;
    findings.problem("Cannot run: there are no pipelines", "Add service: {pipelines: {traces: {receivers: [...], exporters: [...]}}}", where, [
      "service",
      "pipelines",
    ]);
  }
  const pipelines = new Map<string, PipelineConfig | undefined>();
  for (const id of section.entries.keys()) pipelines.set(id, parsePart(pipeline, section, ["service", "pipelines", id], findings));
  return { pipelines, telemetry, extensions, complete: findings.problems.length === before };
}

/** The map under `key`; an empty one when there is none. */
function sectionOf(parent: MapNode, key: string, findings: Findings, at: Path = []): MapNode {
  const entry = parent.entries.get(key);
  const value = entry?.value;
  if (value?.kind === "map") return value;
  if (value !== undefined && !(value.kind === "scalar" && value.value === null)) {
    findings.problem(`Cannot use ${[...at, key].join(".")}: expected a map, found ${describeNode(value)}`, "Write its keys below it, indented", value.where, [
      ...at,
      key,
    ]);
  }
  return { kind: "map", entries: new Map(), where: entry?.keyWhere ?? parent.where };
}

/** What stands under the last key of `at` in `parent`, parsed; undefined when it has problems. */
function parsePart<Schema extends z.ZodType>(schema: Schema, parent: MapNode, at: Path, findings: Findings): z.output<Schema> | undefined {
  const entry = parent.entries.get(String(at.at(-1)));
  const parse = parseSettings(schema, { node: entry?.value, at, keyWhere: entry?.keyWhere ?? parent.where });
  findings.warnings.push(...parse.warnings);
  if (parse.kind === "ok") return parse.value;
  findings.problems.push(...parse.problems);
  return undefined;
}

function unused(name: string, section: Section<unknown>, used: ReadonlySet<string>, findings: Findings): void {
  for (const { id, where } of section.byId.values()) {
    if (!used.has(`${name}.${id}`))
      findings.warning(`${name}.${id} is defined and in no pipeline: it is not started`, "Name it in a pipeline, or remove it", where, [name, id]);
  }
}

function logSettings(telemetry: TelemetryConfig | undefined): Pick<Plan, "logLevel" | "logFormat"> {
  const logs = telemetry?.logs ?? {};
  const level: LogLevel | undefined = logs.level === "dpanic" || logs.level === "panic" || logs.level === "fatal" ? "error" : logs.level;
  return { logLevel: level, logFormat: logs.encoding === undefined ? undefined : logs.encoding === "json" ? "json" : "text" };
}

/** By source, in the order in which they first occur, then by line; what has no place comes first. */
function inOrder(findings: readonly Finding[]): Finding[] {
  const sources = [...new Set(findings.map((finding) => finding.where?.source))];
  const rank = ({ where }: Finding) => (where === undefined ? -1 : sources.indexOf(where.source));
  return findings.toSorted((a, b) => rank(a) - rank(b) || (a.where?.line ?? 0) - (b.where?.line ?? 0) || (a.where?.column ?? 0) - (b.where?.column ?? 0));
}
