/**
 * A campaign: workers that make a request, wait for its turn, send it and begin again, until the
 * items are sent, the time is over or something stops them. Everything begun is settled before it ends.
 */
import type { Codecs } from "../../base/host.ts";
import type { Engine } from "../../otlp/engine.ts";
import { bodyOf } from "./body.ts";
import type { Generator } from "./content.ts";
import { Delivery, type DeliveryParts } from "./delivery.ts";
import type { Fault } from "./fault.ts";
import { Pace } from "./pace.ts";
import type { Stopper } from "./stopper.ts";

export interface CampaignParts extends DeliveryParts {
  readonly generator: Generator;
  readonly engine: Engine;
  readonly codecs: Codecs;
  /** Stopped: nothing new is begun, what is under way goes on. */
  readonly intake: Stopper;
}

/** Runs to the end. The fault, if there was one, is why it ended early. Rejects when a request cannot be made. */
export async function runCampaign(parts: CampaignParts): Promise<Fault | undefined> {
  const { plan, intake } = parts;
  const campaign = new Campaign(parts);
  const timer = plan.durationMs === undefined ? undefined : setTimeout(() => intake.stop(), plan.durationMs);
  try {
    await Promise.all(Array.from({ length: plan.workers }, () => campaign.work()));
  } finally {
    clearTimeout(timer);
    intake.stop();
  }
  return campaign.fault;
}

class Campaign {
  fault: Fault | undefined;
  readonly #parts: CampaignParts;
  readonly #delivery: Delivery;
  readonly #pace: Pace;
  #left: number;

  constructor(parts: CampaignParts) {
    this.#parts = parts;
    this.#delivery = new Delivery(parts);
    this.#pace = new Pace(parts.plan.itemsASecond, parts.clock);
    this.#left = parts.plan.items;
  }

  async work(): Promise<void> {
    const { plan, intake, tally, generator, engine, codecs } = this.#parts;
    const form = { signal: plan.content.signal, encoding: plan.encoding, coding: plan.coding };
    while (!intake.stopped && this.#left > 0) {
      const items = Math.min(plan.batchItems, this.#left);
      this.#left -= items;
      await intake.sleep(this.#pace.book(items));
      if (intake.stopped) return;
      const body = await bodyOf(form, generator.request(items), engine, codecs);
      tally.sent += items;
      tally.requests++;
      const fault = await this.#delivery.deliver(body, items);
      if (fault !== undefined) this.#end(fault);
    }
  }

  /** The first fault is the one that counts; others only followed. */
  #end(fault: Fault): void {
    this.fault ??= fault;
    this.#parts.intake.stop();
    this.#parts.stopper.stop();
  }
}
