/** The `forward` connector: hands every batch on, of any signal, to all pipelines that receive from it. */
import * as z from "zod";
import { defineConnector } from "../pipeline/component.ts";

const schema = z.strictObject({});

/** The `forward` connector. The batch itself is handed on: nothing is read or copied. */
export const forward = defineConnector<z.output<typeof schema>>({
  id: "forward",
  joins: { traces: ["traces"], metrics: ["metrics"], logs: ["logs"], profiles: ["profiles"] },
  summary: "Joins pipelines of the same signal: what one ends with, others begin with.",
  schema,
  create: (_config, _context, { pipelines }) => ({ divide: (batch) => [{ batch: batch.retain(), pipelines }] }),
});
