/**
 * Connectors against the pipelines that name them: each is the exporter of one and the receiver of
 * another, for signals that it can stand between; its settings fit where it stands; and nothing runs
 * in a circle. Errors stand where the connector is named.
 */
import { type Signal, SIGNALS } from "../base/signal.ts";
import type { Complaint } from "../pipeline/component.ts";
import type { Joins, Wiring } from "../pipeline/connector.ts";
import { circleIn, type Join, joinsOf, type Leg } from "../pipeline/graph.ts";
import type { Section } from "./components.ts";
import type { Findings } from "./findings.ts";
import type { AnyConnector, PlannedPipeline } from "./plan.ts";
import { locate, type MapNode, pathText } from "./tree.ts";

/** A definition as it is called here: `config` was parsed with the schema of this very definition. */
interface Checks {
  check?(config: unknown, id: string, wiring: Wiring): readonly Complaint[];
}

export function checkConnectors(root: MapNode, pipelines: readonly PlannedPipeline[], connectors: Section<AnyConnector>, findings: Findings): void {
  const defined = [...connectors.byId.values()];
  const joins = joinsOf(defined, pipelines);
  for (const { id, definition, config } of defined) {
    const own = joins.filter((join) => join.id === id);
    const lonely = [...endsAlone(id, "exporters", definition.joins, own, pipelines), ...endsAlone(id, "receivers", definition.joins, own, pipelines)];
    for (const { message, cure, path } of lonely) findings.problem(message, cure, locate(root, path).keyWhere, path);
    // A pipeline that is missing on the other side is one problem, not two.
    if (config !== undefined && lonely.length === 0) complaints(root, id, definition, config, own, findings);
  }
  const circle = circleIn(pipelines, joins);
  if (circle !== undefined) runsInCircles(root, circle, pipelines, findings);
}

interface Lonely {
  readonly message: string;
  readonly cure: string;
  readonly path: readonly (string | number)[];
}

/** The places where `id` is named and no pipeline on its other side fits. */
function endsAlone(id: string, role: "exporters" | "receivers", joins: Joins, own: readonly Join[], pipelines: readonly PlannedPipeline[]): Lonely[] {
  const asExporter = role === "exporters";
  return pipelines.flatMap((pipeline, index) => {
    const at = pipeline[role].indexOf(id);
    const fits = partners(pipeline.signal, asExporter, joins);
    // A signal that it does not serve is told where the pipelines are read.
    if (at < 0 || fits.length === 0) return [];
    if (own.some((join) => (asExporter ? join.feeds : join.fed).includes(index))) return [];
    const other = asExporter ? "receivers" : "exporters";
    return [
      {
        message: `Cannot use connector "${id}": ${pipeline.id} names it under ${role}, and no ${listOf(fits)} pipeline names it under ${other}`,
        cure: `Name it under ${other} of a ${listOf(fits)} pipeline, or remove it here`,
        path: ["service", "pipelines", pipeline.id, role, at],
      },
    ];
  });
}

/** The signals that may be on the other side of a connector in a pipeline of `signal`. */
function partners(signal: Signal, asExporter: boolean, joins: Joins): readonly Signal[] {
  return asExporter ? (joins[signal] ?? []) : SIGNALS.filter((from) => joins[from]?.includes(signal) === true);
}

function complaints(root: MapNode, id: string, definition: Checks, config: unknown, own: readonly Join[], findings: Findings): void {
  const told = new Set<string>();
  for (const { wiring } of own) {
    for (const { path, message, cure, index } of definition.check?.(config, id, wiring) ?? []) {
      const at = ["connectors", id, ...path];
      const text = `Cannot use ${pathText(at)}: ${message}`;
      // Two pairs of signals may have the same to say.
      if (told.has(text)) continue;
      told.add(text);
      const { node, keyWhere } = locate(root, at);
      const inside = node?.kind === "scalar" && index !== undefined ? node.inside?.(index) : undefined;
      findings.problem(text, cure, inside ?? node?.where ?? keyWhere, at);
    }
  }
}

function runsInCircles(root: MapNode, circle: readonly Leg[], pipelines: readonly PlannedPipeline[], findings: Findings): void {
  const name = (index: number) => pipelines[index]?.id ?? "";
  const [first] = circle;
  if (first === undefined) return;
  const way = circle.map(({ pipeline, connector }) => `${name(pipeline)} -> ${connector} -> `).join("");
  const exporters = pipelines[first.pipeline]?.exporters ?? [];
  const path = ["service", "pipelines", name(first.pipeline), "exporters", exporters.indexOf(first.connector)];
  findings.problem(
    `Cannot run: telemetry would go round in a circle: ${way}${name(first.pipeline)}`,
    `Remove "${first.connector}" from the exporters or the receivers of one of them`,
    locate(root, path).keyWhere,
    path,
  );
}

function listOf(signals: readonly Signal[]): string {
  return signals.join(" or ");
}
