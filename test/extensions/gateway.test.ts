/** Extensions in a gateway: what starts after what, who may store with which, and that each is ended, whatever fails. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { Storage } from "../../src/base/host.ts";
import type { Context, Exporter } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { defineExtension, type Extension } from "../../src/pipeline/extension.ts";
import { buildGraph, Gateway, type GatewayParts } from "../../src/pipeline/gateway.ts";
import { ACCEPTED } from "../../src/pipeline/outcome.ts";
import { MemoryStorage } from "../contract/storage-faults.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";

/** One gateway of two extensions, an exporter and a receiver, each of which notes what is asked of it. */
function parts(fail?: string, storageOf = "store") {
  const notes: string[] = [];
  const stored: Storage[] = [];
  const note = (text: string) => {
    notes.push(text);
    if (text === fail) throw new TypeError(`${text} failed`);
  };
  const storage = new MemoryStorage();
  const extension = (id: string, more: Partial<Extension> = {}) => ({
    id,
    definition: {
      create: (): Extension => ({
        start: async () => note(`start ${id}`),
        stop: async () => note(`stop ${id}`),
        onState: (state) => note(`${id} ${state}`),
        ...more,
      }),
    },
    config: {},
  });
  const exporter = {
    create: (_config: unknown, { storage: storageFor }: Context): Exporter => ({
      start: async () => {
        note("start exporter");
        stored.push(await storageFor(storageOf));
      },
      ready: async () => note("exporter ready"),
      consume: () => Promise.resolve(ACCEPTED),
      stop: async () => note("stop exporter"),
    }),
  };
  const receiver = {
    create: () => ({
      start: async () => {
        note("start receiver");
        return { addresses: [], stop: async () => note("stop receiver") };
      },
    }),
  };
  const given: GatewayParts = {
    plan: {
      extensions: [extension("store", { storage: () => Promise.resolve(storage) }), extension("door", { addresses: ["http://127.0.0.1:1"] })],
      receivers: [{ id: "receiver", definition: receiver, config: {} }],
      processors: [],
      exporters: [{ id: "exporter", definition: exporter, config: {} }],
      pipelines: [{ id: "traces", signal: "traces", receivers: ["receiver"], processors: [], exporters: ["exporter"] }],
    },
    host: bareHost,
    engine: testEngine(1 << 20),
    counters: new Counters(),
  };
  return { given, notes, stored, storage };
}

const STARTED = ["start store", "start door", "store starting", "door starting", "start exporter", "start receiver"];

describe("extensions", () => {
  test("start before exporters and receivers, hear what the gateway does, and end last, in the opposite order", async () => {
    const { given, notes, stored, storage } = parts();
    const gateway = await Gateway.start(given);
    expect(notes).toEqual([...STARTED, "exporter ready", "store ready", "door ready"]);
    expect(stored).toEqual([storage]);
    expect(gateway.addresses).toEqual([{ component: "door", address: "http://127.0.0.1:1" }]);
    notes.length = 0;
    await gateway.stop(1000);
    expect(notes).toEqual(["store stopping", "door stopping", "stop receiver", "stop exporter", "stop door", "stop store"]);
  });

  test.each<readonly [fail: string, started: number]>([
    ["start store", 1],
    ["start door", 2],
    ["start exporter", 5],
    ["start receiver", 6],
  ])("are ended when %s fails, after exporters", async (fail, started) => {
    const { given, notes } = parts(fail);
    await expect(Gateway.start(given)).rejects.toThrow(`${fail} failed`);
    expect(notes).toEqual([...STARTED.slice(0, started), "stop exporter", "stop door", "stop store"]);
  });

  test.each(["stop receiver", "stop exporter", "stop door"])("are all ended when %s fails, which is told", async (fail) => {
    const { given, notes } = parts(fail);
    const gateway = await Gateway.start(given);
    await expect(gateway.stop(1000)).rejects.toThrow(`${fail} failed`);
    expect(notes.slice(-2)).toEqual(["stop door", "stop store"]);
  });

  test.each([
    ["nowhere", 'Cannot store with "nowhere": it is no extension that is started'],
    ["door", 'Cannot store with "door": it stores nothing'],
  ])("that do not store are an error for who stores with them: %s", async (id, message) => {
    await expect(Gateway.start(parts(undefined, id).given)).rejects.toMatchObject({ code: "config", message });
  });

  test("are built with the graph, and open nothing then", () => {
    const { given, notes } = parts();
    buildGraph(given);
    expect(notes).toEqual([]);
  });

  test("take no telemetry", () => {
    const defined = defineExtension({ id: "e", summary: "", schema: z.strictObject({}), create: () => ({ start: async () => {}, stop: async () => {} }) });
    expect(defined).toMatchObject({ kind: "extension", signals: [] });
  });
});
