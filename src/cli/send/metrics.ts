/**
 * Made-up metrics: a service's requests told in the five shapes of metrics, in turn. Each metric has
 * the same series; counts of a series grow, and its times never run backwards. The same series may
 * come twice in a large request.
 */
import {
  EXPONENTIAL_HISTOGRAM_AGGREGATION_TEMPORALITY,
  EXPORT_METRICS_SERVICE_REQUEST_RESOURCE_METRICS,
  HISTOGRAM_AGGREGATION_TEMPORALITY,
  METRIC_DESCRIPTION,
  METRIC_EXPONENTIAL_HISTOGRAM,
  METRIC_GAUGE,
  METRIC_HISTOGRAM,
  METRIC_NAME,
  METRIC_SUM,
  METRIC_SUMMARY,
  METRIC_UNIT,
  SCOPE_METRICS_METRICS,
  SUM_AGGREGATION_TEMPORALITY,
  SUM_IS_MONOTONIC,
} from "../../otlp/tables.ts";
import { AttributeWriter } from "./attributes.ts";
import { type Content, type Generator, nanosOf, type Shape } from "./content.ts";
import { Envelope } from "./envelope.ts";
import { MessageWriter } from "./message.ts";
import { POINT_WRITERS } from "./points.ts";
import { Random } from "./random.ts";
import { Series, SERIES } from "./series.ts";

interface Description {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  /** The field of `Metric` that holds the shape. */
  readonly data: number;
  /** The shape's field for the temporality; 0 for those that have none. */
  readonly temporality: number;
}

/** Points of one metric in a row: enough metrics in a small request, enough points in each. */
const POINTS_A_METRIC = 5;

const DESCRIPTIONS: Readonly<Record<Shape, Description>> = {
  gauge: { name: "app.queue.age", description: "Age of the oldest job", unit: "s", data: METRIC_GAUGE, temporality: 0 },
  sum: { name: "http.server.requests", description: "Requests served", unit: "{request}", data: METRIC_SUM, temporality: SUM_AGGREGATION_TEMPORALITY },
  histogram: {
    name: "http.server.request.duration",
    description: "Duration of HTTP server requests",
    unit: "s",
    data: METRIC_HISTOGRAM,
    temporality: HISTOGRAM_AGGREGATION_TEMPORALITY,
  },
  exponential_histogram: {
    name: "http.client.request.duration",
    description: "Duration of HTTP client requests",
    unit: "s",
    data: METRIC_EXPONENTIAL_HISTOGRAM,
    temporality: EXPONENTIAL_HISTOGRAM_AGGREGATION_TEMPORALITY,
  },
  summary: { name: "app.gc.pause", description: "Pauses for garbage collection", unit: "s", data: METRIC_SUMMARY, temporality: 0 },
};

export class MetricGenerator implements Generator {
  readonly #content: Content;
  readonly #nowMs: () => number;
  readonly #random: Random;
  readonly #to = new MessageWriter();
  readonly #envelope: Envelope;
  readonly #attributes: AttributeWriter;
  readonly #series: Readonly<Record<Shape, readonly Series[]>>;
  /** Metrics written so far. */
  #metrics = 0;

  constructor(content: Content, nowMs: () => number) {
    this.#content = content;
    this.#nowMs = nowMs;
    this.#random = new Random(content.seed);
    this.#envelope = new Envelope(content);
    this.#attributes = new AttributeWriter(content.attributes);
    const started = nanosOf(nowMs(), this.#random);
    const fresh = () => SERIES.map((labels) => new Series(labels, started));
    this.#series = { gauge: fresh(), sum: fresh(), histogram: fresh(), exponential_histogram: fresh(), summary: fresh() };
  }

  request(items: number): Uint8Array<ArrayBuffer> {
    this.#envelope.write(this.#to, this.#random, EXPORT_METRICS_SERVICE_REQUEST_RESOURCE_METRICS, () => {
      for (let left = items; left > 0; left -= POINTS_A_METRIC) this.#metric(Math.min(left, POINTS_A_METRIC));
    });
    return this.#to.take();
  }

  #metric(points: number): void {
    const to = this.#to;
    const { shapes } = this.#content;
    const number = this.#metrics++;
    const shape = shapes[number % shapes.length] ?? "gauge";
    const { description, unit, data, temporality } = DESCRIPTIONS[shape];
    const metric = to.begin(SCOPE_METRICS_METRICS);
    to.text(METRIC_NAME, this.#nameOf(shape));
    to.text(METRIC_DESCRIPTION, description);
    to.text(METRIC_UNIT, unit);
    const body = to.begin(data);
    // The next points go on where the ones before of this shape ended.
    const first = Math.floor(number / shapes.length) * POINTS_A_METRIC;
    for (let i = 0; i < points; i++) this.#point(shape, first + i);
    if (temporality !== 0) to.varint(temporality, this.#content.temporality);
    if (shape === "sum") to.varint(SUM_IS_MONOTONIC, 1);
    to.end(body);
    to.end(metric);
  }

  #point(shape: Shape, index: number): void {
    const all = this.#series[shape];
    const series = all[index % all.length];
    if (series === undefined) return;
    series.advance(nanosOf(this.#nowMs(), this.#random), this.#content.temporality, this.#random);
    POINT_WRITERS[shape](this.#to, series, this.#attributes, this.#random);
  }

  /** One name for several shapes would be a conflict at the back end. */
  #nameOf(shape: Shape): string {
    const { metricName, shapes } = this.#content;
    if (metricName === undefined) return DESCRIPTIONS[shape].name;
    return shapes.length === 1 ? metricName : `${metricName}.${shape}`;
  }
}
