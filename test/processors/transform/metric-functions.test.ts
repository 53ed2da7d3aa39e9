/** The transform processor's functions of metrics, on metrics as the judge writes and reads them. */
import { describe, expect, it } from "vitest";
import { BuildError, type OttlFunction } from "../../../src/ottl/contract.ts";
import { Subject } from "../../../src/ottl/subject.ts";
import { StatementError } from "../../../src/ottl/value.ts";
import { DATA_POINT_FUNCTIONS, METRIC_FUNCTIONS } from "../../../src/processors/transform/metric-functions/functions.ts";
import { judgeOf, type Plain } from "../../harness/judge.ts";
import { built, named, nobody } from "../../ottl/functions/harness.ts";

const judge = judgeOf("opentelemetry.proto.metrics.v1.Metric");
const FUNCTIONS: readonly OttlFunction[] = [...METRIC_FUNCTIONS, ...DATA_POINT_FUNCTIONS];

interface Outcome {
  readonly metric: Plain;
  readonly created: readonly Plain[];
}

/** A field that no table knows: number 100, two bytes. */
const UNKNOWN = Uint8Array.of(0xa2, 0x06, 2, 7, 9);

function hasUnknown(bytes: Uint8Array): boolean {
  return bytes.some((_, at) => UNKNOWN.every((byte, offset) => bytes[at + offset] === byte));
}

/** Applies the function; the statements run on what it made too, as the walk has it. */
function apply(name: string, metric: Plain, args: Readonly<Record<string, unknown>> = {}): Outcome {
  const run = built(named(FUNCTIONS, name), args);
  const given = judge.encode(metric);
  let body = Uint8Array.from([...UNKNOWN, ...given]);
  const created: { readonly body: Uint8Array; readonly makers: readonly object[] }[] = [];
  let makers: readonly object[] = [];
  const subject = new Subject(nobody.cursor);
  subject.metric = {
    read: () => body.slice(),
    replace: (changed) => {
      body = Uint8Array.from(changed);
    },
    create: (made, maker) => created.push({ body: made.slice(), makers: [...makers, maker] }),
    madeBy: (maker) => makers.includes(maker),
  };
  run(subject);
  const after = body;
  expect(hasUnknown(after)).toBe(true);
  for (const one of created) {
    body = Uint8Array.from(one.body);
    makers = one.makers;
    if (created.length < 10) run(subject);
  }
  return { metric: judge.toObject(after), created: created.map((one) => judge.toObject(one.body)) };
}

const text = (key: string, value: string): Plain => ({ key, value: { stringValue: value } });
const numberPoint = (value: Plain, attributes: readonly Plain[] = [], more: Plain = {}): Plain => ({
  startTimeUnixNano: "1",
  timeUnixNano: "5",
  attributes,
  ...value,
  ...more,
});

