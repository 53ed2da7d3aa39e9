/** `sending_queue` and `retry_on_failure`: the Collector's keys, defaults and start-up errors, and what is told of them. */
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { validateBuiltIn } from "../../src/config/registry.ts";
import { deadLettersSchema } from "../../src/delivery/dead-letters/settings.ts";
import { heldInMemory, storages } from "../../src/delivery/deliver.ts";
import { queueOf, queueSchema } from "../../src/delivery/queue/settings.ts";

describe("defaults", () => {
  it("are the Collector's", () => {
    expect(queueOf(queueSchema.parse({}))).toEqual({
      consumers: 10,
      size: 1000,
      sizer: "requests",
      blocks: false,
      waits: false,
      heldBytesMax: 64 << 20,
      batch: undefined,
      durable: undefined,
    });
    expect(queueOf(null)).toEqual(queueOf(queueSchema.parse({})));
    expect(queueOf(undefined)).toBeUndefined();
    expect(queueOf(queueSchema.parse({ enabled: false, queue_size: -1 }))).toBeUndefined();
  });

  it.each([
    [null, { flushMs: 200, minSize: 8192, maxSize: 0, sizer: "items", metadataKeys: [] }],
    [{}, { flushMs: 200, minSize: 8192, maxSize: 0, sizer: "items", metadataKeys: [] }],
    [{ enabled: false }, undefined],
    [
      { sizer: "bytes", partition: { metadata_keys: ["A"] } },
      { sizer: "bytes", metadataKeys: ["A"] },
    ],
  ])("of batch: %j", (batch, expected) => {
    const found = queueOf(queueSchema.parse({ batch }))?.batch;
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(expected);
  });

  it("of the batch's sizer are the queue's where that is written, and batch is not empty", () => {
    const sizerOf = (section: object) => queueOf(queueSchema.parse({ queue_size: 1_000_000, ...section }))?.batch?.sizer;
    expect(sizerOf({ sizer: "bytes", batch: {} })).toBe("bytes");
    expect(sizerOf({ sizer: "bytes", batch: null })).toBe("items");
    expect(sizerOf({ sizer: "bytes", batch: { sizer: "items" } })).toBe("items");
    expect(sizerOf({ batch: {} })).toBe("items");
    expect(sizerOf({ sizer: "requests", batch: null })).toBe("items");
  });
});

describe("a queue on disk", () => {
  it("has its defaults", () => {
    expect(queueOf(queueSchema.parse({ storage: "file_storage/q" }))).toMatchObject({
      heldBytesMax: 4 << 20,
      durable: { storage: "file_storage/q", mode: "send_first", windowMs: 1000, onFull: "refuse", storedBytesMax: 1 << 30 },
    });
  });

  it("holds more in memory where it makes batches", () => {
    expect(queueOf(queueSchema.parse({ storage: "s", batch: {} }))?.heldBytesMax).toBe(16 << 20);
    expect(queueOf(queueSchema.parse({ storage: "s", batch: {}, held_bytes_max: 5 << 20 }))?.heldBytesMax).toBe(5 << 20);
  });

  it("is no memory queue, and names its storages", () => {
    const sections = {
      sending_queue: queueSchema.parse({ storage: "file_storage/q" }),
      dead_letters: deadLettersSchema.parse({ storage: "file_storage/dead" }),
    };
    expect(heldInMemory(sections)).toBeUndefined();
    expect(storages(sections)).toEqual(["file_storage/q", "file_storage/dead"]);
    expect(storages({ sending_queue: queueSchema.parse({}) })).toEqual([]);
  });
});

