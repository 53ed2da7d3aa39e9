/** `sluice dead-letters` over a storage in memory, with destinations that the test plays; and as a shell starts it. */
import * as z from "zod";
import { afterEach, describe, expect, it } from "vitest";
import { deadLettersCommand } from "../../src/cli/dead-letters.ts";
import { Desk, type Output } from "../../src/cli/dead-letters/desk.ts";
import { type FilterFlags, filterOf } from "../../src/cli/dead-letters/filter.ts";
import { openPlaces } from "../../src/cli/dead-letters/places.ts";
import { DeadLetters } from "../../src/delivery/dead-letters/dead-letters.ts";
import { depotLetters, storageLetters } from "../../src/delivery/dead-letters/storage-letters.ts";
import { deadLettersSchema } from "../../src/delivery/dead-letters/settings.ts";
import { Depot } from "../../src/delivery/durable/depot.ts";
import { defineExporter } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { SIGNALS, type Signal } from "../../src/base/signal.ts";
import { MemoryStorage } from "../contract/storage-faults.ts";
import { requestOf, ORIGIN } from "../delivery/delivery-rig.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";
import { folder, sluice } from "./harness.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 21, 12);
const WHERE = { source: "test", line: 1, column: 1, lineText: "" };

interface Written {
  out: string;
  err: string;
}

/** A storage with these letters: of two exporters, an hour apart. */
async function storageWith(letters: readonly { readonly exporter: string; readonly signal?: Signal; readonly reason?: string; readonly items: number }[]) {
  const storage = new MemoryStorage();
  const time = { ms: NOW_MS - letters.length * HOUR_MS };
  const host = { ...bareHost, clock: { nowMs: () => time.ms, monotonicMs: () => 0 } };
  const depot = await Depot.of(storage, { host, counters: new Counters() });
  for (const [index, { exporter, items, reason = "refused", signal = "traces" }] of letters.entries()) {
    time.ms += HOUR_MS;
    const kept = await DeadLetters.open(depotLetters(depot), {
      id: exporter,
      settings: deadLettersSchema.parse({ storage: "s" }),
      host,
      counters: new Counters(),
    });
    const envelope = { signal, requests: [requestOf(signal, items, index + 1)], items, id: `r${index}`, origin: ORIGIN };
    expect(await kept.put(envelope, reason, "no\u001b such tenant")).toBe(true);
  }
  return storage;
}

const LETTERS = [
  { exporter: "otlp_http/one", items: 3 },
  { exporter: "otlp_http/two", items: 5, signal: "logs", reason: "max_elapsed_time" },
  { exporter: "otlp_http/one", items: 7, signal: "metrics", reason: "too_large" },
] as const;

/** A desk over it, whose exporters answer so. */
function deskOver(storage: MemoryStorage, answers: Readonly<Record<string, (items: number) => Outcome>> = {}) {
  const engine = testEngine();
  const configs: unknown[] = [];
  const exporters = Object.entries(answers).map(([id, answer]) => ({
    id,
    where: WHERE,
    config: { endpoint: "x", sending_queue: {}, retry_on_failure: {}, dead_letters: {} },
    definition: {
      ...defineExporter({
        id: "otlp_http",
        signals: SIGNALS,
        summary: "",
        schema: z.unknown(),
        create: (config) => (configs.push(config), { consume: (batch) => Promise.resolve(answer(batch.items)), stop: () => Promise.resolve() }),
      }),
      schema: z.unknown(),
    },
  }));
  const desk = new Desk({ plan: { exporters }, places: [storageLetters(storage)], engine, host: bareHost, close: () => Promise.resolve() });
  const written: Written = { out: "", err: "" };
  const output: Output = {
    out: { write: (text) => (written.out += text) },
    err: { write: (text) => (written.err += text), isTTY: false },
    paint: (_, text) => text,
    nowMs: () => NOW_MS,
  };
  return { desk, output, written, configs, engine };
}

const filter = (flags: Partial<FilterFlags> = {}) => filterOf({ id: [], ...flags });
const accept = (): Outcome => ({ kind: "accepted" });

