/**
 * The Durable Object in which a configuration runs that keeps telemetry between requests. Its requests
 * share the gateway; what stages hold is written to the object's SQLite before it is acknowledged, and
 * the alarm brings the object back until all of it was delivered.
 *
 * Limit: 32 MiB are held at a time, of the 128 MB that all objects of one isolate share with their code.
 */
import type { Host } from "../../base/host.ts";
import type { Plan } from "../../config/plan.ts";
import { Journal } from "../../pipeline/kept/journal.ts";
import { Room } from "../../pipeline/kept/room.ts";
import { KeptStage } from "../../pipeline/kept/stage.ts";
import type { Storage } from "../../pipeline/storage.ts";
import { answerMounted, type Mounted, notStarted, type Parts, startMounted } from "../fetch/mount.ts";
import { Alarm } from "./alarm.ts";
import { bucketOf } from "./bucket.ts";
import type { ObjectState } from "./durable-object.ts";
import { engineHere, groundOf } from "./ground.ts";
import { workersHost } from "./host.ts";
import { namespaced } from "./namespace.ts";
import { durableObjectStorage } from "./storage.ts";

/** Law 4: of all stages of an object. */
const KEPT_BYTES_MAX = 32 << 20;
const QUEUED = "otelcol_exporter_queue_size";
/** When what is kept is looked after again where the configuration does not start: a new version of the Worker comes before. */
const NOT_STARTED_MS = 60_000;

/** The class to export, of which the platform makes the objects. */
export type GatewayObjectClass = new (state: ObjectState, env: unknown) => GatewayObject;

export interface GatewayObject {
  fetch(request: Request): Promise<Response>;
  alarm(): Promise<void>;
}

/** What runs in the object. */
interface Running {
  /** Undefined: the configuration does not start. */
  readonly mounted: Mounted | undefined;
  readonly alarm: Alarm;
  readonly stages: readonly KeptStage[];
}

/** The class of the objects that run this configuration: the same texts as `gateway` is given. */
export function gatewayObject(config: string | readonly string[]): GatewayObjectClass {
  const texts = typeof config === "string" ? [config] : config;
  return class implements GatewayObject {
    readonly #running: Promise<Running>;

    constructor(state: ObjectState, env: unknown) {
      this.#running = state.blockConcurrencyWhile(() => open(texts, state, env));
    }

    async fetch(request: Request): Promise<Response> {
      const { mounted } = await this.#running;
      return mounted === undefined ? notStarted() : answerMounted(mounted, request, request.headers.get("cf-connecting-ip") ?? "");
    }

    async alarm(): Promise<void> {
      const { alarm, mounted, stages } = await this.#running;
      if (mounted === undefined) alarm.set(NOT_STARTED_MS);
      else await alarm.run(() => pending(mounted, stages));
    }
  };
}

/** What is not delivered yet: entries, and whatever queues count. */
function pending({ counters }: Mounted, stages: readonly KeptStage[]): number {
  return stages.reduce((sum, { entries }) => sum + entries, counters.total(QUEUED));
}

async function open(texts: readonly string[], { storage }: ObjectState, env: unknown): Promise<Running> {
  const ground = groundOf(env);
  const alarm = new Alarm({ storage, host: workersHost(engineHere(), "info", () => {}) });
  await alarm.find();
  const stages: KeptStage[] = [];
  const mounted = await startMounted(texts, { ...ground, parts: (plan) => partsOf(plan, env, alarm.over(durableObjectStorage(storage)), stages) }).catch(
    () => undefined,
  );
  if (mounted !== undefined && pending(mounted, stages) > 0) alarm.set();
  return { mounted, alarm, stages };
}

/** What the gateway in an object is made of. Stages that are kept are put into `stages`. */
function partsOf(plan: Plan, env: unknown, storage: Storage, stages: KeptStage[]): Parts {
  const engine = engineHere();
  // What outlives its request lives on in the object.
  const host = objectHost(
    { ...workersHost(engine, plan.logLevel ?? "info", () => {}), boundObjects: (name: string) => bucketOf(env, name, () => {}) },
    storage,
  );
  const room = new Room(KEPT_BYTES_MAX);
  return {
    engine,
    host,
    server: host.server,
    keep(stage, place) {
      if (stage.state === "none" || stage.namesEntries !== true) return stage;
      const journal = new Journal(storage, `held/${place.pipeline}/${place.processor}/`);
      const kept = new KeptStage({ stage, engine, journal, room, host });
      stages.push(kept);
      return kept;
    },
  };
}

/** The host in an object: what a component would keep in a file lies in the object's own storage. */
function objectHost<Hosting extends Host>(host: Hosting, storage: Storage) {
  return {
    ...host,
    /** A namespace by the file's name. Nothing else of a file has a meaning here: every commit is kept, and nobody else has it. */
    openStorage: ({ name }: { readonly name: string }): Promise<Storage> => {
      host.logger.log("info", "Storage is the Durable Object's own: its directory and its other settings mean nothing there", { storage: name });
      return Promise.resolve(namespaced(storage, `files/${name}/`));
    },
  };
}