describe("start-up errors", () => {
  it.each([
    [{ num_consumers: 0 }, "`num_consumers` must be positive"],
    [{ queue_size: 0 }, "`queue_size` must be positive"],
    [{ sizer: "spans" }, ""],
    [{ durability: "write_first" }, "`durability` is of a queue on disk: name its `storage`"],
    [{ send_window: "1s" }, "`send_window` is of a queue on disk"],
    [{ on_full: "refuse" }, "`on_full` is of a queue on disk"],
    [{ stored_bytes_max: 1 << 30 }, "`stored_bytes_max` is of a queue on disk"],
    [{ storage: "file_storage", stored_bytes_max: (1 << 20) - 1 }, ""],
    [{ storage: "file_storage", send_window: "0s" }, "`send_window` must be positive"],
    [{ storage: "file_storage", durability: "write_first", send_window: "1s" }, "`send_window` is of `durability: send_first`"],
    [{ storage: "file_storage", block_on_overflow: true, on_full: "drop_oldest" }, "leave one of them out"],
    [{ storage: "file_storage", wait_for_result: true }, "`wait_for_result` is not supported with a persistent queue configured with `storage`"],
    [{ sizer: "requests", batch: {} }, '`batch` supports only `items` or `bytes` sizer, found "requests"'],
    [{ batch: { sizer: "requests" } }, '`batch` supports only `items` or `bytes` sizer, found "requests"'],
    [{ sizer: "items", batch: {} }, "`min_size` must be less than or equal to `queue_size`"],
    [{ batch: { flush_timeout: "0s" } }, "`flush_timeout` must be positive, found 0"],
    [{ batch: { min_size: -1 } }, "`min_size` must be non-negative, found -1"],
    [{ batch: { max_size: -1 } }, "`max_size` must be non-negative, found -1"],
    [{ batch: { max_size: 8191 } }, "`max_size` (8191) must be greater or equal to `min_size` (8192)"],
    [{ batch: { partition: { metadata_keys: ["a", "A"] } } }, 'duplicate entry in metadata_keys: "a" (case-insensitive)'],
    [{ held_bytes_max: (1 << 20) - 1 }, ""],
    [{ held_bytes_max: 2 ** 31 }, ""],
    [{ queue: 1 }, ""],
  ])("%j", (section, message) => {
    const parsed = queueSchema.safeParse(section);
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues.map((issue) => issue.message).join("\n")).toContain(message);
  });

  it.each([
    [{ num_consumers: 1 }],
    [{ queue_size: 1 }],
    [{ sizer: "items", queue_size: 8192, batch: {} }],
    [{ batch: { max_size: 8192 } }],
    [{ batch: { min_size: 0 } }],
    [{ held_bytes_max: 1 << 20 }],
    [{ held_bytes_max: 2 ** 31 - 1 }],
    [{ enabled: false, num_consumers: 0, storage: "file_storage" }],
    [{ sizer: "requests", batch: { enabled: false } }],
    [{ storage: "file_storage" }],
    [{ storage: "file_storage", block_on_overflow: true, on_full: "refuse" }],
  ])("none for %j", (section) => {
    expect(queueSchema.safeParse(section).error).toBeUndefined();
  });
});

describe("a configuration", () => {
  const text = (lines: string) => `
receivers: {otlp: {protocols: {http: }}}
exporters:
  otlp_http/vendor:
    endpoint: https://otlp.example.com
${lines}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_http/vendor]}}}
`;
  const validate = async (lines: string) =>
    validateBuiltIn(await loadConfig({ configs: ["file:sluice.yaml"], sets: [] }, { env: () => undefined, readFile: () => Promise.resolve(text(lines)) }));

  it.each(["    sending_queue:", "    sending_queue: {}", "    sending_queue: {enabled: true}"])(
    "names the memory queue, its bound, and what makes it safe: %s",
    async (lines) => {
      const { plan, problems, warnings } = await validate(lines);
      expect(problems).toEqual([]);
      expect(warnings).toEqual([]);
      expect(plan?.memoryQueues).toEqual([
        {
          component: "otlp_http/vendor",
          path: "exporters.otlp_http/vendor.sending_queue",
          bound: "1000 requests, 67108864 bytes, of each signal",
          cure: "name a storage, or set its wait_for_result to true, or take it out: the sender then hears how it went",
          inForce: true,
        },
      ]);
    },
  );

  it.each(["", "    sending_queue: {enabled: false}", "    sending_queue: {wait_for_result: true}", "    retry_on_failure: {}"])(
    "names none where the sender hears how it went: %s",
    async (lines) => {
      const { plan, warnings } = await validate(lines);
      expect(warnings).toEqual([]);
      expect(plan?.memoryQueues).toEqual([]);
    },
  );

  it.each([
    ["    sending_queue: {durability: write_first}", "exporters.otlp_http/vendor.sending_queue.durability", 6],
    ["    sending_queue:\n      sizer: items\n      batch:\n        min_size: 2000", "exporters.otlp_http/vendor.sending_queue.batch.min_size", 9],
    ["    retry_on_failure: {max_elapsed_time: 1s}", "exporters.otlp_http/vendor.retry_on_failure.max_elapsed_time", 6],
  ])("says where a setting is wrong: %s", async (lines, path, line) => {
    const { problems } = await validate(lines);
    expect(problems[0]).toMatchObject({ path, where: { line } });
  });

  it("warns of a duration without a unit in the sections, too", async () => {
    const { warnings } = await validate("    retry_on_failure: {initial_interval: 5}");
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining("5 NANOSECONDS")]);
  });
});
