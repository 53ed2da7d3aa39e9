/**
 * Queues in memory, which answer the sender before a destination has the data (law 1): each is named
 * with its bound. The Collector's `sending_queue` without `storage` is one.
 */
import type { Defined } from "./components.ts";
import type { AnyExporter, MemoryQueue } from "./plan.ts";
import { locate, type TreeNode } from "./tree.ts";

const SIZE_DEFAULT = 1000;
const SIZER_DEFAULT = "requests";

export function memoryQueues(exporters: readonly Defined<AnyExporter>[]): MemoryQueue[] {
  return exporters.flatMap(({ id, definition, node }) => {
    const section = locate(node, ["sending_queue"]).node;
    if (section === undefined || valueAt(section, "enabled") === false || typeof valueAt(section, "storage") === "string") return [];
    const bound = `${String(valueAt(section, "queue_size") ?? SIZE_DEFAULT)} ${String(valueAt(section, "sizer") ?? SIZER_DEFAULT)}`;
    const inForce = !Object.hasOwn(definition.notInForce ?? {}, "sending_queue");
    return [{ component: id, path: `exporters.${id}.sending_queue`, bound, inForce }];
  });
}

function valueAt(node: TreeNode, key: string) {
  const found = locate(node, [key]).node;
  return found?.kind === "scalar" ? found.value : undefined;
}
