/**
 * Items as large as they may be, through the processors: a span of as many attributes as one may have, a metric
 * of a million points, texts on which a search that goes back never ends. The right answer comes out,
 * nothing as large as the input lies on the stack, no block is held, and the next request is served.
 *
 * One synchronous stretch each: nothing here yields. `SLUICE_SHOW_COSTS=1` shows how long they were.
 */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import { ATTRIBUTES_MAX } from "../../src/kernel/kernel.ts";
import { attributes } from "../../src/processors/attributes.ts";
import { filter } from "../../src/processors/filter.ts";
import { groupByAttrs } from "../../src/processors/groupbyattrs.ts";
import { metricsTransform } from "../../src/processors/metrics-transform.ts";
import { redaction } from "../../src/processors/redaction.ts";
import { span } from "../../src/processors/span.ts";
import { transform } from "../../src/processors/transform.ts";
import { counting, field, fixed64, join, number } from "../harness/bytes.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { lentEngine } from "../harness/engine.ts";
import { RUNTIMES_FOUND } from "../harness/runtime.ts";
import { expectWell, gateOf, type Row, showCost, step } from "./gate.ts";

/** A Worker has 128 MB in all. */
const ON_WORKERS = RUNTIMES_FOUND.includes("workers");
const ON_NODE = RUNTIMES_FOUND.includes("node");
const POINTS = ON_WORKERS ? 50_000 : ON_NODE ? 1_000_000 : 250_000;
/** For rules that make a value of each: some microseconds a point. */
const FEWER_POINTS = ON_WORKERS ? 10_000 : ON_NODE ? 100_000 : 25_000;
const MEMORY_BYTES = ON_WORKERS ? 64 << 20 : 512 << 20;

type Pair = readonly [key: string, value: string];

const keyOf = (index: number) => `k${String(index).padStart(7, "0")}`;
const LAST = keyOf(ATTRIBUTES_MAX - 1);
const PAIRS: readonly Pair[] = Array.from({ length: ATTRIBUTES_MAX }, (_, index) => [keyOf(index), index % 3 === 0 ? "x1" : "ok"]);
const GOOD_SPAN: Plain = {
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: [
            {
              traceId: counting(16),
              spanId: counting(8),
              name: "n",
              attributes: [
                { key: "k0000009", value: { stringValue: "x1" } },
                { key: "z", value: { stringValue: "x" } },
              ],
            },
          ],
        },
      ],
    },
  ],
};

/** ASCII, which is all that these requests have. */
function asciiInto(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
  return at;
}

/** Attributes of a span, field 9, laid end to end. Keys and values are short. */
function attributesOf(pairs: readonly Pair[]): Uint8Array {
  const bytes = new Uint8Array(pairs.reduce((sum, [key, value]) => sum + 8 + key.length + value.length, 0));
  let at = 0;
  for (const [key, value] of pairs) {
    for (const byte of [0x4a, key.length + value.length + 6, 0x0a, key.length]) bytes[at++] = byte;
    at = asciiInto(bytes, at, key);
    for (const byte of [0x12, value.length + 2, 0x0a, value.length]) bytes[at++] = byte;
    at = asciiInto(bytes, at, value);
  }
  return bytes;
}

/** A request with one span; what stands `behind` its attributes is any other field. */
function spanOf(pairs: readonly Pair[], behind: Uint8Array = new Uint8Array()): Uint8Array {
  return field(1, field(2, field(2, field(1, counting(16)), field(2, counting(8)), field(5, "n"), attributesOf(pairs), behind)));
}

const WHOLE = spanOf(PAIRS);

/** Not `toEqual`, which would print millions of bytes. */
function same(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, other) === 0;
}

const statements = (...all: readonly string[]) => step(transform, { trace_statements: all, error_mode: "propagate" });
function changed(change: (pair: Pair) => Pair | undefined, pairs: readonly Pair[] = PAIRS): Pair[] {
  return pairs.flatMap((pair) => {
    const made = change(pair);
    return made === undefined ? [] : [made];
  });
}

