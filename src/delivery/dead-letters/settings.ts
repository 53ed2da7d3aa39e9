/** `dead_letters`, a section of Sluice's own on every exporter that is delivered to. */
import * as z from "zod";
import type { Complaint } from "../../pipeline/component.ts";
import { duration } from "../../pipeline/settings.ts";

/** Much more than one would look at, and little on a disk. */
const STORED_BYTES_MAX = 1 << 30;
const STORED_BYTES_LEAST = 1 << 20;

export const deadLettersSchema = z.strictObject({
  storage: z.string().describe("Id of the extension that keeps them."),
  stored_bytes_max: z
    .number()
    .int()
    .min(STORED_BYTES_LEAST)
    .default(STORED_BYTES_MAX)
    .describe("Bytes of dead letters of this exporter. Beyond it the oldest are dropped."),
  max_age: duration().prefault("168h").describe("The longest that one is kept; 0: no limit."),
});

export type DeadLetterSettings = z.output<typeof deadLettersSchema>;

/** As much of an exporter's sections as is judged here, parsed by its own schema. */
const sections = z.looseObject({ sending_queue: z.looseObject({ enabled: z.boolean(), storage: z.string().optional() }).nullish() });

/** Of the exporter's settings, where it stores with the extension `id`, which keeps dead letters alone. */
export function queueComplaints(config: unknown, id: string): Complaint[] {
  const queue = sections.safeParse(config).data?.sending_queue;
  if (queue?.enabled !== true || queue.storage !== id) return [];
  const message = `"${id}" keeps dead letters, and nothing else`;
  return [{ path: ["sending_queue", "storage"], message, cure: "Name another extension, for example file_storage" }];
}
