/**
 * Queues in memory, which answer the sender before a destination has the data (law 1): each is named
 * with its bound. The Collector's `sending_queue` without `storage` is one, its `batch` processor another.
 */
import type { Defined } from "./components.ts";
import type { AnyExporter, AnyProcessor, MemoryQueue } from "./plan.ts";
import type { HeldInMemory } from "../pipeline/component.ts";
import { locate, type TreeNode } from "./tree.ts";

const SIZE_DEFAULT = 1000;
const SIZER_DEFAULT = "requests";

/** A definition as it is called here: `config` was parsed with the schema of this very definition. */
interface Holds {
  heldInMemory?(config: unknown): HeldInMemory | undefined;
}

/** The queues of a valid configuration, in the order in which telemetry passes them. */
export function memoryQueues(processors: readonly Defined<AnyProcessor>[], exporters: readonly Defined<AnyExporter>[]): MemoryQueue[] {
  return [...ofProcessors(processors), ...sendingQueues(exporters)];
}

function ofProcessors(processors: readonly Defined<Holds>[]): MemoryQueue[] {
  return processors.flatMap(({ id, definition, config }) => {
    const held = heldBy(definition, config);
    return held === undefined ? [] : [{ component: id, path: `processors.${id}`, ...held, inForce: true }];
  });
}

function heldBy(definition: Holds, config: unknown): HeldInMemory | undefined {
  return definition.heldInMemory?.(config);
}

function sendingQueues(exporters: readonly Defined<AnyExporter>[]): MemoryQueue[] {
  return exporters.flatMap(({ id, definition, config, node }) => {
    const path = `exporters.${id}.sending_queue`;
    if (definition.heldInMemory !== undefined) {
      const held = heldBy(definition, config);
      return held === undefined ? [] : [{ component: id, path, ...held, inForce: true }];
    }
    const section = locate(node, ["sending_queue"]).node;
    if (section === undefined || valueAt(section, "enabled") === false || typeof valueAt(section, "storage") === "string") return [];
    const bound = `${String(valueAt(section, "queue_size") ?? SIZE_DEFAULT)} ${String(valueAt(section, "sizer") ?? SIZER_DEFAULT)}`;
    const inForce = !Object.hasOwn(definition.notInForce ?? {}, "sending_queue");
    return [{ component: id, path, bound, inForce }];
  });
}

function valueAt(node: TreeNode, key: string) {
  const found = locate(node, [key]).node;
  return found?.kind === "scalar" ? found.value : undefined;
}