describe("a span of as many attributes as one may have", () => {
  const intAttribute = (key: string, value: number) => field(9, field(1, key), field(2, number(3, value)));
  const maskedIn = (pairs: readonly Pair[]) => pairs.filter(([, value]) => value === "x1");
  type Case = readonly [name: string, row: Row, wanted: () => Uint8Array | undefined];
  const CASES: readonly Case[] = [
    [
      "attributes",
      [
        step(attributes, {
          actions: [
            { key: keyOf(7), action: "update", value: "new" },
            { pattern: "9$", action: "delete" },
            { key: "more", action: "insert", value: "v" },
          ],
        }),
      ],
      () => spanOf([...changed(([key, value]) => (key.endsWith("9") ? undefined : key === keyOf(7) ? [key, "new"] : [key, value])), ["more", "v"]]),
    ],
    [
      "attributes by include",
      [step(attributes, { include: { match_type: "strict", attributes: [{ key: LAST }] }, actions: [{ key: LAST, action: "delete" }] })],
      () => spanOf(PAIRS.slice(0, -1)),
    ],
    ["transform, one attribute", [statements(`set(span.attributes["${LAST}"], "zz")`)], () => spanOf([...PAIRS.slice(0, -1), [LAST, "zz"]])],
    [
      "transform, delete_matching_keys",
      [statements('delete_matching_keys(span.attributes, "[0-8]$")')],
      () => spanOf(changed((pair) => (pair[0].endsWith("9") ? pair : undefined))),
    ],
    [
      "transform, keep_keys",
      [statements(`keep_keys(span.attributes, ["${keyOf(3)}", "${LAST}"])`)],
      () => spanOf(changed((pair) => ([keyOf(3), LAST].includes(pair[0]) ? pair : undefined))),
    ],
    ["transform, limit", [statements(`limit(span.attributes, 10, ["${LAST}"])`)], () => spanOf([...PAIRS.slice(0, 9), [LAST, PAIRS.at(-1)?.[1] ?? ""]])],
    [
      "filter, nothing holds",
      [step(filter, { trace_conditions: [`span.attributes["${LAST}"] == "none"`, `Len(span.attributes) == ${ATTRIBUTES_MAX - 1}`] })],
      () => WHOLE,
    ],
    [
      "filter, the last attribute",
      [step(filter, { trace_conditions: [`span.attributes["${LAST}"] != nil and Len(span.attributes) == ${ATTRIBUTES_MAX}`] })],
      () => undefined,
    ],
    [
      "redaction, info",
      [step(redaction, { allow_all_keys: true, blocked_values: ["^x"], summary: "info" })],
      () =>
        spanOf(
          changed(([key, value]) => [key, value.replace(/^x/, "****")]),
          intAttribute("redaction.masked.count", maskedIn(PAIRS).length),
        ),
    ],
    ["redaction, nothing allowed", [step(redaction, { allowed_keys: [LAST] })], () => spanOf(PAIRS.slice(-1))],
    ["groupbyattrs", [step(groupByAttrs, { keys: ["none"] })], () => WHOLE],
  ];

  const OF_ALL: readonly Case[] = [
    [
      "replace_all_patterns",
      [statements('replace_all_patterns(span.attributes, "value", "^x", "y")')],
      () => spanOf(changed(([key, value]) => [key, value.replace(/^x/, "y")])),
    ],
    ["truncate_all", [statements("truncate_all(span.attributes, 1)")], () => spanOf(changed(([key, value]) => [key, value.slice(0, 1)]))],
    [
      "merge_maps with itself",
      [statements('set(span.cache["all"], span.attributes)', 'merge_maps(span.attributes, span.cache["all"], "upsert")')],
      () => WHOLE,
    ],
  ];

  it.each(OF_ALL)("transform, a value of all, %s", async (name, row, wanted) => {
    const gate = gateOf("traces", row, lentEngine(MEMORY_BYTES));
    const { outcome, bytes, ms } = await gate.send(WHOLE);
    showCost(`${ATTRIBUTES_MAX} attributes: ${name}`, ms);
    expect(outcome).toEqual({ kind: "accepted" });
    expect(same(bytes, wanted() ?? new Uint8Array())).toBe(true);
    await expectWell(gate, "traces", row, GOOD_SPAN);
  });

  it.each(CASES)("%s", async (name, row, wanted) => {
    const gate = gateOf("traces", row, lentEngine(MEMORY_BYTES));
    const { outcome, bytes, ms } = await gate.send(WHOLE);
    showCost(`${ATTRIBUTES_MAX} attributes: ${name}`, ms);
    expect(outcome).toEqual({ kind: "accepted" });
    const expected = wanted();
    if (expected === undefined) expect(bytes).toBeUndefined();
    else expect(same(bytes, expected)).toBe(true);
    if (expected !== undefined) await expectWell(gate, "traces", row, GOOD_SPAN);
    else expect((await gate.send(GOOD_SPAN)).bytes).toEqual(judge("traces").encode(GOOD_SPAN));
  });

  it("redaction, debug: every key is told, in order", async () => {
    const row = [step(redaction, { allow_all_keys: true, blocked_values: ["^x"], summary: "debug" })];
    const gate = gateOf("traces", row, lentEngine(MEMORY_BYTES));
    const { bytes, ms } = await gate.send(WHOLE);
    showCost(`${ATTRIBUTES_MAX} attributes: redaction, debug`, ms);
    const keys = maskedIn(PAIRS).map(([key]) => key);
    const told = join(field(9, field(1, "redaction.masked.keys"), field(2, field(1, keys.join(",")))), intAttribute("redaction.masked.count", keys.length));
    const wanted = changed(([key, value]) => [key, value.replace(/^x/, "****")]);
    expect(same(bytes, spanOf(wanted, told))).toBe(true);
    await expectWell(gate, "traces", row, GOOD_SPAN);
  });
});

