/** The debug exporter against what a real Collector printed for the same requests, line for line. */
import { describe, expect, test } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { type Signal, SIGNALS } from "../../src/base/signal.ts";
import { debug } from "../../src/exporters/debug.ts";
import { fixed, harmless, shortest, timeText } from "../../src/exporters/debug/values.ts";
import { readMessage, REQUESTS } from "../../src/otlp/read.ts";
import recorded from "../fixtures/debug/collector.json" with { type: "json" };
import requests from "../fixtures/debug/requests.json" with { type: "json" };
import { counting, field, number } from "../harness/bytes.ts";
import { admitted, batchOf } from "../harness/engine.ts";
import { judge } from "../harness/judge.ts";
import { runsHere } from "../harness/runs.ts";
import { fromOtlpJson, printer } from "./printing.ts";

const VERBOSITIES = ["basic", "normal", "detailed"] as const;

function encode(signal: Signal): Uint8Array {
  return judge(signal).encode(fromOtlpJson(requests[signal]));
}

async function print(signal: Signal, config: Readonly<Record<string, unknown>>, bytes = encode(signal)): Promise<string> {
  const on = printer("debug");
  const batch = batchOf(signal, admitted(on.engine, signal, bytes));
  const running = debug.create(debug.schema.parse(config), on).consume(batch);
  batch.release();
  expect(await running).toEqual({ kind: "accepted" });
  expect(on.engine.pool.blocks).toBe(0);
  return on.written();
}

describe.each(SIGNALS)("%s as the Collector prints them", (signal) => {
  test.each(VERBOSITIES)("%s", async (verbosity) => {
    const printed = await print(signal, { verbosity, use_internal_logger: false });
    // Control characters are the difference: the Collector writes them as they came.
    expect(printed.split("\n").map(rounded)).toEqual(recorded[signal][verbosity].map(harmless).map(rounded));
  });
});

/** A bucket's bound comes from exp(), whose last digit is each runtime's own. */
function rounded(line: string): string {
  return line.replaceAll(/(?<= le)-?[\d.]+(?==)/g, (bound) => Number(bound).toPrecision(12));
}

describe("numbers that OpenTelemetry does not have", () => {
  test("of spans", async () => {
    const span = field(2, field(1, counting(16)), field(2, counting(8)), number(6, 9), field(15, number(3, 7)));
    const lines = (await print("traces", { verbosity: "detailed" }, field(1, field(2, span)))).split("\n");
    expect(lines).toContain("    Kind           : ");
    expect(lines).toContain("    Status code    : ");
  });

  test("of logs", async () => {
    expect(await print("logs", { verbosity: "detailed" }, field(1, field(2, field(2, number(2, 25)))))).toContain("\nSeverityNumber: (25)\n");
  });
});

describe("settings", () => {
  test("the counts stand behind time and component, as in the Collector's log", async () => {
    expect(await print("traces", {})).toBe(
      '2026-11-21T00:00:00.000Z\tinfo\tTraces\t{"otelcol.component.id": "debug", "otelcol.component.kind": "exporter", "otelcol.signal": "traces", "resource spans": 3, "spans": 8}\n',
    );
  });

  test.each([
    [{}, 9],
    [{ sampling_initial: 2, sampling_thereafter: 3 }, 4],
    [{ sampling_initial: 1, sampling_thereafter: 0 }, 1],
    [{ sampling_initial: 0, sampling_thereafter: 2 }, 4],
  ])("sampling with %j prints %d of 9 batches in a second, and begins anew in the next", async (config, printed) => {
    const on = printer("debug");
    const exporter = debug.create(debug.schema.parse(config), on);
    const lines = async (): Promise<number> => {
      const before = on.written().split("\n").length;
      for (let i = 0; i < 9; i++) {
        const batch = batchOf("logs", admitted(on.engine, "logs", encode("logs")));
        await exporter.consume(batch);
        batch.release();
      }
      return on.written().split("\n").length - before;
    };
    expect(await lines()).toBe(printed);
    on.pass(1000);
    expect(await lines()).toBe(printed);
  });

  test("paths other than standard output are warned of", () => {
    const on = printer("debug");
    debug.create(debug.schema.parse({ output_paths: ["stdout"] }), on);
    expect(on.log).toEqual([]);
    debug.create(debug.schema.parse({ output_paths: ["/var/log/otel.txt"] }), on);
    expect(on.log).toEqual(["warn Cannot print to other places than standard output"]);
  });

  test.each([[{ verbosity: "loud" }], [{ loglevel: "debug" }], [{ sampling_initial: -1 }]])("%j is refused", (config) => {
    expect(debug.schema.safeParse(config).success).toBe(false);
  });
});

