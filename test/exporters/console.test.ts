/** What the console shows, letter by letter; that a terminal obeys none of it; that nothing is too odd to show. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { type Signal, SIGNALS } from "../../src/base/signal.ts";
import { logLines } from "../../src/exporters/console/logs.ts";
import { escaped, head, textWidth, wrap } from "../../src/exporters/console/paper.ts";
import { explicitBuckets, quantileOf } from "../../src/exporters/console/quantiles.ts";
import { traceLines } from "../../src/exporters/console/traces.ts";
import { durationText, quantityText } from "../../src/exporters/console/values.ts";
import { consoleExporter } from "../../src/exporters/console.ts";
import { Batch } from "../../src/pipeline/batch.ts";
import { admitted, batchOf } from "../harness/engine.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { attributes, LOGS, METRICS, request, span, TRACES } from "./console-sample.ts";
import { printer } from "./printing.ts";
import { runsHere } from "../harness/runs.ts";

interface Options {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly columns?: number;
  readonly colours?: boolean;
}

async function show(signal: Signal, of: Plain | Uint8Array, { config, columns = 100, colours = false }: Options = {}): Promise<string> {
  const on = printer("console", { columns, colours });
  const bytes = of instanceof Uint8Array ? of : judge(signal).encode(of);
  const batch = batchOf(signal, admitted(on.engine, signal, bytes));
  const running = consoleExporter.create(consoleExporter.schema.parse({ time: "utc", ...config }), on).consume(batch);
  batch.release();
  expect(await running).toEqual({ kind: "accepted" });
  expect(on.engine.pool.blocks).toBe(0);
  expect(on.log).toEqual([]);
  return on.written();
}

function spans(...list: readonly Plain[]): Plain {
  return request("resourceSpans", "scopeSpans", "spans", [{ "service.name": "s" }, list]);
}

function record(of: Plain): Plain {
  return request("resourceLogs", "scopeLogs", "logRecords", [{ "service.name": "s" }, [of]]);
}

describe("traces", () => {
  test("a waterfall", async () => {
    expect(await show("traces", TRACES)).toMatchInlineSnapshot(`
      "trace 4b4c4d4e4f505152535455565758595a  23:59:58.120  6 spans  248ms  3 errors
        storefront, payments                                                0       124ms   248ms
        ✗ POST /checkout  502                         server    storefront  ━━━━━━━━━━━━━━━━━━━━━    248ms
        ├─ load cart                                            storefront  ━                       12.2ms
        │  └─ SELECT shop.carts  postgresql SELECT …  client    storefront  ╺                        8.8ms
        └─ ✗ POST  http://payments:8080/charge 500    client    storefront   ╺━━━━━━━━━━━━━━━━━━╸    228ms
           └─ ✗ POST /charge  500                     server    payments      ━━━━━━━━━━━━━━━━━━╸    220ms
              │  ! provider timed out
              │  ! TimeoutError: no answer from the provider after 200 ms
              └─ orders publish  kafka                producer  payments                        ╸    2.1ms

      "
    `);
  });

  test("on 80 columns, with all attributes", async () => {
    expect(await show("traces", TRACES, { columns: 80, config: { attributes: "all" } })).toMatchInlineSnapshot(`
      "trace 4b4c4d4e4f505152535455565758595a  23:59:58.120  6 spans  248ms  3 errors
        storefront, payments                             0      124ms   248ms
        ✗ POST /checkout  502                storefront  ━━━━━━━━━━━━━━━━━━━━    248ms
        │  http.request.method=POST  http.route=/checkout
        │  http.response.status_code=502  user_agent.original=Mozilla/5.0
        ├─ load cart                         storefront  ━                      12.2ms
        │  │  cart.items=3
        │  └─ SELECT shop.carts  postgresq…  storefront  ━                       8.8ms
        │        db.system.name=postgresql  db.query.text="SELECT * FROM shop.carts
        │        WHERE user_id = $1"
        └─ ✗ POST  http://payments:8080/ch…  storefront   ╺━━━━━━━━━━━━━━━━━╸    228ms
           │  http.request.method=POST  url.full=http://payments:8080/charge
           │  http.response.status_code=500
           └─ ✗ POST /charge  500            payments     ╺━━━━━━━━━━━━━━━━━╸    220ms
              │  ! provider timed out
              │  ! TimeoutError: no answer from the provider after 200 ms
              │  http.request.method=POST  http.route=/charge
              │  http.response.status_code=500
              │  • exception  +218ms
              │    exception.type=TimeoutError  exception.message="no answer from the
              │    provider after 200 ms\\n  at charge"
              └─ orders publish  kafka       payments                       ╸    2.1ms
                    messaging.system=kafka  messaging.destination.name=orders

      "
    `);
  });

  test("on 40 columns, without attributes", async () => {
    expect(await show("traces", TRACES, { columns: 40, config: { attributes: "none" } })).toMatchInlineSnapshot(`
      "trace 4b4c4d4e4f505152535455565758595a …
        storefront, paym…  0    248ms
        ✗ POST /checkout   ━━━━━━━━━━    248ms
        ├─ load cart       ╸            12.2ms
        │  └─ SELECT sho…  ╸             8.8ms
        └─ ✗ POST          ╺━━━━━━━━━    228ms
           └─ ✗ POST /ch…   ━━━━━━━━╸    220ms
              │  ! provider timed out
              │  ! TimeoutError: no answer fr…
              └─ orders …           ╺    2.1ms

      "
    `);
  });

  test("parents that are elsewhere, that are each other's, that are themselves; ids that occur twice", async () => {
    const odd = spans(
      span(1, 9, "orphan", 0, 0, 10),
      span(2, 1, "child", 0, 1, 4),
      span(3, 4, "a circle", 0, 5, 6),
      span(4, 3, "of two", 0, 5, 6),
      span(5, 5, "itself", 0, 6, 7),
      span(2, 1, "again", 0, 7, 9),
    );
    expect(await show("traces", odd)).toMatchInlineSnapshot(`
      "trace 4b4c4d4e4f505152535455565758595a  23:59:58.120  6 spans  10ms
        s                     0                           5ms                         10ms
        ⋯ orphan              ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━     10ms
        ├─ child                    ━━━━━━━━━━━━━━━━━━                                          3ms
        └─ again                                                        ━━━━━━━━━━━━            2ms
        a circle                                            ━━━━━━                              1ms
        └─ of two                                           ━━━━━━                              1ms
        itself                                                    ━━━━━━                        1ms

      "
    `);
  });

  test("no times, no name, an end before the start", async () => {
    const odd = spans(
      span(1, 0, "", 0, 0, 10),
      { ...span(2, 1, "backwards", 0, 8, 2), kind: 77 },
      { ...span(3, 1, "never", 0, 0, 0), startTimeUnixNano: "0", endTimeUnixNano: "0" },
    );
    expect(await show("traces", odd)).toMatchInlineSnapshot(`
      "trace 4b4c4d4e4f505152535455565758595a  23:59:58.120  3 spans  10ms
        s                     0                           5ms                         10ms
        (no name)             ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━     10ms
        ├─ never
        └─ backwards                                                          ╸                   0

      "
    `);
  });

  test("a thousand levels do not push the name out of sight", async () => {
    const deep = Array.from({ length: 1000 }, (_, i) => ({
      ...span(1, 0, `level ${i}`, 0, i, 2000 - i),
      spanId: id8(i + 1),
      ...(i === 0 ? {} : { parentSpanId: id8(i) }),
    }));
    const lines = (await show("traces", spans(...deep), { config: { max_items: 1000 } })).split("\n");
    expect(lines[901]).toContain("level 899");
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(100);
  });
});

describe("logs", () => {
  test("lines", async () => {
    expect(await show("logs", LOGS)).toMatchInlineSnapshot(`
      "23:59:58.121 INFO  storefront  4b4c4d4e  Checkout started  user.id=u-1187 cart.items=3
      23:59:58.133 DEBUG storefront  4b4c4d4e  Cart loaded
      23:59:58.321 WARN  storefront  4b4c4d4e  Payment provider is slow, waited 180 ms; will give up at
                                               200 ms, which the circuit breaker counts as a failure
      23:59:58.360 ERROR payments    4b4c4d4e  Charge failed  order.id=o-99
                                               ! TimeoutError: no answer from the provider after 200 ms
      23:59:58.380 INFO  payments              order.cancelled  {id: "o-99", total: 129.95}
      "
    `);
  });

  test("on 60 columns, with all attributes", async () => {
    expect(await show("logs", LOGS, { columns: 60, config: { attributes: "all" } })).toMatchInlineSnapshot(`
      "23:59:58.121 INFO  storefront  4b4c4d4e
        Checkout started
        user.id=u-1187  cart.items=3
      23:59:58.133 DEBUG storefront  4b4c4d4e
        Cart loaded
      23:59:58.321 WARN  storefront  4b4c4d4e
        Payment provider is slow, waited 180 ms; will give up at
        200 ms, which the circuit breaker counts as a failure
      23:59:58.360 ERROR payments    4b4c4d4e
        Charge failed
        ! TimeoutError: no answer from the provider after 200 ms
        exception.type=TimeoutError  exception.message="no answer
        from the provider after 200 ms\\n  at charge"
        order.id=o-99
      23:59:58.380 INFO  payments
        order.cancelled  {id: "o-99", total: 129.95}
      "
    `);
  });

  test("a stack trace shows its head", async () => {
    const stack = Array.from({ length: 40 }, (_, i) => `\tat frame${i} (app.js:${i})`).join("\n");
    expect(await show("logs", record({ body: { stringValue: `Error: boom\n${stack}` } }))).toMatchInlineSnapshot(`
      "no time       s  Error: boom
                         at frame0 (app.js:0)
                         at frame1 (app.js:1)
                         at frame2 (app.js:2)
                         at frame3 (app.js:3)
                         at frame4 (app.js:4)
                         at frame5 (app.js:5)
                       … and 34 more lines
      "
    `);
  });

  test("a time of another day has its date", async () => {
    expect(await show("logs", record({ timeUnixNano: "1732147200123456789", body: { stringValue: "old" } }))).toBe("2024-11-21 00:00:00.123       s  old\n");
  });
});

describe("metrics", () => {
  test("a table", async () => {
    expect(await show("metrics", METRICS, { columns: 130 })).toMatchInlineSnapshot(`
      "metrics storefront  23:59:59.120  10 points
        http.server.request.duration  histogram      n=1,482  mean 43.3ms  p50 24.5ms  p95 90ms   max 2.31s    status_code=200 method=P…
                                                     n=17     mean 241ms   p50 206ms   p95 457ms               status_code=502 method=P…
        orders.placed                 Δ counter      1,284 {order}                                             currency=EUR
                                                     310 {order}                                               currency=USD
        http.server.active_requests   up-down        12 {request}
        process.memory.usage          gauge          118 MiB
        process.cpu.utilization       gauge          0.1734
                                                     no value
        rpc.client.duration           exp histogram  n=20  mean 111ms  p50 69.8ms  p95 128ms                   method=Charge
        jvm.gc.pause                  summary        n=48  mean 12.7ms  min 2ms  p50 11ms  p99 48ms  max 90ms

      "
    `);
  });

  test("on 80 columns distributions move beneath their names", async () => {
    expect(await show("metrics", METRICS, { columns: 80 })).toMatchInlineSnapshot(`
      "metrics storefront  23:59:59.120  10 points
        http.server.request.duration  histogram
          n=1,482  mean 43.3ms  p50 24.5ms  p95 90ms   max 2.31s  status_code=200 met…
          n=17     mean 241ms   p50 206ms   p95 457ms             status_code=502 met…
        orders.placed                Δ counter  1,284 {order}  currency=EUR
                                                310 {order}    currency=USD
        http.server.active_requests  up-down    12 {request}
        process.memory.usage         gauge      118 MiB
        process.cpu.utilization      gauge      0.1734
                                                no value
        rpc.client.duration          exp histogram
          n=20  mean 111ms  p50 69.8ms  p95 128ms                 method=Charge
        jvm.gc.pause                 summary
          n=48  mean 12.7ms  min 2ms  p50 11ms  p99 48ms  max 90ms

      "
    `);
  });
});

describe("batches", () => {
  test.each([
    ["traces", "span", 45],
    ["logs", "log record", 45],
    ["metrics", "point", 45],
    ["profiles", "profile", 15],
  ] as const)("%s: past max_items they are counted", async (signal, noun, more) => {
    const items = more + 5;
    const shown = await show(signal, payload(signal, { items }).bytes, { config: { max_items: 5 } });
    expect(shown.endsWith(`… and ${more} more ${noun}s\n`)).toBe(true);
    expect(await show(signal, payload(signal, { items }).bytes, { config: { max_items: items } })).not.toContain("more");
  });

  test("several chunks, of which the last is past the limit", async () => {
    const on = printer("console");
    const chunks = [1, 2, 3].map((seed) => admitted(on.engine, "logs", payload("logs", { items: 10, seed }).bytes).chunk);
    const batch = new Batch({ signal: "logs", chunks, id: "t", items: 30, origin: { receiver: "otlp", peer: "", tenant: "", arrivedMs: 0, headers: {} } });
    await consoleExporter.create(consoleExporter.schema.parse({ max_items: 15 }), on).consume(batch);
    batch.release();
    expect(on.written()).toContain("… and 15 more log records");
    expect(on.engine.pool.blocks).toBe(0);
  });

  test("logs follow one another; a trace after them has room", async () => {
    const on = printer("console");
    const exporter = consoleExporter.create(consoleExporter.schema.parse({ attributes: "none" }), on);
    for (const [signal, of] of [
      ["logs", record({ body: { stringValue: "1" } })],
      ["logs", record({ body: { stringValue: "2" } })],
      ["traces", spans(span(1, 0, "x", 0, 0, 1))],
    ] as const) {
      const batch = batchOf(signal, admitted(on.engine, signal, judge(signal).encode(of)));
      await exporter.consume(batch);
      batch.release();
    }
    expect(
      on
        .written()
        .split("\n")
        .map((line) => line === ""),
    ).toEqual([false, false, true, false, false, false, true, true]);
  });
});

test("a terminal that fails costs a warning, not the batch", async () => {
  const on = printer("console");
  const terminal = { colours: false, columns: 80, write: () => expect.unreachable("the terminal is gone") };
  const batch = batchOf("logs", admitted(on.engine, "logs", payload("logs", { items: 3 }).bytes));
  const broken = { ...on, host: { ...on.host, terminal } };
  expect(await consoleExporter.create(consoleExporter.schema.parse({}), broken).consume(batch)).toEqual({ kind: "accepted" });
  batch.release();
  expect(on.log).toEqual(["warn Cannot print a batch"]);
  expect(on.engine.pool.blocks).toBe(0);
});

const ESCAPE = "\u001b";

describe("colours", () => {
  test("none where there is no terminal", async () => {
    for (const [signal, of] of [
      ["traces", TRACES],
      ["logs", LOGS],
      ["metrics", METRICS],
    ] as const)
      expect(await show(signal, of)).not.toContain("\u001b");
  });

  test("on one they are the only difference, and each ends on its line", async () => {
    for (const [signal, of] of [
      ["traces", TRACES],
      ["logs", LOGS],
      ["metrics", METRICS],
    ] as const) {
      const coloured = await show(signal, of, { colours: true });
      const styled = new RegExp(String.raw`${ESCAPE}\[[1-9]\d?m([^${ESCAPE}]*)${ESCAPE}\[0m`, "g");
      expect(coloured).toMatch(styled);
      const bare = coloured.replaceAll(styled, "$1");
      expect(
        bare
          .split("\n")
          .map((line) => line.trimEnd())
          .join("\n"),
      ).toBe(await show(signal, of));
    }
  });
});

/** What a terminal obeys or what makes text look like other text. */
const DANGEROUS = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/u;

