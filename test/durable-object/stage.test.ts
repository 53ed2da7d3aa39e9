/** The stage contract on stages that hold, as they run in a Durable Object: kept in the object's SQLite, in the object's own context. */
import { env, runInDurableObject } from "cloudflare:test";
import type { Signal } from "../../src/base/signal.ts";
import type { ProcessorDefinition } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Journal } from "../../src/pipeline/kept/journal.ts";
import { Room } from "../../src/pipeline/kept/room.ts";
import { KeptStage } from "../../src/pipeline/kept/stage.ts";
import { batch } from "../../src/processors/batch.ts";
import { interval } from "../../src/processors/interval.ts";
import type { ObjectState } from "../../src/runtimes/workers/durable-object.ts";
import { namespaced } from "../../src/runtimes/workers/namespace.ts";
import { durableObjectStorage } from "../../src/runtimes/workers/storage.ts";
import { checkStage } from "../contract/stage.ts";
import type { TestClock } from "../harness/clock.ts";
import { ALONE } from "../harness/context.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";

let objects = 0;
let state: ObjectState | undefined;

/** An object of its own for each case. */
function within(work: () => Promise<void>): Promise<void> {
  const stub = env.SLUICE.get(env.SLUICE.idFromName(`contract ${++objects}`));
  return runInDurableObject(stub, async (_instance, own: ObjectState) => {
    state = own;
    await work();
  });
}

function storageHere() {
  if (state === undefined) throw new Error("Not in a Durable Object");
  return namespaced(durableObjectStorage(state.storage), "test/");
}

function keptHere<Config>(definition: ProcessorDefinition<Config>, settings: unknown, clock: TestClock, signal: Signal): KeptStage {
  const host = { ...bareHost, clock, sleep: clock.sleep };
  const context = { ...ALONE, id: definition.id, host, engine: testEngine(), logger: host.logger, counters: new Counters() };
  const made = definition.create(definition.schema.parse(settings), context, signal);
  if (!("stage" in made)) throw new Error("Not a stage");
  return new KeptStage({ stage: made.stage, engine: context.engine, journal: new Journal(storageHere(), "held/stage/"), room: new Room(32 << 20), host });
}

checkStage("batch in a Durable Object", (clock, signal) => keptHere(batch, { send_batch_size: 7, send_batch_max_size: 7 }, clock, signal), { within });

checkStage(
  "interval in a Durable Object",
  (clock, signal) => {
    const stage = keptHere(interval, { interval: "1s" }, clock, signal);
    // What is none of its signals passes through: to the contract it holds nothing then.
    return signal === "metrics" ? stage : { state: "none", consume: stage.consume.bind(stage), drain: stage.drain.bind(stage) };
  },
  { signals: ["metrics"], drops: true, within },
);
