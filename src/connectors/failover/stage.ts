/**
 * A batch at the levels of a `failover`, in order, until one takes it. Which level comes first, and
 * which is probed, delivery/failover.ts says; here is what an outcome says of a level.
 *
 * What is kept between batches is which levels are well: nothing of any batch. What a level was given
 * and did not take is given to the next, so it is produced more than once: the difference is counted as
 * created.
 */
import type { Logger } from "../../base/host.ts";
import { Failover, type FailoverSettings, type LevelState, type Turn } from "../../delivery/failover.ts";
import type { Context } from "../../pipeline/component.ts";
import type { ConnectorStage, Emit, Wiring } from "../../pipeline/connector.ts";
import type { Counter } from "../../pipeline/counters.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import { Books } from "../books.ts";

export interface FailoverParts {
  /** Pipelines of each level; none: the level is another signal's. */
  readonly levels: readonly (readonly string[])[];
  readonly settings: FailoverSettings;
  readonly context: Context;
  readonly wiring: Wiring;
}

/** Of the gauge. */
const STATE_NUMBERS: Readonly<Record<LevelState, number>> = { up: 0, proving: 1, down: 2 };

export class FailoverStage implements ConnectorStage {
  /** Only levels are remembered, as plain data. */
  readonly state = "none";
  readonly #levels: readonly (readonly string[])[];
  readonly #failover: Failover;
  readonly #books: Books;
  readonly #logger: Logger;
  readonly #id: string;
  readonly #gauges: readonly Counter[];

  constructor({ context: { counters, host, id, logger }, levels, settings, wiring }: FailoverParts) {
    this.#levels = levels.filter((level) => level.length > 0);
    this.#id = id;
    this.#logger = logger;
    this.#books = new Books(counters, id, wiring);
    this.#gauges = this.#levels.map((_, level) =>
      counters.counter("sluice_connector_failover_level_state", { connector: id, "otel.signal": wiring.from, level: String(level + 1) }),
    );
    this.#failover = new Failover(this.#levels.length, settings, host.clock, (level, state) => this.#changed(level, state));
  }

  async consume(envelope: Envelope, emit: Emit): Promise<Outcome> {
    const tried: number[] = [];
    const refused: Turn[] = [];
    const outcomes: Outcome[] = [];
    for (let turn = this.#failover.next(); turn !== undefined; turn = this.#failover.next(tried)) {
      const outcome = await emit({ ...envelope, checked: true }, this.#levels[turn.level] ?? []);
      if (outcome.kind === "accepted" || outcome.kind === "partial") {
        turn.succeeded();
        // Another level takes what these refuse for good: then the fault is theirs, and not the batch's.
        for (const one of refused) one.failed();
        this.#books.created(envelope.items * tried.length);
        return outcome;
      }
      if (outcome.kind === "refused") refused.push(turn);
      else if (outcome.untried === true) turn.abandoned();
      else turn.failed();
      tried.push(turn.level);
      outcomes.push(outcome);
    }
    for (const one of refused) one.abandoned();
    this.#books.created(envelope.items * Math.max(0, tried.length - 1));
    return ofAll(outcomes);
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  #changed(level: number, state: LevelState): void {
    const gauge = this.#gauges[level];
    gauge?.add(STATE_NUMBERS[state] - gauge.value);
    const messages = { up: "A level takes batches again", proving: "A level takes probes again", down: "A level fails: batches go to the next" };
    this.#logger.log(state === "down" ? "warn" : "info", messages[state], { connector: this.#id, level: level + 1 });
  }
}

/** No level took it. One that may take it later is enough for the sender to try again, as early as the first of them says; nobody was asked only where no level was. */
function ofAll(outcomes: readonly Outcome[]): Outcome {
  const retries = outcomes.filter((outcome) => outcome.kind === "retry");
  const [first] = retries;
  if (first === undefined) return outcomes[0] ?? { kind: "refused", message: "no level has a pipeline for it" };
  let soonest = first;
  for (const one of retries) if ((one.afterMs ?? 0) < (soonest.afterMs ?? 0)) soonest = one;
  const { untried, ...tried } = soonest;
  return untried === true && outcomes.every((outcome) => outcome.kind === "retry" && outcome.untried === true) ? soonest : tried;
}