describe("attacks", () => {
  const attacks = [
    "\u001b[2J\u001b[31mred",
    "\u001b]0;title\u0007",
    "\u009b31m",
    "a\rb",
    "line\nbreak",
    "\u202egnp.exe",
    "tab\ttab",
    "\u0000\u0008\u007f",
    "zero\u200bwidth\ufeff",
    "\u001b]8;;http://x\u001b\\link",
    `Z${"\u0335".repeat(5000)}`,
  ];

  test.each(attacks)("%j in every place that shows text", async (attack) => {
    const all = attributes({ [attack]: attack, "http.route": attack, "exception.type": attack, "exception.message": attack });
    const resource = { "service.name": attack };
    const point = { attributes: all, asInt: "1" };
    const places: readonly (readonly [Signal, Plain])[] = [
      [
        "traces",
        request("resourceSpans", "scopeSpans", "spans", [
          resource,
          [
            span(1, 0, attack, 2, 0, 1, {
              attributes: all,
              status: { code: 2, message: attack },
              events: [
                { name: "exception", attributes: all },
                { name: attack, attributes: all },
              ],
            }),
          ],
        ]),
      ],
      [
        "logs",
        request("resourceLogs", "scopeLogs", "logRecords", [
          resource,
          [{ severityText: attack, eventName: attack, body: { stringValue: attack }, attributes: all }, { body: { kvlistValue: { values: all } } }],
        ]),
      ],
      [
        "metrics",
        request("resourceMetrics", "scopeMetrics", "metrics", [
          resource,
          [
            { name: attack, unit: attack, gauge: { dataPoints: [point] } },
            { name: "h", unit: attack, histogram: { dataPoints: [{ ...point, asInt: undefined, count: "3" }] } },
          ],
        ]),
      ],
      [
        "profiles",
        {
          resourceProfiles: [
            { resource: { attributes: attributes(resource) }, scopeProfiles: [{ profiles: [{ sampleType: { typeStrindex: 1, unitStrindex: 1 } }] }] },
          ],
          dictionary: { stringTable: ["", attack] },
        },
      ],
    ];
    for (const [signal, of] of places) {
      for (const config of [{ attributes: "all" }, {}]) {
        const shown = await show(signal, of, { config });
        expect(shown).not.toMatch(DANGEROUS);
        expect(shown.length).toBeLessThan(20_000);
        for (const line of shown.split("\n")) expect(textWidth(line)).toBeLessThanOrEqual(100);
      }
    }
  });

  test("a value of a megabyte, a list of ten thousand, a map in a map in a map", async () => {
    const long = "x".repeat(1 << 20);
    let deep: Plain = { stringValue: "end" };
    for (let i = 0; i < 60; i++) deep = { kvlistValue: { values: [{ key: "in", value: deep }] } };
    const many = { arrayValue: { values: Array.from({ length: 10_000 }, () => ({ intValue: "1" })) } };
    for (const body of [{ stringValue: long }, deep, many]) {
      const shown = await show(
        "logs",
        record({
          body,
          attributes: [
            { key: "a", value: body },
            { key: long, value: { boolValue: true } },
          ],
        }),
        { config: { attributes: "all" } },
      );
      expect(shown.split("\n").length).toBeLessThan(25);
    }
  });
});

