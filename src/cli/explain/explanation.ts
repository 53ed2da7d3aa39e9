/** From a plan and its graph to the facts. */
import * as z from "zod";
import type { Plan, PlannedPipeline } from "../../config/plan.ts";
import type { Graph, Joined } from "../../pipeline/gateway.ts";
import { ranksOf } from "../../pipeline/graph.ts";
import type { Part } from "../../pipeline/pipeline.ts";
import { levelName, type Step, whyApart } from "../../pipeline/step.ts";
import type { ApartFacts, ConnectorFacts, ExporterFacts, Form, PartFacts, PipelineFacts, Source, StepFacts, StepName } from "./facts.ts";
import { apartText } from "./words.ts";

/** Every pipeline, in the plan's order. */
export function explanationOf(plan: Plan, graph: Graph): readonly PipelineFacts[] {
  const whole = arrivingWhole(plan, graph);
  return plan.pipelines.map((planned, index) => {
    const parts = graph.pipelines[index]?.parts ?? [];
    const from = planned.receivers.map((id) => sourceOf(id, index, plan, graph));
    return {
      id: planned.id,
      signal: planned.signal,
      from,
      parts: partsOf(parts, planned, from, plan),
      idle: planned.processors.filter((id) => !parts.some((part) => isIn(part, id))),
      primary: planned.primary ?? null,
      exporters: exportersOf(planned, plan, graph, whole[index] ?? false),
    };
  });
}

function sourceOf(id: string, index: number, { pipelines }: Plan, { joined }: Graph): Source {
  const joins = joined.filter((join) => join.id === id && join.fed.includes(index));
  if (joins.length === 0) return { kind: "receiver", id, pipelines: [] };
  const feeds = new Set(joins.flatMap((join) => join.feeds));
  return { kind: "connector", id, pipelines: pipelines.filter((_, at) => feeds.has(at)).map((pipeline) => pipeline.id) };
}

function isIn(part: Part, id: string): boolean {
  return part.kind === "walk" ? part.steps.some(({ component }) => component === id) : part.id === id;
}

function partsOf(parts: readonly Part[], { signal }: PlannedPipeline, from: readonly Source[], { memoryQueues }: Plan): readonly PartFacts[] {
  // What a receiver gives lies in one piece; a connector may have divided it.
  let inPieces = from.some(({ kind }) => kind === "connector");
  return parts.map((part, index): PartFacts => {
    const number = index + 1;
    const joinsPieces = inPieces;
    inPieces = part.kind === "walk" && part.steps.some(edits);
    if (part.kind === "walk") {
      const steps = part.steps.map((step) => stepOf(step, levelName(step.level, signal)));
      return { kind: "walk", number, steps, copies: inPieces ? "edits" : "nothing", joinsPieces, apart: apartOf(part, parts[index + 1], signal) };
    }
    if (part.kind === "regroup") return { kind: "regroup", number, component: part.id, copies: "changed", joinsPieces };
    const held = memoryQueues.find(({ path }) => path === `processors.${part.id}`);
    const holds = held === undefined ? null : { bound: held.bound, cure: held.cure ?? null };
    return { kind: "stage", number, component: part.id, state: part.stage.state, copies: "request", holds };
  });
}

function edits({ writes, drops, replaces }: Step): boolean {
  return drops || writes.length > 0 || replaces === true;
}

function stepOf({ component, level, reads, writes, drops, fields, prunes, replaces }: Step, each: string): StepFacts {
  // A getter's answer, so that what is printed is plain data.
  const named = fields === undefined ? null : { reads: fields.reads, writes: fields.writes };
  return { component, level, each, reads, writes, fields: named, drops, prunes: prunes ?? null, replaces: replaces ?? false };
}

/** The reason is asked of what has cut the steps into walks. */
function apartOf({ steps }: Extract<Part, { kind: "walk" }>, behind: Part | undefined, signal: PlannedPipeline["signal"]): ApartFacts | null {
  const next = behind?.kind === "walk" ? behind.steps[0] : undefined;
  const apart = next === undefined ? undefined : whyApart(steps, next);
  if (apart === undefined) return null;
  return { reason: apart.reason, first: nameOf(apart.first), next: nameOf(apart.next), levels: apart.levels, text: apartText(apart, signal) };
}

function nameOf({ component, level }: Step): StepName {
  return { component, level };
}

function exportersOf({ exporters, signal, primary }: PlannedPipeline, plan: Plan, { joined }: Graph, whole: boolean): (ExporterFacts | ConnectorFacts)[] {
  const forms = new Map<string, string>();
  return exporters.map((id) => {
    const joins = joined.filter((join) => join.id === id && join.wiring.from === signal);
    if (joins.length > 0) return connectorOf(id, id === primary, joins);
    const form = formOf(plan.exporters.find((one) => one.id === id)?.config);
    const key = form === null ? "" : JSON.stringify(form);
    const sharesWith = form === null ? null : (forms.get(key) ?? null);
    if (form !== null && sharesWith === null) forms.set(key, id);
    const asArrived = whole && form?.encoding === "proto" && form.compression !== "none";
    const queue = plan.memoryQueues.find(({ path }) => path === `exporters.${id}.sending_queue`)?.bound ?? null;
    return { kind: "exporter", id, primary: id === primary, form, sharesWith, asArrived, queue };
  });
}

function connectorOf(id: string, primary: boolean, joins: readonly Joined[]): ConnectorFacts {
  const to = joins.map(({ wiring }) => ({ signal: wiring.to, pipelines: wiring.pipelines }));
  return { kind: "connector", id, primary, to, copies: joins.some(({ connector }) => "stage" in connector) ? "request" : "changed" };
}

/** The Collector's keys, which every exporter that sends OTLP has; settings come parsed, with their defaults. */
const SENDING = z.object({
  encoding: z.enum(["proto", "json"]),
  compression: z.enum(["gzip", "deflate", "zstd", "none", ""]),
  compression_params: z.object({ level: z.number() }).nullish(),
});

const DEFAULT_LEVEL = -1;

function formOf(config: unknown): Form | null {
  const { data } = SENDING.safeParse(config);
  if (data === undefined) return null;
  const compression = data.compression === "" ? "none" : data.compression;
  const level = data.compression_params?.level ?? DEFAULT_LEVEL;
  return { encoding: data.encoding, compression, level: compression === "none" || level === DEFAULT_LEVEL ? null : level };
}

/** For each pipeline whether a request can come to its exporters as it came in: an envelope has lost its compressed form. */
function arrivingWhole({ pipelines: planned }: Plan, { joined, pipelines }: Graph): readonly boolean[] {
  const ranks = ranksOf(planned, joined);
  const whole = planned.map(() => false);
  // Those in front first.
  const order = [...planned.keys()].toSorted((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0));
  for (const index of order) {
    const entering = joined.filter(({ fed }) => fed.includes(index));
    const received = planned[index]?.receivers.some((id) => !entering.some((join) => join.id === id)) === true;
    const handedOn = entering.some(({ wiring, connector, feeds }) => wiring.from === wiring.to && "divide" in connector && feeds.some((feed) => whole[feed]));
    const stages = pipelines[index]?.parts.some(({ kind }) => kind === "stage") === true;
    whole[index] = (received || handedOn) && !stages;
  }
  return whole;
}
