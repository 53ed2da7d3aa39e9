/** The endpoints of a destination, seen: counters by `exporter` and `endpoint`, and a line for each that leaves or comes back. */
import type { Logger } from "../../base/host.ts";
import type { Context } from "../../pipeline/component.ts";
import type { Counter } from "../../pipeline/counters.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import type { Balancer } from "../balance.ts";

type Result = "accepted" | "refused" | "failed" | "abandoned";

interface Row {
  readonly results: Readonly<Record<Result, Counter>>;
  readonly inFlight: Counter;
  /** 1 while it is in service, 0 while it is ejected. */
  readonly inService: Counter;
  readonly ejections: Counter;
}

export class Scoreboard {
  readonly #balancer: Pick<Balancer, "states">;
  readonly #logger: Logger;
  readonly #exporter: string;
  readonly #rows: ReadonlyMap<string, Row>;

  constructor(balancer: Pick<Balancer, "states">, { counters, id, logger }: Pick<Context, "counters" | "id" | "logger">) {
    this.#balancer = balancer;
    this.#logger = logger;
    this.#exporter = id;
    this.#rows = new Map(
      balancer.states().map(({ name }) => {
        const counter = (what: string, labels = {}) => counters.counter(`sluice_exporter_endpoint_${what}`, { exporter: id, endpoint: name, ...labels });
        const result = (outcome: Result) => counter("requests", { outcome });
        const results = { accepted: result("accepted"), refused: result("refused"), failed: result("failed"), abandoned: result("abandoned") };
        return [name, { results, inFlight: counter("in_flight"), inService: counter("in_service"), ejections: counter("ejections") }];
      }),
    );
    for (const { inService } of this.#rows.values()) inService.add(1);
  }

  began(endpoint: string): void {
    this.#rows.get(endpoint)?.inFlight.add(1);
    // One may have come back meanwhile: time alone does that.
    this.show();
  }

  ended(endpoint: string, outcome: Outcome): void {
    const row = this.#rows.get(endpoint);
    row?.inFlight.add(-1);
    row?.results[resultOf(outcome)].add(1);
    this.show();
  }

  /** Brings the gauges up to date. */
  show(): void {
    for (const { name, share } of this.#balancer.states()) {
      const row = this.#rows.get(name);
      const inService = share > 0 ? 1 : 0;
      if (row === undefined || row.inService.value === inService) continue;
      row.inService.add(inService - row.inService.value);
      if (inService === 0) row.ejections.add(1);
      const message = inService === 0 ? "An endpoint is ejected: it fails" : "An endpoint is back in service";
      this.#logger.log(inService === 0 ? "warn" : "info", message, { exporter: this.#exporter, endpoint: name });
    }
  }
}

function resultOf(outcome: Outcome): Result {
  if (outcome.kind === "retry") return outcome.untried === true ? "abandoned" : "failed";
  return outcome.kind === "refused" ? "refused" : "accepted";
}