describe("list", () => {
  it("has a line for each, the oldest first, and a sum", async () => {
    const { desk, output, written } = deskOver(await storageWith(LETTERS));
    expect(await desk.list(filter(), false, output)).toBe(0);
    const lines = written.out.split("\n");
    expect(lines[0]).toMatch(/^id +time +exporter +signal +items +bytes +reason$/);
    expect(lines[1]).toMatch(/^100000001 +2026-11-21T10:00:00.000Z +otlp_http\/one +traces +3 +\d+ +refused$/);
    expect(lines[2]).toMatch(/otlp_http\/two +logs +5 +\d+ +max_elapsed_time$/);
    expect(lines.at(-2)).toBe("3 letters, 15 items");
  });

  it("is the same as JSON", async () => {
    const { desk, output, written } = deskOver(await storageWith(LETTERS));
    await desk.list(filter(), true, output);
    expect(JSON.parse(written.out)).toMatchObject([
      { id: "100000001", exporter: "otlp_http/one", signal: "traces", items: 3, itemName: "spans", reason: "refused", time: "2026-11-21T10:00:00.000Z" },
      { items: 5, itemName: "log_records" },
      { items: 7, itemName: "metric_points" },
    ]);
  });

  it.each([
    [{ exporter: "otlp_http/one" }, [3, 7]],
    [{ signal: "logs" }, [5]],
    [{ reason: "too_large" }, [7]],
    [{ since: "1h" }, [5, 7]],
    [{ since: "2026-11-21T11:30:00Z" }, [7]],
    [{ id: ["100000001", "00000100000003"] }, [3, 7]],
    [{ exporter: "otlp_http/one", reason: "refused" }, [3]],
    [{ exporter: "none" }, []],
  ] as const)("filters: %j", async (flags, items) => {
    const { desk, output, written } = deskOver(await storageWith(LETTERS));
    await desk.list(filter(flags), true, output);
    const found: unknown = JSON.parse(written.out);
    expect(found).toEqual(items.map((count) => expect.objectContaining({ items: count })));
  });

  it.each([{ signal: "spans" }, { since: "yesterday" }])("says what is wrong with %j", (flags) => {
    expect(() => filter(flags)).toThrow(/^Cannot read --/);
  });
});

describe("show", () => {
  it("prints the items as OTLP/JSON, and what is known of them beside it", async () => {
    const { desk, engine, output, written } = deskOver(await storageWith(LETTERS));
    expect(await desk.show(filter({ id: ["100000001"] }), false, output)).toBe(0);
    const request: unknown = JSON.parse(written.out);
    expect(request).toMatchObject({ resourceSpans: expect.any(Array) });
    expect(written.out.match(/"spanId"/g)?.length).toBeGreaterThanOrEqual(3);
    // Text of a destination's is not obeyed by a terminal.
    expect(written.err).toBe("100000001 2026-11-21T10:00:00.000Z otlp_http/one traces refused: no\ufffd such tenant\n");
    expect(engine.pool.blocks).toBe(0);
  });

  it("puts both into one document a line", async () => {
    const { desk, output, written } = deskOver(await storageWith(LETTERS));
    await desk.show(filter(), true, output);
    const [first] = written.out.split("\n").map((line): unknown => (line === "" ? undefined : JSON.parse(line)));
    expect(first).toMatchObject({ letter: { id: "100000001", reason: "refused", batchId: "r0" }, request: { resourceSpans: expect.any(Array) } });
    expect(written.err).toBe("");
  });
});

describe("replay", () => {
  it("sends each once through its exporter, without its queue, and removes what was accepted", async () => {
    const storage = await storageWith(LETTERS);
    const { configs, desk, engine, output, written } = deskOver(storage, {
      "otlp_http/one": accept,
      "otlp_http/two": () => ({ kind: "partial", rejected: 2, message: "two" }),
    });
    expect(await desk.replay(filter(), false, output)).toBe(0);
    expect(written.out).toBe("3 letters replayed: 13 items accepted, 2 rejected; 0 failed and stay\n");
    expect(configs).toEqual(
      Array.from({ length: 2 }, () => ({ endpoint: "x", sending_queue: undefined, retry_on_failure: undefined, dead_letters: undefined })),
    );
    expect(await storage.list("delivery/dead", 10)).toEqual([]);
    expect(engine.pool.blocks).toBe(0);
  });

  it("keeps what was not, says why, and ends with 1", async () => {
    const storage = await storageWith(LETTERS);
    const { desk, output, written } = deskOver(storage, {
      "otlp_http/one": (items) => (items > 3 ? { kind: "refused", message: "still\u0007 no" } : accept()),
    });
    expect(await desk.replay(filter(), true, output)).toBe(1);
    expect(JSON.parse(written.out)).toEqual({
      letters: 1,
      accepted: 3,
      rejected: 0,
      failed: 2,
      failures: { 'otlp_http/two: Cannot replay: no pipeline has an exporter "otlp_http/two"': 1, "otlp_http/one: still\u0007 no": 1 },
    });
    expect((await storage.list("delivery/dead/", 10)).length).toBe(2);
  });

  it("shows on a terminal how far it is, and takes that away again", async () => {
    const { desk, output, written } = deskOver(await storageWith(LETTERS), { "otlp_http/one": accept, "otlp_http/two": accept });
    await desk.replay(filter(), false, { ...output, err: { write: (text) => (written.err += text), isTTY: true } });
    expect(written.err).toContain("\r\u001b[K2 of 3 letters, 0 failed");
    expect(written.err.endsWith("\r\u001b[K")).toBe(true);
  });
});

