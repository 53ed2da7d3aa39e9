/** The functions that the transform processor has for metrics, and for their data points, beside OTTL's own. */
import type { OttlFunction } from "../../../ottl/contract.ts";
import { aggregateOnAttributes, aggregateOnAttributeValue } from "./aggregate.ts";
import { mergeHistogramBuckets } from "./buckets.ts";
import { convertGaugeToSum, convertSumToGauge } from "./convert.ts";
import { convertExponentialHistogram } from "./exponential.ts";
import { convertSummaryCount, convertSummaryQuantile, convertSummarySum, copyMetric, extractCountMetric, extractSumMetric } from "./extract.ts";
import { extractPercentileMetric } from "./percentile.ts";
import { scaleMetric } from "./scale.ts";

export const METRIC_FUNCTIONS: readonly OttlFunction[] = [
  aggregateOnAttributes,
  aggregateOnAttributeValue,
  convertExponentialHistogram,
  convertGaugeToSum,
  convertSumToGauge,
  convertSummaryQuantile,
  copyMetric,
  extractCountMetric,
  extractPercentileMetric,
  extractSumMetric,
  scaleMetric,
];

export const DATA_POINT_FUNCTIONS: readonly OttlFunction[] = [convertSummaryCount, convertSummarySum, mergeHistogramBuckets];
