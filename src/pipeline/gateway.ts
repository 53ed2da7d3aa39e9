/**
 * The graph of a gateway: receivers into pipelines, pipelines through processors, each into its
 * exporters. A batch is shared, never copied: several pipelines, and all exporters of one, read the
 * same bytes. Neighbouring stateless processors are one run; a stage is called with envelopes.
 *
 * Ownership: a receiver holds its batch until the outcome; a batch that a run or a stage makes is
 * held here until its branch has ended; an exporter retains what it reads for longer.
 */
import { SluiceError } from "../base/errors.ts";
import type { Clock, Host } from "../base/host.ts";
import type { Signal } from "../base/signal.ts";
import type { Engine } from "../otlp/engine.ts";
import type { Batch } from "./batch.ts";
import type { Context, Exporter, ExporterDefinition, Intake, Processor, ProcessorDefinition, Receiver, ReceiverDefinition, Running } from "./component.ts";
import type { Counters } from "./counters.ts";
import { FanOut } from "./fan-out.ts";
import { ACCEPTED, combineOutcomes, failureOf, type Outcome } from "./outcome.ts";
import { Pipeline } from "./pipeline.ts";

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
  /** Ids of `receivers`. */
  readonly receivers: readonly string[];
  /** Ids of `processors`, in order. Each pipeline has instances of its own. */
  readonly processors: readonly string[];
  /** Ids of `exporters`. One instance an id, however many pipelines name it. */
  readonly exporters: readonly string[];
  /** The exporter whose outcome the sender is told; undefined: all of them. */
  readonly primary?: string | undefined;
}

/** What a gateway is built from. Whatever the pipelines name is there: the plan's maker checked that. */
export interface GatewayPlan {
  readonly receivers: readonly Planned<Pick<ReceiverDefinition<never>, "create">>[];
  readonly processors: readonly Planned<Pick<ProcessorDefinition<never>, "create">>[];
  readonly exporters: readonly Planned<Pick<ExporterDefinition<never>, "create">>[];
  readonly pipelines: readonly PlannedPipeline[];
}

export interface GatewayParts {
  readonly plan: GatewayPlan;
  readonly host: Host;
  readonly engine: Engine;
  readonly counters: Counters;
}

export interface Address {
  readonly component: string;
  readonly address: string;
}

/** Of the time to stop, the share that receivers may use where a stage holds telemetry: a slow sender must not cost what others were promised. */
const RECEIVERS_SHARE = 0.5;

interface Opened {
  readonly addresses: readonly Address[];
  readonly running: readonly Running[];
  readonly pipelines: readonly Pipeline[];
  readonly exporters: ReadonlyMap<string, Exporter>;
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

  /** Builds everything, exporters first, and opens the receivers last. What was opened is closed again when one fails. */
  static async start(parts: GatewayParts): Promise<Gateway> {
    const { plan } = parts;
    const exporters = new Map(plan.exporters.map((planned) => [planned.id, createPlanned(planned, parts)]));
    const pipelines = plan.pipelines.map((planned) => createPipeline(planned, exporters, parts));
    const running: Running[] = [];
    const addresses: Address[] = [];
    try {
      for (const planned of plan.receivers) {
        const fed = pipelines.filter((_, index) => plan.pipelines[index]?.receivers.includes(planned.id) === true);
        if (fed.length === 0) continue;
        const receiver = createPlanned<Receiver>(planned, parts);
        const started = await receiver.start(intakeOf(fed));
        running.push(started);
        for (const address of started.addresses) addresses.push({ component: planned.id, address });
      }
    } catch (error) {
      await Promise.all([...running, ...exporters.values()].map((component) => component.stop(0)));
      throw error;
    }
    return new Gateway({ addresses, running, pipelines, exporters, clock: parts.host.clock });
  }

  /** Receivers, then stages, then exporters, all before `deadlineMs` from now: what a stage still holds then is counted as dropped. */
  stop(deadlineMs: number): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { running, pipelines, exporters, clock } = this.#opened;
    const endMs = clock.monotonicMs() + deadlineMs;
    const leftMs = () => Math.max(0, endMs - clock.monotonicMs());
    const receiversMs = pipelines.some(({ holds }) => holds) ? deadlineMs * RECEIVERS_SHARE : deadlineMs;
    await Promise.all(running.map((receiver) => receiver.stop(receiversMs)));
    await Promise.all(pipelines.map((pipeline) => pipeline.drain(leftMs)));
    await Promise.all([...exporters.values()].map((exporter) => exporter.stop(leftMs())));
  }
}

/** A definition as it is called here: the plan's maker parsed `config` with the schema of this very definition. */
interface Creates<Made> {
  create(config: unknown, context: Context, signal?: Signal): Made;
}

function createPlanned<Made>({ id, definition, config }: Planned<Creates<Made>>, parts: GatewayParts, signal?: Signal): Made {
  return definition.create(config, contextOf(id, parts), signal);
}

function contextOf(id: string, { host, engine, counters }: GatewayParts): Context {
  return { id, host, engine, counters, logger: host.logger };
}

function createPipeline(planned: PlannedPipeline, exporters: ReadonlyMap<string, Exporter>, parts: GatewayParts): Pipeline {
  const { host, engine, counters, plan } = parts;
  const { signal, primary } = planned;
  const branches = planned.exporters.map((id) => ({ id, exporter: known(exporters.get(id), "exporter", id) }));
  const processors = planned.processors.map((id) => {
    const processor = known(
      plan.processors.find((one) => one.id === id),
      "processor",
      id,
    );
    const made = createPlanned<Processor>(processor, parts, signal);
    checkState(id, made, host);
    return made;
  });
  const fanOut = new FanOut({ signal, branches, primary, counters, logger: host.logger });
  return new Pipeline({ signal, processors, fanOut, engine, counters });
}

/** On Workers a request that waits for another's is cut off, and nothing lives on between two: only `none` runs there. */
function checkState(id: string, processor: Processor, { runtime }: Host): void {
  if (runtime !== "workers" || !("stage" in processor) || processor.stage.state === "none") return;
  throw new SluiceError("config", `Cannot use processor "${id}" on Workers: it keeps telemetry between requests`, {
    path: `processors.${id}`,
    cure: `Take "${id}" out of the pipelines, or run Sluice on Node, Bun or Deno`,
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
      const fed = pipelines.filter(({ signal }) => signal === batch.signal);
      const [only] = fed;
      if (fed.length === 1 && only !== undefined) return guarded(only, batch);
      return combineOutcomes(await Promise.all(fed.map((pipeline) => guarded(pipeline, batch))));
    },
  };
}

/** A pipeline's outcome; what was thrown is one, too, so that no branch's defect hides the others' answers. */
async function guarded(pipeline: Pipeline, batch: Batch): Promise<Outcome> {
  try {
    return await pipeline.consume(batch);
  } catch (error) {
    return failureOf(error);
  }
}