describe("drop", () => {
  it("does nothing without --yes but say what it would", async () => {
    const storage = await storageWith(LETTERS);
    const { desk, output, written } = deskOver(storage);
    expect(await desk.drop(filter(), false, false, output)).toBe(2);
    expect(written).toEqual({ out: "", err: "Would drop 3 letters, 15 items: add --yes to do it\n" });
    expect((await storage.list("delivery/dead/", 10)).length).toBe(3);
  });

  it("deletes those that the filters leave", async () => {
    const storage = await storageWith(LETTERS);
    const { desk, output, written } = deskOver(storage);
    expect(await desk.drop(filter({ signal: "logs" }), true, false, output)).toBe(0);
    expect(written.out).toBe("dropped 1 letter, 5 items\n");
    expect((await storage.list("delivery/dead/", 10)).length).toBe(2);
  });
});

describe("the storages", () => {
  const engine = testEngine();
  const plan = (config: unknown) => ({ exporters: [{ id: "a", config, definition: deskDefinition(), where: WHERE }] });
  const open = (given: Parameters<typeof openPlaces>[0]) => openPlaces(given, engine, bareHost);
  const DEAD = { dead_letters: { storage: "file_storage" } };

  it("are those that exporters name, opened and closed once", async () => {
    const storage = await storageWith(LETTERS);
    const calls: string[] = [];
    const extension = {
      storage: () => Promise.resolve(storage),
      start: () => (calls.push("start"), Promise.resolve()),
      stop: () => (calls.push("stop"), Promise.resolve()),
    };
    const opened = await open({ ...plan(DEAD), extensions: [{ id: "file_storage", config: {}, definition: { create: () => extension } }] });
    expect(await Promise.all(opened.places.map((place) => Array.fromAsync(place.letters(), ({ items }) => items)))).toEqual([[3, 7, 5]]);
    await opened.close();
    expect(calls).toEqual(["start", "stop"]);
  });

  it("that a running gateway has are an error, and those that were opened are closed", async () => {
    const calls: string[] = [];
    const extension = {
      storage: () => Promise.resolve(new MemoryStorage()),
      start: () => Promise.reject(new TypeError("another process has it")),
      stop: () => (calls.push("stop"), Promise.resolve()),
    };
    await expect(open({ ...plan(DEAD), extensions: [{ id: "file_storage", config: {}, definition: { create: () => extension } }] })).rejects.toThrow(
      "another process",
    );
    expect(calls).toEqual(["stop"]);
  });

  it("must be configured", async () => {
    await expect(open(plan(DEAD))).rejects.toThrow('Cannot open storage "file_storage"');
    await expect(open(plan({}))).rejects.toMatchObject({ code: "config", cure: expect.stringContaining("dead_letters") });
  });
});

describe("the command", () => {
  let dispose: (() => void) | undefined;
  afterEach(() => dispose?.());

  it("has its four parts", () => {
    expect(deadLettersCommand().commands.map((command) => command.name())).toEqual(["list", "show", "replay", "drop"]);
  });

  it("ends with 2 where nothing keeps dead letters, and says how to", async () => {
    const files = folder({
      "sluice.yaml":
        "receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: }\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n",
    });
    ({ dispose } = files);
    const { code, stderr } = await sluice(["dead-letters", "list", "--config", files.path("sluice.yaml")]);
    expect([code, stderr.includes("no exporter that a pipeline uses has a dead_letters section")]).toEqual([2, true]);
    const unknown = await sluice(["dead-letters", "drop", "--config", files.path("sluice.yaml"), "--signal", "spans"]);
    expect([unknown.code, unknown.stderr.includes('Cannot read --signal "spans"')]).toEqual([2, true]);
  });
});

function deskDefinition() {
  const made = defineExporter({
    id: "debug",
    signals: SIGNALS,
    summary: "",
    schema: z.unknown(),
    create: () => ({ consume: () => Promise.resolve(accept()), stop: () => Promise.resolve() }),
  });
  return { ...made, schema: z.unknown() };
}
