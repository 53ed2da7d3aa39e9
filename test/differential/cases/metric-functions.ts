/** The transform processor's own functions of metrics, and set_semconv_span_name. */
import { cases, type Case, contextCases, inAnyOrder, statementCases, transform } from "../case.ts";

const NAMED = (call: string, name: string) => `${call} where metric.name == "${name}"`;

const FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  convert_sum_to_gauge: ["convert_sum_to_gauge()", NAMED("convert_sum_to_gauge()", "bytes.sent"), `convert_sum_to_gauge("x")`],
  convert_gauge_to_sum: [
    `convert_gauge_to_sum("cumulative", true)`,
    `convert_gauge_to_sum("delta", false)`,
    `convert_gauge_to_sum("nope", false)`,
    `convert_gauge_to_sum("delta")`,
    NAMED(`convert_gauge_to_sum("delta", true)`, "none"),
  ],
  extract_count_metric: [
    "extract_count_metric(true)",
    `extract_count_metric(false, ".n")`,
    NAMED("extract_count_metric(true)", "http.duration"),
    NAMED("extract_count_metric(true)", "queue.size"),
  ],
  extract_sum_metric: [
    "extract_sum_metric(true)",
    `extract_sum_metric(false, ".total")`,
    NAMED("extract_sum_metric(true)", "gc.pause"),
    NAMED("extract_sum_metric(true)", "queue.size"),
  ],
  extract_percentile_metric: [
    "extract_percentile_metric(50.0)",
    "extract_percentile_metric(99.9)",
    `extract_percentile_metric(95.0, ".p95")`,
    NAMED("extract_percentile_metric(25.0)", "http.duration"),
    "extract_percentile_metric(0.0)",
    "extract_percentile_metric(100.0)",
    "extract_percentile_metric(50)",
    NAMED("extract_percentile_metric(50.0)", "gc.pause"),
  ],
  convert_summary_count_val_to_sum: [
    `convert_summary_count_val_to_sum("delta", true)`,
    `convert_summary_count_val_to_sum("cumulative", false, ".count")`,
    `convert_summary_count_val_to_sum("nope", false)`,
  ],
  convert_summary_sum_val_to_sum: [`convert_summary_sum_val_to_sum("delta", true)`, `convert_summary_sum_val_to_sum("cumulative", false, ".sum")`],
  convert_summary_quantile_val_to_gauge: [
    "convert_summary_quantile_val_to_gauge()",
    `convert_summary_quantile_val_to_gauge("q")`,
    `convert_summary_quantile_val_to_gauge("q", ".quantiles")`,
  ],
  copy_metric: [
    NAMED(`copy_metric(name = "copy")`, "http.requests"),
    NAMED(`copy_metric(name = "copy", desc = "d", unit = "u")`, "http.duration"),
    NAMED(`copy_metric(name = "copy", description = "d", unit = "u")`, "gc.pause"),
    `copy_metric(name = Concat([metric.name, "copy"], ".")) where metric.name == "queue.size"`,
  ],
  scale_metric: [
    "scale_metric(2.0)",
    "scale_metric(0.5)",
    `scale_metric(10.0, "kWh")`,
    "scale_metric(-1.0)",
    "scale_metric(2)",
    NAMED(`scale_metric(1000.0, unit = "ms")`, "gc.pause"),
  ],
  aggregate_on_attributes: [
    ...["sum", "mean", "min", "max", "median", "count"].map((how) => `aggregate_on_attributes("${how}", ["method"]) where metric.type == 2`),
    `aggregate_on_attributes("sum", ["queue"])`,
    `aggregate_on_attributes("max", [])`,
    `aggregate_on_attributes("sum")`,
    `aggregate_on_attributes("nope", ["method"])`,
    NAMED(`aggregate_on_attributes("sum", ["code"])`, "http.duration"),
    NAMED(`aggregate_on_attributes("sum", [])`, "rpc.duration"),
  ],
  aggregate_on_attribute_value: [
    `aggregate_on_attribute_value("sum", "method", ["GET", "POST"], "ANY")`,
    `aggregate_on_attribute_value("max", "queue", ["a", "b"], "all")`,
    `aggregate_on_attribute_value("sum", "none", ["a"], "all")`,
    `aggregate_on_attribute_value("mean", "host", ["h1", "h2"], "any")`,
  ],
  convert_exponential_histogram_to_histogram: [
    ...["upper", "midpoint", "uniform"].map((how) => `convert_exponential_histogram_to_histogram("${how}", [0.0, 1.0, 2.0, 5.0])`),
    `convert_exponential_histogram_to_histogram("upper", [])`,
    `convert_exponential_histogram_to_histogram("nope", [1.0])`,
    `convert_exponential_histogram_to_histogram("upper", [1, 2])`,
    NAMED(`convert_exponential_histogram_to_histogram("upper", [1.0])`, "http.duration"),
  ],
  merge_histogram_buckets: [
    "merge_histogram_buckets(5.0)",
    `merge_histogram_buckets(5, "remove_explicit_bound")`,
    "merge_histogram_buckets(7.0)",
    `merge_histogram_buckets(2, "limit_buckets")`,
    `merge_histogram_buckets(3, "limit_buckets")`,
    `merge_histogram_buckets(0, "limit_buckets")`,
    `merge_histogram_buckets(2, "nope")`,
    `merge_histogram_buckets(1.0) where datapoint.attributes["method"] == "GET"`,
  ],
};

