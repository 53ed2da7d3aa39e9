/** The extensions of one gateway: built together, started in the plan's order, ended in the opposite one. */
import { SluiceError } from "../base/errors.ts";
import type { Broker, PlatformQueue } from "../base/broker.ts";
import type { Clock, Host, Storage } from "../base/host.ts";
import type { ObjectStore } from "../base/objects.ts";
import type { Extension, ExtensionDefinition, ExtensionParts, GatewayState } from "./extension.ts";

/** An extension as configured. */
interface PlannedExtension {
  readonly id: string;
  readonly definition: Pick<ExtensionDefinition<never>, "create">;
  readonly config: unknown;
}

/** A definition as it is called here: the plan's maker parsed `config` with the schema of this very definition. */
interface Creates {
  create(config: unknown, context: { readonly id: string; readonly host: Host; readonly logger: Host["logger"] }): Extension;
}

export class ExtensionSet {
  readonly #byId: ReadonlyMap<string, Extension>;
  readonly #clock: Clock;

  /** Builds them; opens nothing. Throws `config` for settings that only show when used. */
  constructor(planned: readonly PlannedExtension[], host: Host) {
    const create = ({ id, definition, config }: { readonly id: string; readonly definition: Creates; readonly config: unknown }) =>
      [id, definition.create(config, { id, host, logger: host.logger })] as const;
    this.#byId = new Map(planned.map(create));
    this.#clock = host.clock;
  }

  /** For `Context.storage`. */
  storage(id: string): Promise<Storage> {
    const extension = this.#byId.get(id);
    if (extension?.storage !== undefined) return extension.storage();
    if (extension?.broker !== undefined || extension?.platformQueue !== undefined) {
      const cure = "Name another extension there, for example file_storage";
      return Promise.reject(new SluiceError("config", `Cannot store with "${id}": it keeps sending queues, and nothing else`, { cure }));
    }
    if (extension?.objects !== undefined) {
      const cure = "Name another extension there, for example file_storage";
      return Promise.reject(new SluiceError("config", `Cannot store with "${id}": it keeps dead letters, and nothing else`, { cure }));
    }
    const state = extension === undefined ? "it is no extension that is started" : "it stores nothing";
    const cure = "Define it under extensions, and name it under service.extensions, for example file_storage";
    return Promise.reject(new SluiceError("config", `Cannot store with "${id}": ${state}`, { cure }));
  }

  /** For `Context.broker`. */
  broker(id: string): Promise<Broker> | undefined {
    return this.#byId.get(id)?.broker?.();
  }

  /** For `Context.objects`. */
  objects(id: string): Promise<ObjectStore> | undefined {
    return this.#byId.get(id)?.objects?.();
  }

  /** For `Context.platformQueue`. */
  platformQueue(id: string): PlatformQueue | undefined {
    return this.#byId.get(id)?.platformQueue;
  }

  /** Starts one after another, and gives what they listen on. Where one fails, `stop` is due as ever. */
  async start(parts: ExtensionParts): Promise<{ readonly component: string; readonly address: string }[]> {
    for (const extension of this.#byId.values()) await extension.start(parts);
    return [...this.#byId].flatMap(([component, { addresses = [] }]) => addresses.map((address) => ({ component, address })));
  }

  tell(state: GatewayState): void {
    for (const extension of this.#byId.values()) extension.onState?.(state);
  }

  /** Ends all, also when one of them fails at it: that is thrown afterwards. */
  async stop(deadlineMs: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + deadlineMs;
    const failures: unknown[] = [];
    for (const extension of [...this.#byId.values()].toReversed()) {
      await extension.stop(Math.max(0, endMs - this.#clock.monotonicMs())).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