const gauge: Plain = {
  name: "g",
  description: "d",
  unit: "By",
  gauge: { dataPoints: [numberPoint({ asInt: "9007199254740993" }), numberPoint({ asDouble: 1.5 })] },
};
const sum: Plain = {
  name: "s",
  sum: {
    aggregationTemporality: 2,
    isMonotonic: true,
    dataPoints: [
      numberPoint({ asInt: "10" }, [text("k", "a"), text("o", "x")]),
      numberPoint({ asInt: "20" }, [text("k", "b"), text("o", "x")]),
      numberPoint({ asInt: "30" }, [text("k", "a"), text("o", "y")]),
    ],
  },
};
const histogram: Plain = {
  name: "h",
  description: "d",
  unit: "ms",
  histogram: {
    aggregationTemporality: 1,
    dataPoints: [
      {
        startTimeUnixNano: "1",
        timeUnixNano: "5",
        attributes: [text("k", "a")],
        count: "10",
        sum: 100,
        min: 1,
        max: 50,
        explicitBounds: [10, 20],
        bucketCounts: ["5", "3", "2"],
        exemplars: [
          { asInt: "3", timeUnixNano: "2" },
          { asDouble: 2.5, timeUnixNano: "2" },
        ],
      },
      { startTimeUnixNano: "1", timeUnixNano: "6", count: "0", explicitBounds: [], bucketCounts: [] },
    ],
  },
};
const exponential: Plain = {
  name: "e",
  exponentialHistogram: {
    aggregationTemporality: 1,
    dataPoints: [
      {
        startTimeUnixNano: "1",
        timeUnixNano: "5",
        attributes: [text("k", "a")],
        count: "10",
        sum: 20,
        scale: 0,
        zeroCount: "2",
        zeroThreshold: 0.5,
        positive: { offset: 0, bucketCounts: ["4", "2"] },
        negative: { offset: 1, bucketCounts: ["2"] },
        flags: 0,
        exemplars: [{ asDouble: 2.5, timeUnixNano: "2" }],
      },
    ],
  },
};
const summary: Plain = {
  name: "y",
  description: "d",
  unit: "s",
  summary: {
    dataPoints: [
      {
        startTimeUnixNano: "1",
        timeUnixNano: "5",
        attributes: [text("k", "a"), { key: "quantile", value: { intValue: "1" } }],
        count: "18446744073709551615",
        sum: 7.5,
        quantileValues: [
          { quantile: 0.5, value: 2 },
          { quantile: 0.9, value: 3 },
        ],
      },
      { startTimeUnixNano: "1", timeUnixNano: "6", attributes: [text("k", "b")], count: "3", sum: 1 },
    ],
  },
};

const normal = (metric: Plain): Plain => judge.toObject(judge.encode(metric));
const points = (metric: Plain, kind: string): Plain[] => ((metric[kind] as Plain | undefined)?.["dataPoints"] ?? []) as Plain[];

describe("convert_sum_to_gauge and convert_gauge_to_sum", () => {
  it("keep the points to the last bit", () => {
    expect(apply("convert_sum_to_gauge", sum).metric).toEqual(normal({ name: "s", gauge: { dataPoints: points(sum, "sum") } }));
    const made = apply("convert_gauge_to_sum", gauge, { string_agg_temp: "delta", monotonic: true }).metric;
    expect(made).toEqual(
      normal({ name: "g", description: "d", unit: "By", sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: points(gauge, "gauge") } }),
    );
    const other = apply("convert_gauge_to_sum", gauge, { string_agg_temp: "cumulative", monotonic: false }).metric["sum"];
    expect(other).toMatchObject({ aggregationTemporality: 2 });
    expect(other).not.toMatchObject({ isMonotonic: true });
  });

  it("leave other kinds alone, and know two temporalities", () => {
    for (const other of [gauge, histogram, exponential, summary, { name: "none" }]) expect(apply("convert_sum_to_gauge", other).metric).toEqual(normal(other));
    expect(apply("convert_gauge_to_sum", sum, { string_agg_temp: "delta", monotonic: true }).metric).toEqual(normal(sum));
    expect(() => apply("convert_gauge_to_sum", gauge, { string_agg_temp: "Delta", monotonic: true })).toThrow(BuildError);
  });
});

describe("copy_metric", () => {
  it("copies all of it under what is given, once, and not its copy", () => {
    const { metric, created } = apply("copy_metric", histogram, { name: () => "copy", unit: "s" });
    expect(metric).toEqual(normal(histogram));
    expect(created).toEqual([normal({ ...histogram, name: "copy", unit: "s" })]);
    expect(apply("copy_metric", histogram).created).toEqual([normal(histogram)]);
  });
});

