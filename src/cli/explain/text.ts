/** The facts for a person: a section a pipeline, its parts in the order of the way. */
import { type Level, levelName } from "../../pipeline/step.ts";
import { harmless, type Paint } from "../terminal.ts";
import type { ConnectorFacts, ExporterFacts, PartFacts, PipelineFacts, RegroupFacts, StageFacts, StepFacts, WalkFacts } from "./facts.ts";
import { pluralOf } from "./words.ts";

type Signal = PipelineFacts["signal"];

/** Characters of a line with a list of fields, about. */
const LINE_CHARACTERS = 110;
const LABEL_CHARACTERS = 8;

const JOINING = "pieces laid end to end first; ";
const EDITING = "unchanged: nothing copied; edited: new bytes in scratch, and all of it end to end where pieces average under 4 KiB";

const STATES: Readonly<Record<StageFacts["state"], string>> = {
  none: "none: it keeps nothing between requests",
  process: "process: it keeps something in the memory of this process",
  keyed: "keyed: it keeps something by key, here or elsewhere",
};

/** All pipelines. */
export function explanationText(pipelines: readonly PipelineFacts[], paint: Paint): string {
  return pipelines.map((pipeline) => pipelineText(pipeline, paint)).join("\n");
}

function pipelineText(pipeline: PipelineFacts, paint: Paint): string {
  const { id, signal, from, parts, idle } = pipeline;
  const sources = from.map((source) => (source.kind === "receiver" ? source.id : `${source.id} (connector, of ${source.pipelines.join(", ")})`));
  const head = `${paint("bold", `pipeline ${harmless(id)}`)}  from ${harmless(sources.join(", "))}`;
  const none = parts.length === 0 ? ["", "  nothing between: requests go to the exporters as they come"] : [];
  const without = idle.length === 0 ? [] : ["", `  no rule for ${signal}: ${harmless(idle.join(", "))}`];
  const ways = parts.flatMap((part) => ["", ...partLines(part, signal, paint)]);
  return [head, ...none, ...ways, ...without, "", ...exporterLines(pipeline, paint)].map((line) => `${line}\n`).join("");
}

function partLines(part: PartFacts, signal: Signal, paint: Paint): string[] {
  if (part.kind === "walk") return walkLines(part, signal, paint);
  return part.kind === "stage" ? stageLines(part, paint) : regroupLines(part, paint);
}

function walkLines({ number, steps, copies, joinsPieces, apart }: WalkFacts, signal: Signal, paint: Paint): string[] {
  const width = Math.max(...steps.map(({ component }) => component.length));
  const copied = copies === "nothing" ? "only looks: nothing copied" : EDITING;
  return [
    `  ${paint("cyan", `walk ${number}`)}  ${joinsPieces ? JOINING : ""}${copied}`,
    ...steps.flatMap((step) => stepLines(step, width, signal, paint)),
    ...(apart === null ? [] : [`  ${paint("dim", "another walk, because")} ${harmless(apart.text)}`]),
  ];
}

function stepLines(step: StepFacts, width: number, signal: Signal, paint: Paint): string[] {
  const { component, each, fields, drops, prunes, replaces } = step;
  const reads = fields?.reads ?? levelNames(step.reads, signal);
  const writes = fields?.writes ?? levelNames(step.writes, signal);
  const lines = [
    ...listed("reads", reads, paint),
    ...listed("writes", writes, paint),
    ...(replaces ? [labelled("makes", "metrics in the place of metrics", 6, paint)] : []),
    ...(drops ? [labelled("drops", `${pluralOf(step.level, signal)}${goneWith(step, prunes, signal)}`, 6, paint)] : []),
  ];
  const note = lines.length === 0 ? "  looks at no field" : "";
  return [`    ${harmless(component.padEnd(width))}  each ${each}${note}`, ...lines];
}

function levelNames(levels: readonly Level[], signal: Signal): readonly string[] {
  return [...new Set(levels)].map((level) => levelName(level, signal));
}

/** Parents whose children were all dropped always go; those that came in empty go where the step says so. */
function goneWith({ level }: StepFacts, prunes: StepFacts["prunes"], signal: Signal): string {
  if (level === "resource") return prunes === null ? "" : ", and those that came in empty";
  // An event is no item: its span stays.
  if (level === "event" || level === "exemplar") return prunes === null ? "" : ", and scopes and resources that came in empty";
  const above = level === "point" ? `${pluralOf("item", signal)}, scopes and resources` : level === "item" ? "scopes and resources" : "resources";
  return `, and ${above} that are left empty${prunes === null ? "" : " or came in so"}`;
}

