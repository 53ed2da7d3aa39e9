/** Where dead letters are: storages and objects, opened by the extensions that the exporters name. */
import * as z from "zod";
import { SluiceError } from "../../base/errors.ts";
import type { Host, Logger, Storage } from "../../base/host.ts";
import type { ObjectStore } from "../../base/objects.ts";
import type { Plan } from "../../config/plan.ts";
import type { KeptLetters } from "../../delivery/dead-letters/letter-store.ts";
import { objectLetters } from "../../delivery/dead-letters/object-letters.ts";
import { storageLetters } from "../../delivery/dead-letters/storage-letters.ts";
import type { Engine } from "../../otlp/engine.ts";
import { Counters } from "../../pipeline/counters.ts";

const STOP_MS = 1000;

/** An extension, as far as it is needed here. */
interface Storing {
  storage?(): Promise<Storage>;
  objects?(): Promise<ObjectStore>;
  start(parts: { readonly host: Host; readonly counters: Counters; readonly engine: Engine }): Promise<void>;
  stop(deadlineMs: number): Promise<void>;
}

/** As the plan has it: `config` was parsed with the schema of this very definition. */
export interface PlannedExtension {
  readonly id: string;
  readonly definition: { create(config: unknown, context: { readonly id: string; readonly host: Host; readonly logger: Logger }): Storing };
  readonly config: unknown;
}

export interface OpenPlaces {
  readonly places: readonly KeptLetters[];
  readonly close: () => Promise<void>;
}

/** Of an exporter's settings, which its own schema has parsed. */
const settings = z.looseObject({ dead_letters: z.looseObject({ storage: z.string() }).optional() });

/** Throws `config` where there are none, and what one says that cannot be opened; those that were are closed then. */
export async function openPlaces(
  plan: Pick<Plan, "exporters"> & { readonly extensions?: readonly PlannedExtension[] },
  engine: Engine,
  host: Host,
): Promise<OpenPlaces> {
  const ids = new Set(plan.exporters.flatMap(({ config }) => settings.safeParse(config).data?.dead_letters?.storage ?? []));
  if (ids.size === 0) {
    throw new SluiceError("config", "Cannot look for dead letters: no exporter that a pipeline uses has a dead_letters section", {
      cure: "Add dead_letters: {storage: file_storage} to an exporter",
    });
  }
  const opened: Storing[] = [];
  const places: KeptLetters[] = [];
  const close = async () => void (await Promise.all(opened.map((one) => one.stop(STOP_MS))));
  try {
    for (const id of ids) {
      const planned = plan.extensions?.find((one) => one.id === id);
      const extension = planned?.definition.create(planned.config, { id, host, logger: host.logger });
      const letters = extension && lettersIn(extension);
      if (extension === undefined || letters === undefined) {
        throw new SluiceError("config", `Cannot open storage "${id}": no such extension that stores is in service.extensions`);
      }
      opened.push(extension);
      await extension.start({ host, engine, counters: new Counters() });
      places.push(await letters());
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { places, close };
}

/** Once it is started. Undefined: it keeps none. */
function lettersIn(extension: Storing): (() => Promise<KeptLetters>) | undefined {
  const objects = extension.objects?.bind(extension);
  if (objects !== undefined) return async () => objectLetters(await objects());
  const storage = extension.storage?.bind(extension);
  return storage && (async () => storageLetters(await storage()));
}