describe("extract_sum_metric and extract_count_metric", () => {
  it("of a histogram: sums where there are any, counts everywhere", () => {
    const point = (value: Plain, time: string, attributes: readonly Plain[]) => numberPoint(value, attributes, { timeUnixNano: time });
    expect(apply("extract_sum_metric", histogram, { monotonic: true }).created).toEqual([
      normal({
        name: "h_sum",
        description: "d",
        unit: "ms",
        sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point({ asDouble: 100 }, "5", [text("k", "a")])] },
      }),
    ]);
    expect(apply("extract_count_metric", histogram, { monotonic: false, suffix: ".n" }).created).toEqual([
      normal({
        name: "h.n",
        description: "d",
        unit: "1",
        sum: { aggregationTemporality: 1, dataPoints: [point({ asInt: "10" }, "5", [text("k", "a")]), point({ asInt: "0" }, "6", [])] },
      }),
    ]);
  });

  it("of a summary, which is cumulative; the count's 64 bits as a signed number", () => {
    const [made = {}] = apply("extract_count_metric", summary, { monotonic: true }).created;
    expect(made["sum"]).toMatchObject({ aggregationTemporality: 2, dataPoints: [{ asInt: "-1" }, { asInt: "3" }] });
    expect(apply("extract_sum_metric", exponential, { monotonic: true }).created).toMatchObject([
      { name: "e_sum", sum: { dataPoints: [{ asDouble: 20, attributes: [{ key: "k" }] }] } },
    ]);
  });

  it("fail on other kinds, and on a histogram of no temporality", () => {
    for (const wrong of [gauge, sum, { name: "none" }, { name: "h", histogram: { dataPoints: [] } }]) {
      expect(() => apply("extract_sum_metric", wrong, { monotonic: true })).toThrow(StatementError);
      expect(() => apply("extract_count_metric", wrong, { monotonic: true })).toThrow(StatementError);
    }
  });

  it("make nothing of no points", () => {
    expect(apply("extract_sum_metric", { name: "h", histogram: { aggregationTemporality: 2 } }, { monotonic: true }).created).toEqual([]);
  });
});

describe("convert_summary_*", () => {
  it("sums and counts of all points", () => {
    const args = { string_agg_temp: "cumulative", monotonic: true };
    expect(apply("convert_summary_sum_val_to_sum", summary, args).created).toMatchObject([
      {
        name: "y_sum",
        description: "d",
        unit: "s",
        sum: {
          aggregationTemporality: 2,
          isMonotonic: true,
          dataPoints: [
            { asDouble: 7.5, timeUnixNano: "5" },
            { asDouble: 1, timeUnixNano: "6" },
          ],
        },
      },
    ]);
    expect(apply("convert_summary_count_val_to_sum", summary, { ...args, suffix: ".c" }).created).toMatchObject([
      { name: "y.c", unit: "s", sum: { dataPoints: [{ asInt: "-1" }, { asInt: "3" }] } },
    ]);
    expect(apply("convert_summary_sum_val_to_sum", histogram, args).created).toEqual([]);
  });

  it("quantiles as a gauge, each with its label in the place of one of that name", () => {
    const labelled = (quantile: number, value: number) =>
      numberPoint({ asDouble: value }, [text("k", "a"), { key: "quantile", value: { doubleValue: quantile } }]);
    expect(apply("convert_summary_quantile_val_to_gauge", summary).created).toEqual([
      normal({ name: "y.quantiles", description: "d", unit: "s", gauge: { dataPoints: [labelled(0.5, 2), labelled(0.9, 3)] } }),
    ]);
    const [other = {}] = apply("convert_summary_quantile_val_to_gauge", summary, { attribute_key: "q", suffix: "_q" }).created;
    expect(other["name"]).toBe("y_q");
    expect(points(other, "gauge")[0]).toMatchObject({ attributes: [{ key: "k" }, { key: "quantile" }, { key: "q", value: { doubleValue: 0.5 } }] });
  });
});

