/**
 * The graph of a gateway: receivers into pipelines, pipelines through processors, each into its
 * exporters, and into connectors, which lead to other pipelines. A batch is shared, never copied: several pipelines, and all exporters of one, read the
 * same bytes. Neighbouring stateless processors are one run; a stage is called with envelopes.
 *
 * Ownership: a receiver holds its batch until the outcome; a batch that a run or a stage makes is
 * held here until its branch has ended; an exporter retains what it reads for longer.
 */
import { SluiceError } from "../base/errors.ts";
import type { Clock, Host } from "../base/host.ts";
import type { Signal } from "../base/signal.ts";
import type { Engine } from "../otlp/engine.ts";
import type {
  ConnectorDefinition,
  Context,
  Exporter,
  ExporterDefinition,
  Intake,
  Processor,
  ProcessorDefinition,
  Receiver,
  ReceiverDefinition,
  Running,
} from "./component.ts";
import type { Batch } from "./batch.ts";
import type { Connector, Wiring } from "./connector.ts";
import type { Counters } from "./counters.ts";
import { deliver } from "./deliver.ts";
import type { ExtensionDefinition } from "./extension.ts";
import { ExtensionSet } from "./extension-set.ts";
import { type Branch, FanOut } from "./fan-out.ts";
import { type Join, joinsOf, ranksOf } from "./graph.ts";
import { Health } from "./health.ts";
import { Junction } from "./junction.ts";
import { ACCEPTED, combineOutcomes } from "./outcome.ts";
import { Pipeline } from "./pipeline.ts";
import type { Stage } from "./stage.ts";

/** A component as configured: its id, what builds it, and its settings, parsed by its own schema. */
export interface Planned<Definition> {
  /** For example `otlp_http/vendor`. */
  readonly id: string;
  readonly definition: Definition;
  readonly config: unknown;
}

export interface PlannedPipeline {
  /** For example `traces/errors`. */
  readonly id: string;
  readonly signal: Signal;
  /** Ids of `receivers`, or of `connectors`. */
  readonly receivers: readonly string[];
  /** Ids of `processors`, in order. Each pipeline has instances of its own. */
  readonly processors: readonly string[];
  /** Ids of `exporters`, or of `connectors`. One instance an id (of a connector: for each pair of signals), however many pipelines name it. */
  readonly exporters: readonly string[];
  /** The exporter whose outcome the sender is told; undefined: all of them. */
  readonly primary?: string | undefined;
}

/** What a gateway is built from. Whatever the pipelines name is there: the plan's maker checked that. */
export interface GatewayPlan {
  readonly receivers: readonly Planned<Pick<ReceiverDefinition<never>, "create">>[];
  readonly processors: readonly Planned<Pick<ProcessorDefinition<never>, "create">>[];
  readonly exporters: readonly Planned<Pick<ExporterDefinition<never>, "create">>[];
  /** None where absent. Each is the exporter of a pipeline and the receiver of another, and they make no cycle. */
  readonly connectors?: readonly Planned<Pick<ConnectorDefinition<never>, "create" | "joins">>[];
  readonly pipelines: readonly PlannedPipeline[];
  /** None where absent. Started in this order, ended in the opposite one. */
  readonly extensions?: readonly Planned<Pick<ExtensionDefinition<never>, "create">>[];
}

export interface GatewayParts {
  readonly plan: GatewayPlan;
  readonly host: Host;
  readonly engine: Engine;
  readonly counters: Counters;
  /** What the components say of themselves. Default: the gateway's own. */
  readonly health?: Health | undefined;
  /** Where memory alone may be lost: a stage that keeps what `stage` holds, or `stage`. Without it, Workers run `state: none` alone. */
  readonly keep?: ((stage: Stage, place: StagePlace) => Stage) | undefined;
}

/** Where a stage stands: ids as configured. */
export interface StagePlace {
  readonly pipeline: string;
  readonly processor: string;
}

export interface Address {
  readonly component: string;
  readonly address: string;
}

/** What joins two or more pipelines, built. */
export interface Joined extends Join {
  readonly connector: Connector;
  readonly junction: Junction;
}

/** Everything but the receivers: nothing is open, listens, sends or holds yet. */
export interface Graph {
  readonly extensions: ExtensionSet;
  readonly exporters: ReadonlyMap<string, Exporter>;
  readonly joined: readonly Joined[];
  /** In the plan's order. */
  readonly pipelines: readonly Pipeline[];
}

/** Of the time to stop, the share that receivers may use where a stage or an exporter holds telemetry: a slow sender must not cost what others were promised. */
const RECEIVERS_SHARE = 0.5;
/** Of what is left then, the share that stages may use where exporters hold telemetry, too. */
const STAGES_SHARE = 0.5;

interface Opened {
  readonly addresses: readonly Address[];
  readonly running: readonly Running[];
  readonly pipelines: readonly Pipeline[];
  readonly junctions: readonly Junction[];
  /** What is drained together, in the order of the way that telemetry takes: what holds nothing is in it, too. */
  readonly drains: readonly (readonly (Pipeline | Junction)[])[];
  readonly exporters: ReadonlyMap<string, Exporter>;
  readonly extensions: ExtensionSet;
  readonly clock: Clock;
}

