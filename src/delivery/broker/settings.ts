/** What of an exporter's settings a queue cannot do that a broker, or the platform, keeps. */
import * as z from "zod";
import type { Complaint } from "../../pipeline/component.ts";

/** As much of an exporter's sections as is judged here, parsed by its own schema. */
const sections = z.looseObject({
  sending_queue: z
    .looseObject({
      enabled: z.boolean(),
      storage: z.string().optional(),
      sizer: z.string().optional(),
      on_full: z.string().optional(),
      stored_bytes_max: z.number().optional(),
      send_window: z.number().optional(),
      batch: z.looseObject({ enabled: z.boolean().optional() }).nullish(),
    })
    .nullish(),
  dead_letters: z.looseObject({ storage: z.string() }).optional(),
});

type Queue = NonNullable<z.output<typeof sections>["sending_queue"]>;

/** Of the exporter's settings, where it stores with the broker `id`. */
export function brokerComplaints(config: unknown, id: string): Complaint[] {
  return complaintsOf(config, id, () => []);
}

/** The same, where the platform keeps it: nothing is held here between two messages. */
export function platformComplaints(config: unknown, id: string): Complaint[] {
  return complaintsOf(config, id, ({ batch, send_window: windowMs }) => [
    ...wrong(batch !== undefined && batch?.enabled !== false, "batch", "nothing is held between two messages, of which a batch would be made", {
      cure: "Leave batch out, or name a file_storage",
    }),
    ...wrong(windowMs !== undefined, "send_window", `what was sent to "${id}" cannot be taken back`, {
      cure: "Leave it out: the exporter's timeout is for the one attempt before",
    }),
  ]);
}

function complaintsOf(config: unknown, id: string, more: (queue: Queue) => readonly Complaint[]): Complaint[] {
  const { data } = sections.safeParse(config);
  const queue = data?.sending_queue ?? undefined;
  const letters: Complaint[] =
    data?.dead_letters?.storage === id
      ? [
          {
            path: ["dead_letters", "storage"],
            message: `"${id}" keeps sending queues, and nothing else`,
            cure: "Name another extension, for example file_storage",
          },
        ]
      : [];
  if (queue?.enabled !== true || queue.storage !== id) return letters;
  const { on_full: onFull = "refuse", sizer = "requests", stored_bytes_max: bytesMax } = queue;
  return [
    ...letters,
    ...wrong(sizer !== "requests", "sizer", `"${id}" counts messages`, { cure: "Leave sizer out: queue_size counts requests then" }),
    ...wrong(onFull !== "refuse", "on_full", `what "${id}" drops nobody counts`, { cure: "Leave on_full out: it refuses then" }),
    ...wrong(bytesMax !== undefined, "stored_bytes_max", `"${id}" has a bound of its own`, { cure: "Leave it out, and see what bounds that" }),
    ...more(queue),
  ];
}

function wrong(is: boolean, key: string, message: string, { cure }: { readonly cure: string }): Complaint[] {
  return is ? [{ path: ["sending_queue", key], message, cure }] : [];
}