const several = (...statements: readonly string[]) => ({ transform: transform("metrics", statements) });

const SEVERAL = {
  "created metrics get the statements behind": several(
    NAMED("extract_count_metric(true)", "http.duration"),
    `set(metric.unit, "1") where metric.name == "http.duration_count"`,
  ),
  "created metrics do not get those before": several(
    `set(metric.unit, "1") where metric.name == "http.duration_count"`,
    NAMED("extract_count_metric(true)", "http.duration"),
  ),
  "convert and rename": several(
    `convert_gauge_to_sum("cumulative", false) where metric.name == "queue.size"`,
    `set(metric.name, "queue.total") where metric.name == "queue.size"`,
  ),
  "copy, then change the copy": several(
    NAMED(`copy_metric(name = "copy")`, "http.requests"),
    `convert_sum_to_gauge() where metric.name == "copy"`,
    `set(metric.description, "a copy") where metric.name == "copy"`,
  ),
  "convert, then look at the points": {
    transform: `metric_statements:\n  - context: metric\n    statements: ['convert_sum_to_gauge()']\n  - statements: ['set(datapoint.attributes["was"], metric.type)']`,
  },
  "metric and data point in one list": several(
    `set(metric.description, "x") where datapoint.attributes["method"] == "GET"`,
    `set(datapoint.attributes["unit"], metric.unit)`,
  ),
  "a metric function beside data points": several("convert_sum_to_gauge()", `set(datapoint.attributes["a"], 1)`),
};

const NAMES = [
  `set_semconv_span_name("1.37.0")`,
  `set_semconv_span_name("1.43.0")`,
  `set_semconv_span_name("1.43.0", "original")`,
  `set_semconv_span_name("1.0.0")`,
  `set_semconv_span_name("x")`,
  `set_semconv_span_name("1.43.0") where span.kind == SPAN_KIND_CLIENT`,
];

/** Functions of the context datapoint. */
const OF_POINTS = new Set(["convert_summary_count_val_to_sum", "convert_summary_sum_val_to_sum", "merge_histogram_buckets"]);

export const METRIC_FUNCTIONS: readonly Case[] = [
  ...Object.entries(FUNCTIONS).flatMap(([group, statements]) => {
    const made = contextCases(group, "metrics", "shapes", OF_POINTS.has(group) ? "datapoint" : "metric", statements, "ignore");
    return group.startsWith("aggregate") ? inAnyOrder(made) : made;
  }),
  ...contextCases("metric functions that fail, propagate", "metrics", "shapes", "metric", [
    "extract_count_metric(true)",
    "extract_sum_metric(true)",
    "scale_metric(2.0)",
  ]),
  ...statementCases("metric functions say no context", "metrics", "shapes", [
    "convert_sum_to_gauge()",
    "scale_metric(2.0)",
    NAMED("convert_sum_to_gauge()", "bytes.sent"),
    NAMED("scale_metric(2.0)", "gc.pause"),
  ]),
  ...contextCases("metric functions in another context", "metrics", "shapes", "datapoint", ["convert_sum_to_gauge()", "scale_metric(2.0)"]),
  ...cases("metric functions together", "metrics", ["shapes"], SEVERAL),
  ...contextCases("set_semconv_span_name", "traces", "many", "span", NAMES),
];