function regroupLines({ number, component, joinsPieces }: RegroupFacts, paint: Paint): string[] {
  return [
    `  ${paint("cyan", `regroup ${number}`)}  ${harmless(component)}`,
    labelled(
      "copies",
      `${joinsPieces ? "what comes in pieces, end to end; " : ""}nothing of a request that it leaves as it is; another one is written anew`,
      4,
      paint,
    ),
  ];
}

function stageLines({ number, component, state, holds }: StageFacts, paint: Paint): string[] {
  return [
    `  ${paint("cyan", `stage ${number}`)}  ${harmless(component)}`,
    labelled("state", STATES[state], 4, paint),
    labelled("copies", "every request out of the pool, and what it passes on into the pool again", 4, paint),
    holds === null
      ? labelled("holds", "nothing that was answered for: the sender waits for what follows", 4, paint)
      : labelled("holds", paint("yellow", `${harmless(holds.bound)}; the sender is answered before a destination has it`), 4, paint),
  ];
}

function exporterLines({ primary, parts, exporters }: PipelineFacts, paint: Paint): string[] {
  const holding = parts.find((part) => part.kind === "stage" && part.holds !== null);
  const awaited = primary === null ? "the sender is told what all of them answer" : `await: primary, the sender is told what ${harmless(primary)} answers`;
  const told = holding === undefined ? awaited : `the sender was answered at stage ${holding.number}`;
  const width = Math.max(...exporters.map(({ id }) => id.length));
  const words = exporters.map((one) => (one.kind === "exporter" ? `${exporterText(one)}${queueText(one)}` : connectorText(one)));
  return [
    `  ${paint("cyan", "exporters")}  ${told}`,
    ...exporters.map(({ id, primary: isPrimary }, index) => `    ${harmless(id.padEnd(width))}  ${isPrimary ? "primary; " : ""}${words[index] ?? ""}`),
  ];
}

function queueText({ queue }: ExporterFacts): string {
  return queue === null ? "" : `; queued: the sender is answered when it is in memory, at most ${queue}`;
}

function exporterText({ form, sharesWith, asArrived }: ExporterFacts): string {
  if (form === null) return "no form of its own: it reads the request";
  const { encoding, compression, level } = form;
  const named = `${encoding === "proto" ? "protobuf" : "JSON"}${compression === "none" ? "" : `, ${compression}${level === null ? "" : ` level ${level}`}`}`;
  if (encoding === "proto" && compression === "none") return `${named}: slices of the request's buffer, nothing copied`;
  if (sharesWith !== null) return `${named}: the form that is made for ${harmless(sharesWith)}`;
  const plain = encoding === "json" ? "converted once into a block" : "slices of the request's buffer";
  const made = [plain, ...(compression === "none" ? [] : [`compressed once into ${encoding === "json" ? "another" : "a block"}`])];
  const unchanged = asArrived ? `; an unchanged request that came in ${compression} goes as it came` : "";
  return `${named}: ${made.join(", ")}${unchanged}`;
}

function connectorText({ to, copies }: ConnectorFacts): string {
  const targets = harmless(to.flatMap(({ pipelines }) => pipelines).join(", "));
  const how = copies === "request" ? "every request is copied out of the pool" : "what it leaves as it is is shared, what it divides or makes is written anew";
  return `connector to ${targets}: ${how}`;
}

function labelled(label: string, text: string, indent: number, paint: Paint): string {
  return `${" ".repeat(indent)}${paint("dim", label.padEnd(LABEL_CHARACTERS))}${text}`;
}

/** A label and a list, over as many lines as it takes. */
function listed(label: string, items: readonly string[], paint: Paint): string[] {
  const lines: string[] = [];
  for (const [index, item] of items.entries()) {
    const shown = `${harmless(item)}${index < items.length - 1 ? "," : ""}`;
    const last = lines.at(-1);
    if (last !== undefined && last.length + shown.length < LINE_CHARACTERS) lines[lines.length - 1] = `${last} ${shown}`;
    else lines.push(shown);
  }
  return lines.map((line, index) => labelled(index === 0 ? label : "", line, 6, paint));
}