describe("whatever comes", () => {
  test.each(SIGNALS)("generated %s, whatever the order of fields, at any width", async (signal) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 500 }),
        fc.constantFrom("none", "key", "all"),
        async (seed, items, columns, wanted) => {
          const options = { columns, config: { attributes: wanted } };
          const shown = await show(signal, payload(signal, { items, seed }).bytes, options);
          expect(shown).not.toMatch(DANGEROUS);
          for (const line of shown.split("\n")) expect(textWidth(line)).toBeLessThanOrEqual(Math.min(400, Math.max(40, columns)));
          expect(await show(signal, payload(signal, { items, seed, order: "descending", unknown: true }).bytes, options)).toBe(shown);
        },
      ),
      { numRuns: runsHere(40) },
    );
  });

  test.each([
    ["traces", spans({ traceId: id8(1, 16), spanId: id8(1) })],
    ["traces", { resourceSpans: [{}, { scopeSpans: [{}] }] }],
    ["logs", record({})],
    ["logs", { resourceLogs: [{ scopeLogs: [{ logRecords: [{}, { body: {} }, { attributes: [{}] }] }] }] }],
    [
      "metrics",
      request("resourceMetrics", "scopeMetrics", "metrics", [
        {},
        [
          {},
          { gauge: {} },
          ...["gauge", "sum", "histogram", "exponentialHistogram", "summary"].map((shape) => ({ [shape]: { dataPoints: [{}, { attributes: [{}] }] } })),
        ],
      ]),
    ],
    ["profiles", { resourceProfiles: [{ scopeProfiles: [{ profiles: [{}, { sampleType: { typeStrindex: 99 } }] }] }] }],
    ["logs", record({ timeUnixNano: "18446744073709551615", body: { doubleValue: NaN } })],
    [
      "metrics",
      request("resourceMetrics", "scopeMetrics", "metrics", [
        {},
        [
          { unit: "s", histogram: { dataPoints: [{ count: "5", sum: NaN, bucketCounts: ["5"], explicitBounds: [NaN, Infinity] }] } },
          { unit: "s", exponentialHistogram: { dataPoints: [{ count: "5", scale: -2000, positive: { offset: 2 ** 31 - 1, bucketCounts: ["5"] } }] } },
        ],
      ]),
    ],
  ] as const)("%s with parts missing: %j", async (signal, of) => {
    for (const wanted of ["none", "key", "all"]) await show(signal, of, { config: { attributes: wanted } });
  });
});