export class Gateway {
  readonly addresses: readonly Address[];
  readonly #opened: Opened;
  #stopped: Promise<void> | undefined;

  private constructor(opened: Opened) {
    this.addresses = opened.addresses;
    this.#opened = opened;
  }

  /** Builds everything, then starts extensions, exporters, and the receivers last. What was opened is closed again when one fails. */
  static async start(parts: GatewayParts): Promise<Gateway> {
    const { plan, host, counters, engine, health = new Health(host.clock) } = parts;
    const { extensions, exporters, joined, pipelines } = buildGraph(parts);
    const junctions = joined.map(({ junction }) => junction);
    const running: Running[] = [];
    const addresses: Address[] = [];
    try {
      const beside = await extensions.start({ host, counters, engine, health });
      extensions.tell("starting");
      for (const exporter of exporters.values()) await exporter.start?.();
      for (const pipeline of pipelines) await pipeline.start();
      for (const planned of plan.receivers) {
        const fed = pipelines.filter((_, index) => plan.pipelines[index]?.receivers.includes(planned.id) === true);
        if (fed.length === 0) continue;
        const receiver = createPlanned<Receiver>(planned, { ...parts, extensions });
        const started = await receiver.start(intakeOf(fed));
        running.push(started);
        for (const address of started.addresses) addresses.push({ component: planned.id, address });
      }
      // Behind the receivers': whoever reads the first one wants to know where to send to.
      addresses.push(...beside);
    } catch (error) {
      await Promise.all([...running, ...exporters.values()].map((component) => component.stop(0)));
      await extensions.stop(0);
      throw error;
    }
    for (const exporter of exporters.values()) await exporter.ready?.();
    extensions.tell("ready");
    const drains = drainsOf(plan, joined, pipelines, junctions);
    return new Gateway({ addresses, running, pipelines, junctions, drains, exporters, extensions, clock: host.clock });
  }

  /** Receivers, then stages in the order of the way, then exporters, then extensions, all before `deadlineMs` from now: what is still held then is counted as dropped. */
  stop(deadlineMs: number): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { extensions, clock } = this.#opened;
    const endMs = clock.monotonicMs() + deadlineMs;
    const until = (ms: number) => () => Math.max(0, ms - clock.monotonicMs());
    extensions.tell("stopping");
    try {
      await this.#drain(deadlineMs, until(endMs), until);
    } finally {
      await extensions.stop(until(endMs)());
    }
  }

  async #drain(deadlineMs: number, leftMs: () => number, until: (ms: number) => () => number): Promise<void> {
    const { running, pipelines, junctions, drains, exporters, clock } = this.#opened;
    const queues = [...exporters.values()].some(({ state = "none" }) => state !== "none");
    const holds = queues || [...pipelines, ...junctions].some((one) => one.holds);
    await Promise.all(running.map((receiver) => receiver.stop(holds ? deadlineMs * RECEIVERS_SHARE : deadlineMs)));
    const stagesMs = queues ? until(clock.monotonicMs() + leftMs() * STAGES_SHARE) : leftMs;
    for (const drained of drains) await Promise.all(drained.map((one) => one.drain(stagesMs)));
    await Promise.all([...exporters.values()].map((exporter) => exporter.stop(leftMs())));
  }
}

/** Parts, and what components store with. */
interface Building extends GatewayParts {
  readonly extensions: ExtensionSet;
}

/** Builds extensions, exporters, connectors and pipelines, and joins them. Throws `config` for settings that only show when used. */
export function buildGraph(given: GatewayParts): Graph {
  const { plan, host } = given;
  const extensions = new ExtensionSet(plan.extensions ?? [], host);
  const parts: Building = { ...given, extensions };
  const exporters = new Map(plan.exporters.map((planned) => [planned.id, createExporter(planned, parts)]));
  const joined = joinsOf(plan.connectors ?? [], plan.pipelines).map((join) => createJoined(join, parts));
  const junctions = joined.map(({ junction }) => junction);
  const pipelines = plan.pipelines.map((planned) => createPipeline(planned, exporters, junctions, parts));
  const byId = new Map(pipelines.map((pipeline) => [pipeline.id, pipeline]));
  for (const junction of junctions) junction.join(byId);
  return { extensions, exporters, joined, pipelines };
}

/** A definition as it is called here: the plan's maker parsed `config` with the schema of this very definition. */
interface Creates<Made> {
  create(config: unknown, context: Context, place?: Signal | Wiring): Made;
}

function createPlanned<Made>({ id, definition, config }: Planned<Creates<Made>>, parts: Building, place?: Signal | Wiring): Made {
  return definition.create(config, contextOf(id, parts), place);
}