describe("scale_metric", () => {
  it("numbers: whole ones stay whole", () => {
    const { metric } = apply(
      "scale_metric",
      { ...gauge, gauge: { dataPoints: [{ asInt: "15" }, { asInt: "-15" }, { asDouble: 1.5 }, {}] } },
      { multiplier: 0.1, unit: () => "kBy" },
    );
    expect(metric).toEqual(normal({ ...gauge, unit: "kBy", gauge: { dataPoints: [{ asInt: "1" }, { asInt: "-1" }, { asDouble: 1.5 * 0.1 }, {}] } }));
    expect(apply("scale_metric", { name: "s", sum: { dataPoints: [{ asInt: "9223372036854775807" }] } }, { multiplier: 10 }).metric).toMatchObject({
      sum: { dataPoints: [{ asInt: "-9223372036854775808" }] },
    });
  });

  it("histograms: sum, least, greatest, bounds, exemplars; counts not", () => {
    const { metric } = apply("scale_metric", histogram, { multiplier: 2 });
    expect(points(metric, "histogram")[0]).toMatchObject({
      count: "10",
      sum: 200,
      min: 2,
      max: 100,
      explicitBounds: [20, 40],
      bucketCounts: ["5", "3", "2"],
      exemplars: [{ asInt: "6" }, { asDouble: 5 }],
    });
    expect(points(metric, "histogram")[1]).toEqual(points(normal(histogram), "histogram")[1]);
  });

  it("summaries: sum and quantiles", () => {
    const [first = {}] = points(apply("scale_metric", summary, { multiplier: 2 }).metric, "summary");
    expect(first).toMatchObject({
      sum: 15,
      count: "18446744073709551615",
      quantileValues: [
        { quantile: 0.5, value: 4 },
        { quantile: 0.9, value: 6 },
      ],
    });
  });

  it("fails on exponential histograms and on nothing", () => {
    for (const wrong of [exponential, { name: "none" }]) expect(() => apply("scale_metric", wrong, { multiplier: 2 })).toThrow(StatementError);
  });
});

describe("aggregate_on_attributes and aggregate_on_attribute_value", () => {
  it.each([
    ["sum", ["40", "20"]],
    ["max", ["30", "20"]],
    ["min", ["10", "20"]],
    ["mean", ["20", "20"]],
    ["median", ["20", "20"]],
    ["count", ["2", "20"]],
  ])("%s by one attribute", (how, wanted) => {
    const { metric } = apply("aggregate_on_attributes", sum, { aggregation_function: how, attributes: ["k"] });
    expect(points(metric, "sum").map((point) => point["asInt"])).toEqual(wanted);
    expect(points(metric, "sum").map((point) => point["attributes"])).toEqual([[text("k", "a")], [text("k", "b")]]);
    expect(metric["sum"]).toMatchObject({ aggregationTemporality: 2, isMonotonic: true });
  });

  it("without attributes takes none away, with an empty list all", () => {
    expect(points(apply("aggregate_on_attributes", sum, { aggregation_function: "sum" }).metric, "sum")).toHaveLength(3);
    expect(points(apply("aggregate_on_attributes", sum, { aggregation_function: "sum", attributes: [] }).metric, "sum")).toMatchObject([{ asInt: "60" }]);
  });

  it("puts values together under a new one", () => {
    const { metric } = apply("aggregate_on_attribute_value", sum, { aggregation_function: "sum", attribute: "k", values: ["a", "b"], new_value: "z" });
    expect(points(metric, "sum")).toMatchObject([
      { asInt: "30", attributes: [text("k", "z"), text("o", "x")] },
      { asInt: "30", attributes: [text("k", "z"), text("o", "y")] },
    ]);
  });

  it("leave metadata behind, and unknown fields where they are", () => {
    const metadata = [text("m", "d")];
    expect(apply("aggregate_on_attributes", { ...sum, metadata }, { aggregation_function: "sum" }).metric).toEqual(normal(sum));
    expect(
      apply("convert_exponential_histogram_to_histogram", { ...exponential, metadata }, { distribution_fn: "upper", explicit_bounds: [1] }).metric[
        "metadata"
      ] ?? [],
    ).toEqual([]);
    expect(apply("scale_metric", { ...gauge, metadata }, { multiplier: 1 }).metric["metadata"]).toEqual(metadata);
  });

  it("fail on summaries and on what is no aggregation", () => {
    expect(() => apply("aggregate_on_attributes", summary, { aggregation_function: "sum" })).toThrow(StatementError);
    expect(() => apply("aggregate_on_attribute_value", summary, { aggregation_function: "sum", attribute: "k", values: [], new_value: "" })).toThrow(
      StatementError,
    );
    expect(() => apply("aggregate_on_attributes", sum, { aggregation_function: "avg" })).toThrow(BuildError);
  });
});