describe("a metric of a million points", () => {
  const LABELS = 10;

  /** A gauge of points that say 1, with one of ten labels each; `behind` stands at the end of each point. */
  function gaugeOf(behind: Uint8Array = new Uint8Array(), count: number = POINTS): Uint8Array {
    const made = Array.from({ length: LABELS }, (_, label) => {
      const attribute = field(7, field(1, "a"), field(2, field(1, `v${label}`)));
      return field(1, fixed64(3, 5n), fixed64(6, 1n), attribute, behind);
    });
    const some = join(...made);
    const points = new Uint8Array((some.length * count) / LABELS);
    for (let at = 0; at < points.length; at += some.length) points.set(some, at);
    return field(1, field(2, field(2, field(1, "m"), field(5, points))));
  }

  const GOOD: Plain = {
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              {
                name: "m",
                gauge: {
                  dataPoints: [1, 2].map((asInt) => ({ timeUnixNano: "5", asInt: String(asInt), attributes: [{ key: "a", value: { stringValue: "v" } }] })),
                },
              },
            ],
          },
        ],
      },
    ],
  };
  const metrics: Signal = "metrics";

  it("transform, a statement on each point", async () => {
    const row = [step(transform, { metric_statements: ["set(datapoint.flags, 1)"] })];
    const gate = gateOf(metrics, row, lentEngine(MEMORY_BYTES));
    const { bytes, ms } = await gate.send(gaugeOf());
    showCost(`${POINTS} points: transform`, ms);
    expect(same(bytes, gaugeOf(number(8, 1)))).toBe(true);
    await expectWell(gate, metrics, row, GOOD);
  });

  it("transform, a statement on the metric that counts its points", async () => {
    const row = [step(transform, { metric_statements: ['set(metric.unit, "many") where Len(metric.data_points) > 1000'] })];
    const gate = gateOf(metrics, row, lentEngine(MEMORY_BYTES));
    const { bytes, ms } = await gate.send(gaugeOf());
    showCost(`${POINTS} points: transform, the metric`, ms);
    expect(bytes?.length).toBe(gaugeOf().length + 6);
    await expectWell(gate, metrics, row, GOOD);
  });

  it("transform, a function that rewrites the metric", async () => {
    const row = [step(transform, { metric_statements: [{ context: "metric", statements: ['aggregate_on_attributes("sum", ["a"])'] }] })];
    const gate = gateOf(metrics, row, lentEngine(MEMORY_BYTES));
    const { bytes, ms } = await gate.send(gaugeOf(new Uint8Array(), FEWER_POINTS));
    showCost(`${FEWER_POINTS} points: aggregate_on_attributes`, ms);
    expect(valuesIn(bytes)).toEqual(Array.from({ length: LABELS }, () => String(FEWER_POINTS / LABELS)));
    await expectWell(gate, metrics, row, GOOD);
  });

  it("filter, every second label", async () => {
    const row = [step(filter, { metric_conditions: ['IsMatch(datapoint.attributes["a"], "[13579]$")'] })];
    const gate = gateOf(metrics, row, lentEngine(MEMORY_BYTES));
    const { bytes, ms } = await gate.send(gaugeOf());
    showCost(`${POINTS} points: filter`, ms);
    expect(gate.counters.total("otelcol_processor_outgoing_items")).toBe(POINTS / 2);
    expect(bytes?.length).toBeLessThan(gaugeOf().length * 0.51);
    await expectWell(gate, metrics, row, GOOD);
  });

  it("metrics_transform, aggregate_labels", async () => {
    const row = [
      step(metricsTransform, {
        transforms: [{ include: "m", action: "update", operations: [{ action: "aggregate_labels", label_set: ["a"], aggregation_type: "sum" }] }],
      }),
    ];
    const gate = gateOf(metrics, row, lentEngine(MEMORY_BYTES));
    const { bytes, ms } = await gate.send(gaugeOf());
    showCost(`${POINTS} points: aggregate_labels`, ms);
    expect(valuesIn(bytes)).toEqual(Array.from({ length: LABELS }, () => String(POINTS / LABELS)));
    await expectWell(gate, metrics, row, GOOD);
  });

  it("metrics_transform, all points into one, by their median", async () => {
    const row = [
      step(metricsTransform, {
        transforms: [{ include: "m", action: "update", operations: [{ action: "aggregate_labels", label_set: [], aggregation_type: "median" }] }],
      }),
    ];
    const gate = gateOf(metrics, row, lentEngine(MEMORY_BYTES));
    const { bytes, ms } = await gate.send(gaugeOf(new Uint8Array(), FEWER_POINTS));
    showCost(`${FEWER_POINTS} points: aggregate_labels, median`, ms);
    expect(valuesIn(bytes)).toEqual(["1"]);
    await expectWell(gate, metrics, row, GOOD);
  });

  function valuesIn(bytes: Uint8Array | undefined): unknown[] {
    const [group] = list(judge("metrics").toObject(bytes ?? new Uint8Array()), "resourceMetrics");
    const [metric] = list(list(group, "scopeMetrics")[0], "metrics");
    return list(metric?.["gauge"], "dataPoints").map(({ asInt }) => asInt);
  }
});

