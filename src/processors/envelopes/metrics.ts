/** A metric in an envelope: its five shapes, and the field numbers in which their points differ. */
import * as tables from "../../otlp/tables.ts";
import { type Field, type Fields, find, inside, textOf, varintOf } from "./fields.ts";

/** Values of AggregationTemporality. */
export const DELTA = 1;
export const CUMULATIVE = 2;
/** Bit of a point's flags: it has no value. */
export const NO_RECORDED_VALUE = 1;

export interface PointNumbers {
  readonly attributes: number;
  readonly start: number;
  readonly time: number;
  readonly flags: number;
}

const NUMBER: PointNumbers = {
  attributes: tables.NUMBER_DATA_POINT_ATTRIBUTES,
  start: tables.NUMBER_DATA_POINT_START_TIME_UNIX_NANO,
  time: tables.NUMBER_DATA_POINT_TIME_UNIX_NANO,
  flags: tables.NUMBER_DATA_POINT_FLAGS,
};

const NUMBERS: Readonly<Record<number, PointNumbers>> = {
  [tables.METRIC_GAUGE]: NUMBER,
  [tables.METRIC_SUM]: NUMBER,
  [tables.METRIC_HISTOGRAM]: {
    attributes: tables.HISTOGRAM_DATA_POINT_ATTRIBUTES,
    start: tables.HISTOGRAM_DATA_POINT_START_TIME_UNIX_NANO,
    time: tables.HISTOGRAM_DATA_POINT_TIME_UNIX_NANO,
    flags: tables.HISTOGRAM_DATA_POINT_FLAGS,
  },
  [tables.METRIC_EXPONENTIAL_HISTOGRAM]: {
    attributes: tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_ATTRIBUTES,
    start: tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_START_TIME_UNIX_NANO,
    time: tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_TIME_UNIX_NANO,
    flags: tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_FLAGS,
  },
  [tables.METRIC_SUMMARY]: {
    attributes: tables.SUMMARY_DATA_POINT_ATTRIBUTES,
    start: tables.SUMMARY_DATA_POINT_START_TIME_UNIX_NANO,
    time: tables.SUMMARY_DATA_POINT_TIME_UNIX_NANO,
    flags: tables.SUMMARY_DATA_POINT_FLAGS,
  },
};

/** The field numbers of the points of a data shape (METRIC_GAUGE and so on). */
export function pointNumbers(dataNumber: number): PointNumbers {
  return NUMBERS[dataNumber] ?? NUMBER;
}

/** The field that a metric's points are in; undefined for a metric without data. */
export function dataOf(metric: Fields): Field | undefined {
  return metric.find(({ number }) => NUMBERS[number] !== undefined);
}

export function nameOf(metric: Fields): string {
  return textOf(find(metric, tables.METRIC_NAME));
}

/** The points' number in Gauge, Sum, Histogram, ExponentialHistogram and Summary alike. */
export const POINTS = tables.GAUGE_DATA_POINTS;
/** Their aggregation temporality's, where they have one. */
export const TEMPORALITY = tables.SUM_AGGREGATION_TEMPORALITY;

export function temporalityOf(data: Fields): number {
  return varintOf(find(data, TEMPORALITY));
}

export function isMonotonic(data: Fields): boolean {
  return varintOf(find(data, tables.SUM_IS_MONOTONIC)) !== 0;
}

/** The points in a metric. */
export function countPoints(metric: Fields): number {
  let count = 0;
  for (const { number } of inside(dataOf(metric))) if (number === POINTS) count++;
  return count;
}
