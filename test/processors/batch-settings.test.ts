/** The batch processor's settings, and how a configuration with it is told. */
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { validateBuiltIn } from "../../src/config/registry.ts";
import { batch } from "../../src/processors/batch.ts";
import { faultsOf } from "./support.ts";

describe("settings", () => {
  it("are the Collector's by default", () => {
    expect(batch.schema.parse({})).toEqual({
      timeout: 200,
      send_batch_size: 8192,
      send_batch_max_size: 0,
      metadata_keys: [],
      metadata_cardinality_limit: 1000,
      held_bytes_max: 64 << 20,
    });
    expect(batch.signals).toEqual(["traces", "metrics", "logs"]);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ send_batch_max_size: 10 }, "send_batch_max_size: send_batch_max_size must be greater or equal to send_batch_size"],
    [{ metadata_keys: ["a", "b", "A"] }, 'metadata_keys.2: duplicate entry in metadata_keys: "a" (case-insensitive)'],
    [{ timeout: "-1s" }, 'timeout: "-1s" is no duration: write it like 30s, 1m30s or 500ms, at most 24 days'],
  ])("%j is refused", (settings, fault) => {
    expect(faultsOf(batch, settings)).toEqual([fault]);
  });

  it.each([
    [{ send_batch_size: -1 }],
    [{ send_batch_size: 1.5 }],
    [{ send_batch_size: 2 ** 32 }],
    [{ held_bytes_max: (1 << 20) - 1 }],
    [{ held_bytes_max: 2 ** 31 }],
    [{ metadata_keys: "a" }],
    [{ size: 1 }],
  ])("%j is refused, too", (settings) => {
    expect(faultsOf(batch, settings).length).toBe(1);
  });

  it.each([
    [{ send_batch_size: 2 ** 32 - 1 }],
    [{ held_bytes_max: 1 << 20 }],
    [{ held_bytes_max: 2 ** 31 - 1 }],
    [{ send_batch_max_size: 8192 }],
    [{ metadata_keys: ["a", "b"], metadata_cardinality_limit: 0 }],
  ])("%j is taken", (settings) => {
    expect(faultsOf(batch, settings)).toEqual([]);
  });
});

describe("a configuration", () => {
  const text = (signal: string, settings = "{}") => `
receivers: {otlp: {protocols: {http: }}}
processors:
  batch/big: ${settings}
exporters: {debug: }
service: {pipelines: {${signal}: {receivers: [otlp], processors: [batch/big], exporters: [debug]}}}
`;
  const validate = async (yaml: string) =>
    validateBuiltIn(await loadConfig({ configs: ["file:sluice.yaml"], sets: [] }, { env: () => undefined, readFile: () => Promise.resolve(yaml) }));

  it("names the queue, its bound, and what makes it safe", async () => {
    const { plan, problems } = await validate(text("traces", "{send_batch_size: 500}"));
    expect(problems).toEqual([]);
    expect(plan?.memoryQueues).toEqual([
      {
        component: "batch/big",
        path: "processors.batch/big",
        bound: "67108864 bytes; sent at 500 items or after 200 ms",
        cure: "take it out of the pipelines, or set its timeout to 0: the sender then hears how it went",
        inForce: true,
      },
    ]);
  });

  it.each(["{timeout: 0s}", "{send_batch_size: 0}"])("names none where nothing is held: %s", async (settings) => {
    expect((await validate(text("logs", settings))).plan?.memoryQueues).toEqual([]);
  });

  it("does not take it for profiles, as the Collector does not", async () => {
    const { problems } = await validate(text("profiles"));
    expect(problems.map(({ message }) => message)).toEqual(['Cannot use "batch/big" in a profiles pipeline: it serves traces, metrics, logs']);
  });

  it("says where a setting is wrong", async () => {
    const { problems } = await validate(text("traces", "{send_batch_max_size: 7}"));
    expect(problems).toMatchObject([{ path: "processors.batch/big.send_batch_max_size", where: { line: 4 } }]);
  });
});