describe("patterns that a search which goes back never ends on, over 100 KB", () => {
  const subject = `${"a".repeat(100_000)}!`;
  const PATTERNS = ["(a+)+$", "^(a|aa)+$", "^((a*)*)*$", "(?:a?){30}a{30}$"];
  const withText = (name: string): Plain => ({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: counting(16),
                spanId: counting(8),
                name,
                attributes: [
                  { key: "long", value: { stringValue: subject } },
                  { key: subject, value: { stringValue: "key" } },
                ],
              },
            ],
          },
        ],
      },
    ],
  });
  type Rule = readonly [name: string, make: (pattern: string) => Row[number]];
  const RULES: readonly Rule[] = [
    [
      "attributes, extract",
      (pattern) =>
        step(attributes, {
          actions: [
            {
              key: "long",
              action: "extract",
              pattern: pattern
                .replace("(?:", "(")
                .replace("(", "(?P<got>")
                .replaceAll(/\((?!\?)/g, "(?:"),
            },
          ],
        }),
    ],
    ["attributes, delete", (pattern) => step(attributes, { actions: [{ pattern, action: "delete" }] })],
    [
      "attributes, include",
      (pattern) =>
        step(attributes, { include: { match_type: "regexp", attributes: [{ key: "long", value: pattern }] }, actions: [{ key: "long", action: "delete" }] }),
    ],
    ["redaction, values", (pattern) => step(redaction, { allow_all_keys: true, blocked_values: [pattern] })],
    ["redaction, keys", (pattern) => step(redaction, { allow_all_keys: true, blocked_key_patterns: [pattern], ignored_key_patterns: [pattern] })],
    [
      "span",
      (pattern) =>
        step(span, {
          name: {
            to_attributes: {
              rules: [
                pattern
                  .replace("(?:", "(")
                  .replace("(", "(?P<got>")
                  .replaceAll(/\((?!\?)/g, "(?:"),
              ],
            },
          },
        }),
    ],
  ];

  it.each(RULES)("%s: nothing matches, and at once", async (name, make) => {
    for (const pattern of PATTERNS) {
      const row = [make(pattern)];
      const gate = gateOf("traces", row);
      const message = withText(subject);
      const { bytes, ms } = await gate.send(message);
      showCost(`${name}, ${pattern}`, ms);
      expect(same(bytes, judge("traces").encode(message)), pattern).toBe(true);
      await expectWell(gate, "traces", row, GOOD_SPAN);
    }
  });

  it("metrics_transform, a metric's name", async () => {
    for (const pattern of PATTERNS) {
      const row = [step(metricsTransform, { transforms: [{ include: pattern, match_type: "regexp", action: "update", new_name: "$1" }] })];
      const gate = gateOf("metrics", row);
      const message = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: subject, gauge: { dataPoints: [{ asInt: "1" }] } }] }] }] };
      const { bytes, ms } = await gate.send(message);
      showCost(`metrics_transform, ${pattern}`, ms);
      expect(same(bytes, judge("metrics").encode(message)), pattern).toBe(true);
      await expectWell(gate, "metrics", row, { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "b!", gauge: { dataPoints: [{ asInt: "1" }] } }] }] }] });
    }
  });
});
