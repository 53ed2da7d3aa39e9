/** `dead_letters`, a section of Sluice's own on every exporter that is delivered to. */
import * as z from "zod";
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