describe("paper", () => {
  test.each([
    ["plain", 5],
    ["größe", 5],
    ["e\u0301", 1],
    ["見る", 4],
    ["👩‍👩‍👧", 2],
    ["✗├━", 3],
    ["", 0],
  ])("%s is %d wide", (text, columns) => {
    expect(textWidth(text)).toBe(columns);
  });

  test("text is cut between characters, never inside one", () => {
    expect([head("見る", 3), head("e\u0301e\u0301", 1), head("👩‍👩‍👧x", 2)]).toEqual(["見", "e\u0301", "👩‍👩‍👧"]);
  });

  test("escapes", () => {
    expect(escaped("\u001b[1m\n\u202e\u009b")).toBe(String.raw`\x1b[1m\n\u{202e}\x9b`);
  });

  test("wrapped at blanks, or anywhere, and cut at the last line", () => {
    expect(wrap("one two three", 8, 5)).toEqual(["one two", "three"]);
    expect(wrap("abcdefghij", 4, 5)).toEqual(["abcd", "efgh", "ij"]);
    expect(wrap("abcdefghij", 4, 2)).toEqual(["abcd", "efg…"]);
    expect(wrap("見\u{1f600}", 1, 3)).toEqual(["見", "\u{1f600}"]);
  });
});

describe("values", () => {
  test.each([
    [0, "0"],
    [3e-10, "0.3ns"],
    [0.0000123, "12.3µs"],
    [0.9994, "999ms"],
    [0.9996, "1s"],
    [12.34, "12.3s"],
    [185, "3m 05s"],
    [7260, "2h 01m"],
    [-0.5, "-500ms"],
  ])("%d s is %s", (seconds, told) => {
    expect(durationText(seconds)).toBe(told);
  });

  test.each([
    [1284n, "{order}", "1,284 {order}"],
    [2n ** 63n, "", "9,223,372,036,854,775,808"],
    [1536, "By", "1.5 KiB"],
    [-3, "By", "-3 B"],
    [0.1734219, "1", "0.1734"],
    [12.5, "%", "12.5%"],
    [Infinity, "ms", "?"],
  ])("%s %s is %s", (value, unit, told) => {
    expect(quantityText(value, unit)).toBe(told);
  });

  test.each([
    [{ bucketCounts: [0n, 10n, 0n], explicitBounds: [1, 2] }, 0.5, 1.5],
    [{ bucketCounts: [10n, 0n], explicitBounds: [1] }, 0.5, 0.5],
    [{ bucketCounts: [0n, 10n], explicitBounds: [1] }, 0.5, 1],
    [{ bucketCounts: [0n, 10n], explicitBounds: [1], max: 3 }, 0.5, 2],
    [{ bucketCounts: [5n, 5n], explicitBounds: [0], min: -10, max: 10 }, 0.25, -5],
    [{ bucketCounts: [0n, 0n], explicitBounds: [1] }, 0.5, undefined],
    [{}, 0.5, undefined],
  ])("of %o the quantile %d is %s", (point, quantile, value) => {
    expect(quantileOf(explicitBuckets(point), quantile)).toBe(value);
  });
});

test.each([[{ max_items: 0 }], [{ attributes: "some" }], [{ time: "CET" }], [{ colour: true }]])("%j is refused", (config) => {
  expect(consoleExporter.schema.safeParse(config).success).toBe(false);
});

function id8(number: number, size = 8): Uint8Array {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(size - 4, number);
  return bytes;
}

test.each([
  ["log records", logLines],
  ["spans", traceLines],
] as const)("more %s than a call takes arguments are laid out all the same", (_name, lines) => {
  const items = Array.from({ length: 150_000 }, (_, index) => ({ service: `service-${index}`, group: {}, item: {} }));
  const page = { columns: 100, attributes: "none", zone: "utc", nowMs: 0 } as const;
  expect(lines(items, page).next().done).toBe(false);
});