describe("convert_exponential_histogram_to_histogram", () => {
  const convert = (how: string, bounds: readonly number[]) =>
    apply("convert_exponential_histogram_to_histogram", exponential, { distribution_fn: how, explicit_bounds: bounds }).metric;
  const counts = (how: string, bounds: readonly number[]) => points(convert(how, bounds), "histogram")[0]?.["bucketCounts"];

  it("keeps what both kinds have, and says 0 where there was no least and greatest", () => {
    expect(convert("upper", [0, 2, 4])).toEqual(
      normal({
        name: "e",
        histogram: {
          aggregationTemporality: 1,
          dataPoints: [
            {
              startTimeUnixNano: "1",
              timeUnixNano: "5",
              attributes: [text("k", "a")],
              count: "10",
              sum: 20,
              min: 0,
              max: 0,
              explicitBounds: [0, 2, 4],
              bucketCounts: ["6", "0", "2"],
              exemplars: [{ asDouble: 2.5, timeUnixNano: "2" }],
            },
          ],
        },
      }),
    );
  });

  // The bucket (1, 2] has 4 values, (2, 4] has 2; two are zeros.
  it.each<[string, number[], string[]]>([
    ["upper", [1.5, 5], ["2", "4"]],
    ["upper", [3, 3.5], ["4", "2"]],
    ["midpoint", [1.6, 3.5], ["6", "0"]],
    ["midpoint", [1, 1.2, 2.5], ["0", "4", "2"]],
    ["uniform", [1.5, 3], ["2", "4"]],
    ["uniform", [1.25, 1.5, 1.75, 8], ["1", "1", "3", "1"]],
    ["upper", [0.5], ["6"]],
  ])("%s over %s", (how, bounds, wanted) => {
    expect(counts(how, bounds)).toEqual(wanted);
  });

  it("random shares out every value, however many there are", () => {
    const many = { ...exponential, exponentialHistogram: { dataPoints: [{ count: "1", positive: { offset: 0, bucketCounts: ["18446744073709551615"] } }] } };
    const made = apply("convert_exponential_histogram_to_histogram", many, { distribution_fn: "", explicit_bounds: [1.2, 1.4, 3] }).metric;
    const parts = points(made, "histogram")[0]?.["bucketCounts"] as string[];
    expect(parts.reduce((total, part) => total + BigInt(part), 0n)).toBe(18446744073709551615n);
    expect(parts).toHaveLength(3);
  });

  it("leaves other kinds alone, and refuses what it does not know", () => {
    expect(apply("convert_exponential_histogram_to_histogram", gauge, { distribution_fn: "upper", explicit_bounds: [1] }).metric).toEqual(normal(gauge));
    expect(() => convert("lower", [1])).toThrow(BuildError);
    expect(() => convert("upper", [])).toThrow(BuildError);
  });
});

