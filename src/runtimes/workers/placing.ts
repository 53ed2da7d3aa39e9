/**
 * Where a configuration runs on Workers: in the Worker itself when every component is of state `none`;
 * otherwise in a Durable Object, whose requests share memory, turns and storage, with the Worker as its
 * door. A queue in memory is an error in both (law 1).
 */
import { SluiceError } from "../../base/errors.ts";
import type { Host } from "../../base/host.ts";
import type { Plan } from "../../config/plan.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Exporter, HeldInMemory } from "../../pipeline/component.ts";
import { Counters } from "../../pipeline/counters.ts";
import { buildGraph, type GatewayPlan } from "../../pipeline/gateway.ts";
import { failureOf } from "../../pipeline/outcome.ts";

/** Whether the plan needs a Durable Object. Builds everything once, and starts nothing. Throws `config` for what cannot run in one either. */
export function needsObject(plan: Plan, engine: Engine, host: Host): boolean {
  checkQueues(plan);
  // Nothing is opened here: it is only said that there will be a storage.
  const storing = { ...host, openStorage: () => Promise.reject(new SluiceError("internal", "Cannot open a storage outside of a Durable Object")) };
  const { exporters, joined, pipelines } = buildGraph({ plan, engine, host: storing, counters: new Counters(), keep: (stage) => stage });
  const queues = [...exporters.values()].some(({ state = "none" }) => state !== "none");
  const needs = stores(plan) || queues || joined.some(({ junction }) => junction.holds) || pipelines.some(({ holds }) => holds);
  const workerOnly = plan.extensions.find(({ definition }) => definition.inObject === false);
  if (!needs || workerOnly === undefined) return needs;
  throw new SluiceError("config", `Cannot use extension "${workerOnly.id}" beside what needs a Durable Object: it is for the Worker itself`, {
    path: `extensions.${workerOnly.id}`,
    cure: "Name a file_storage in sending_queue.storage, which is the object's own, or take out what holds telemetry between requests",
  });
}

/** Whether an extension is there to store with. */
function stores({ extensions }: Plan): boolean {
  return extensions.some(({ definition }) => definition.stores === true && definition.inWorker !== true);
}

function checkQueues({ exporters }: Plan): void {
  for (const { id, definition, config } of exporters) {
    const holds: { heldInMemory?(config: unknown): HeldInMemory | undefined } = definition;
    if (holds.heldInMemory?.(config) === undefined) continue;
    throw new SluiceError("config", `Cannot use exporter "${id}" on Workers: its queue is in memory, which the platform ends whenever it likes`, {
      path: `exporters.${id}.sending_queue`,
      cure: `Give it a storage (sending_queue.storage), or take sending_queue out of "${id}"`,
    });
  }
}

/** Where the pipelines of a door lead. */
const BEHIND = "durable_object";
const NOBODY: Exporter = {
  consume: () => Promise.resolve(failureOf(new SluiceError("internal", "Cannot pass on what a door was not to read"))),
  stop: () => Promise.resolve(),
};

/** The receivers alone, as the door of an object: the same paths, methods and limits. Nothing passes it. */
export function doorPlan({ receivers, pipelines }: Plan): GatewayPlan {
  const ids = new Set(receivers.map(({ id }) => id));
  return {
    receivers,
    processors: [],
    exporters: [{ id: BEHIND, definition: { create: () => NOBODY }, config: {} }],
    pipelines: pipelines
      .map((pipeline) => ({ ...pipeline, receivers: pipeline.receivers.filter((id) => ids.has(id)), processors: [], exporters: [BEHIND], primary: undefined }))
      .filter((pipeline) => pipeline.receivers.length > 0),
  };
}