describe("whatever comes", () => {
  test.each(SIGNALS)("generated %s in every verbosity, in either order of fields, with unknown ones", async (signal) => {
    for (let seed = 1; seed <= runsHere(10); seed++) {
      const plain = payload(signal, { items: 20, seed });
      const odd = payload(signal, { items: 20, seed, order: "descending", unknown: true });
      for (const verbosity of VERBOSITIES) {
        expect(await print(signal, { verbosity }, odd.bytes)).toBe(await print(signal, { verbosity }, plain.bytes));
      }
    }
  });

  test("batches at the same time are printed one after the other", async () => {
    const on = printer("debug");
    const exporter = debug.create(debug.schema.parse({ verbosity: "detailed", use_internal_logger: false }), on);
    const { bytes } = payload("traces", { items: 300 });
    const batches = [1, 2].map(() => batchOf("traces", admitted(on.engine, "traces", bytes)));
    const running = batches.map((batch) => exporter.consume(batch));
    for (const batch of batches) batch.release();
    await Promise.all(running);
    const one = await print("traces", { verbosity: "detailed", use_internal_logger: false }, bytes);
    expect(on.written()).toBe(one + one);
    expect(on.engine.pool.blocks).toBe(0);
  });

  test("a terminal obeys nothing that was sent", async () => {
    const attack = "\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\r";
    const span = {
      traceId: new Uint8Array(16).fill(1),
      spanId: new Uint8Array(8).fill(1),
      name: attack,
      attributes: [{ key: attack, value: { stringValue: attack } }],
    };
    const bytes = judge("traces").encode({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
    for (const verbosity of ["normal", "detailed"]) {
      expect(await print("traces", { verbosity }, bytes)).not.toMatch(/(?![\n\t])[\p{Cc}\u202a-\u202e]/u);
    }
  });
});

test("a terminal that fails costs a warning, not the batch", async () => {
  const on = printer("debug");
  const terminal = { colours: false, columns: 80, write: () => expect.unreachable("the terminal is gone") };
  const exporter = debug.create(debug.schema.parse({ verbosity: "detailed" }), { ...on, host: { ...on.host, terminal } });
  const batch = batchOf("logs", admitted(on.engine, "logs", encode("logs")));
  expect(await exporter.consume(batch)).toEqual({ kind: "accepted" });
  batch.release();
  await exporter.stop(1000);
  expect(on.log).toEqual(["warn Cannot print a batch"]);
  expect(on.engine.pool.blocks).toBe(0);
});

describe("Go's formats", () => {
  test.each([
    [0, "0.000000", "0"],
    [0.0078125, "0.007812", "0.0078125"],
    [0.0234375, "0.023438", "0.0234375"],
    [1.0000005, "1.000001", "1.0000005"],
    [999999.5, "999999.500000", "999999.5"],
    [1e6, "1000000.000000", "1e+06"],
    [1e-5, "0.000010", "1e-05"],
    [-1e22, "-10000000000000000000000.000000", "-1e+22"],
    [Infinity, "+Inf", "+Inf"],
    [NaN, "NaN", "NaN"],
  ])("%d", (value, withPoint, short) => {
    expect([fixed(value), shortest(value)]).toEqual([withPoint, short]);
  });

  test.each([
    [0n, "1970-01-01 00:00:00 +0000 UTC"],
    [1_732_147_200_123_456_000n, "2024-11-21 00:00:00.123456 +0000 UTC"],
    [2n ** 64n - 1n, "1969-12-31 23:59:59.999999999 +0000 UTC"],
    [2n ** 63n, "1677-09-21 00:12:43.145224192 +0000 UTC"],
  ])("%d ns", (nanos, printed) => {
    expect(timeText(nanos)).toBe(printed);
  });
});

describe("the reader", () => {
  test.each(SIGNALS)("%s: what the judge reads", (signal) => {
    for (let seed = 1; seed <= runsHere(20); seed++) {
      const { bytes } = payload(signal, { items: 20, seed, unknown: seed % 2 === 0 });
      expect(comparable(readMessage(bytes, REQUESTS[signal], 0, bytes.length))).toEqual(comparable(judge(signal).toObject(bytes)));
    }
  });

  test("values past the limit are left out", () => {
    const { bytes } = payload("logs", { items: 100 });
    const read = readMessage(bytes, REQUESTS.logs, 0, bytes.length, { valuesMax: 50 });
    expect(JSON.stringify(comparable(read)).match(/"/g)?.length).toBeLessThan(400);
  });
});

/** Both readers' objects with 64-bit integers as text and every kind of bytes as digits. */
function comparable(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (Array.isArray(value)) return value.map(comparable);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, comparable(inner)]));
}