function createExporter(planned: Planned<Pick<ExporterDefinition<never>, "create">>, parts: Building): Exporter {
  const exporter = createPlanned<Exporter>(planned, parts);
  checkState("exporter", planned.id, exporter.state ?? "none", parts);
  return exporter;
}

function contextOf(id: string, { host, engine, counters, extensions, health }: Building): Context {
  return {
    id,
    host,
    engine,
    counters,
    health,
    logger: host.logger,
    storage: (name) => extensions.storage(name),
    broker: (name) => extensions.broker(name),
    objects: (name) => extensions.objects(name),
    platformQueue: (name) => extensions.platformQueue(name),
  };
}

function createJoined(join: Join, parts: Building): Joined {
  const { id, wiring } = join;
  const { engine, counters, plan } = parts;
  const planned = known(
    plan.connectors?.find((one) => one.id === id),
    "connector",
    id,
  );
  const connector = createPlanned<Connector>(planned, parts, wiring);
  if ("stage" in connector) checkState("connector", id, connector.stage.state, parts);
  return { ...join, connector, junction: new Junction({ id, wiring, connector, engine, counters }) };
}

/** Ranks of pipelines, each with the connectors that they feed behind it. */
function drainsOf({ pipelines: planned }: GatewayPlan, joins: readonly Join[], pipelines: readonly Pipeline[], junctions: readonly Junction[]) {
  const ranks = ranksOf(planned, joins);
  const feedRank = (join: Join | undefined) => Math.max(0, ...(join?.feeds ?? []).map((index) => ranks[index] ?? 0));
  const drains: (Pipeline | Junction)[][] = [];
  for (let rank = 0; rank <= Math.max(0, ...ranks); rank++) {
    drains.push(
      pipelines.filter((_, index) => ranks[index] === rank),
      junctions.filter((_, index) => feedRank(joins[index]) === rank),
    );
  }
  return drains;
}

function createPipeline(planned: PlannedPipeline, exporters: ReadonlyMap<string, Exporter>, junctions: readonly Junction[], parts: Building): Pipeline {
  const { host, engine, counters, plan, keep } = parts;
  const { id: pipelineId, signal, primary } = planned;
  const branches = planned.exporters.map((id) => branchOf(id, signal, exporters, junctions));
  const processors = planned.processors.map((id) => {
    const processor = known(
      plan.processors.find((one) => one.id === id),
      "processor",
      id,
    );
    const made = createPlanned<Processor>(processor, parts, signal);
    if (!("stage" in made)) return { id, processor: made };
    checkState("processor", id, made.stage.state, parts);
    return { id, processor: { stage: keep?.(made.stage, { pipeline: pipelineId, processor: id }) ?? made.stage } };
  });
  const fanOut = new FanOut({ signal, branches, primary, counters, logger: host.logger });
  return new Pipeline({ id: pipelineId, signal, processors, fanOut, engine, counters, host });
}

/** An exporter, or a connector: all its instances that take this signal, as one. */
function branchOf(id: string, signal: Signal, exporters: ReadonlyMap<string, Exporter>, junctions: readonly Junction[]): Branch {
  const joined = junctions.filter((junction) => junction.id === id && junction.wiring.from === signal);
  const [only] = joined;
  if (only === undefined) return { id, exporter: known(exporters.get(id), "exporter", id) };
  if (joined.length === 1) return { id, exporter: only, connector: true };
  const consume = async (batch: Batch) => combineOutcomes(await Promise.all(joined.map((junction) => junction.consume(batch))));
  return { id, exporter: { consume }, connector: true };
}

/** What makes a component run on Workers. */
const CURES = {
  processor: (id: string) => `Take "${id}" out of the pipelines, or run Sluice on Node, Bun or Deno`,
  connector: (id: string) => `Take "${id}" out of the pipelines, or run Sluice on Node, Bun or Deno`,
  exporter: (id: string) => `Take sending_queue out of "${id}", or run Sluice on Node, Bun or Deno`,
} as const;

/** On Workers a request that waits for another's is cut off, and nothing lives on between two: only `none` runs there. */
function checkState(kind: keyof typeof CURES, id: string, state: Stage["state"], { host, keep }: GatewayParts): void {
  if (host.runtime !== "workers" || state === "none" || (keep !== undefined && kind !== "connector")) return;
  throw new SluiceError("config", `Cannot use ${kind} "${id}" on Workers: it keeps telemetry between requests`, {
    path: `${kind}s.${id}`,
    cure: CURES[kind](id),
  });
}

function known<Found>(found: Found | undefined, kind: string, id: string): Found {
  if (found === undefined) throw new SluiceError("config", `Cannot build a pipeline: no ${kind} "${id}"`);
  return found;
}

function intakeOf(pipelines: readonly Pipeline[]): Intake {
  return {
    signals: new Set(pipelines.map(({ signal }) => signal)),
    async consume(batch) {
      if (batch.items === 0) return ACCEPTED;
      return deliver(pipelines.filter(({ signal }) => signal === batch.signal).map((pipeline) => ({ pipeline, batch })));
    },
  };
}