describe("extract_percentile_metric", () => {
  const percentile = (metric: Plain, value: number) => apply("extract_percentile_metric", metric, { percentile: value }).created;
  const valueOf = (metric: Plain, value: number) => points(percentile(metric, value)[0] ?? {}, "gauge")[0]?.["asDouble"];
  const withPoint = (more: Plain): Plain => ({
    name: "h",
    histogram: { dataPoints: [{ count: "10", explicitBounds: [10, 20], bucketCounts: ["5", "3", "2"], ...more }] },
  });

  it("makes a gauge that says which percentile it is, leaving points without values out", () => {
    expect(percentile(histogram, 50)).toEqual([
      normal({ name: "h_p50", description: "d (p50)", unit: "ms", gauge: { dataPoints: [numberPoint({ asDouble: 10 }, [text("k", "a")])] } }),
    ]);
    expect(apply("extract_percentile_metric", exponential, { percentile: 0.00001, suffix: "" }).created).toMatchObject([
      { name: "e_p1e-05", description: "p1e-05" },
    ]);
    expect(apply("extract_percentile_metric", exponential, { percentile: 99.9, suffix: ".x" }).created).toMatchObject([{ name: "e.x", description: "p99.9" }]);
    expect(percentile(gauge, 50)).toEqual([]);
  });

  it.each<[Plain, number, number]>([
    [{}, 30, 6],
    [{ min: 5 }, 30, 8],
    [{}, 80, 20],
    [{}, 70, 10 + (2 / 3) * 10],
    [{}, 99, 20],
    [{ max: 40 }, 99, 40],
    [{ max: 40 }, 90, 30],
    [{ explicitBounds: [-10, 20] }, 10, -10],
  ])("of a histogram with %o: %s is %s", (more, value, wanted) => {
    expect(valueOf(withPoint(more), value)).toBeCloseTo(wanted, 12);
  });

  it("of one bucket only between least and greatest", () => {
    const one = { explicitBounds: [], bucketCounts: ["10"] };
    expect(valueOf(withPoint({ ...one, min: 0, max: 100 }), 25)).toBe(30);
    expect(percentile(withPoint({ ...one, min: 0 }), 25)).toEqual([]);
  });

  it("of an exponential histogram: from the negative buckets over zero to the positive ones", () => {
    // (-4, -2]: 2, [-0.5, 0.5]: 2, (1, 2]: 4, (2, 4]: 2.
    expect(valueOf(exponential, 10)).toBeCloseTo(-(2 ** 1.5), 12);
    expect(valueOf(exponential, 20)).toBeCloseTo(-2, 12);
    expect(valueOf(exponential, 30)).toBeCloseTo(0, 12);
    expect(valueOf(exponential, 60)).toBeCloseTo(2 ** 0.5, 12);
    expect(valueOf(exponential, 99)).toBeCloseTo(4, 12);
    // The Collector's own value, which is not the nearest double.
    const one = { name: "e", exponentialHistogram: { dataPoints: [{ count: "2", positive: { offset: 1, bucketCounts: ["2"] } }] } };
    expect(valueOf(one, 50)).toBe(2.82842712474619);
  });

  it("fails where buckets and count do not fit, and knows percentiles from 0 to 100 alone", () => {
    expect(() => percentile(withPoint({ bucketCounts: ["5", "3"] }), 50)).toThrow(StatementError);
    expect(() => percentile(withPoint({ count: "100" }), 99)).toThrow(StatementError);
    for (const wrong of [0, 100, -1, NaN]) expect(() => percentile(histogram, wrong)).toThrow(BuildError);
  });
});

describe("what is registered", () => {
  it("is what the transform processor of 0.159 has", () => {
    expect(METRIC_FUNCTIONS.map(({ name }) => name).toSorted()).toEqual([
      "aggregate_on_attribute_value",
      "aggregate_on_attributes",
      "convert_exponential_histogram_to_histogram",
      "convert_gauge_to_sum",
      "convert_sum_to_gauge",
      "convert_summary_quantile_val_to_gauge",
      "copy_metric",
      "extract_count_metric",
      "extract_percentile_metric",
      "extract_sum_metric",
      "scale_metric",
    ]);
    expect(DATA_POINT_FUNCTIONS.map(({ name }) => name).toSorted()).toEqual([
      "convert_summary_count_val_to_sum",
      "convert_summary_sum_val_to_sum",
      "merge_histogram_buckets",
    ]);
  });
});
