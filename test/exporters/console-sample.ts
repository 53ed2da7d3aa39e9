/** A shop's checkout that fails, as SDKs would tell it: six spans, five log records, nine points. */
import type { Plain } from "../harness/judge.ts";
import { counting } from "../harness/bytes.ts";

const START_MS = Date.UTC(2026, 10, 20, 23, 59, 58, 120);
const TRACE_ID = counting(16, 0x4b);
const STORE = { "service.name": "storefront", "service.version": "1.4.2" };
const ERROR = { code: 2 };

export function spanId(number: number): Uint8Array {
  return counting(8, number * 16);
}

/** Nanoseconds since 1970, `ms` after the sample's begin. */
export function at(ms: number): string {
  return `${BigInt(START_MS) * 1_000_000n + BigInt(Math.round(ms * 1e6))}`;
}

export function attributes(of: Readonly<Record<string, string | number>>): Plain[] {
  return Object.entries(of).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? { stringValue: value } : Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value },
  }));
}

export function span(number: number, parent: number, name: string, kind: number, fromMs: number, toMs: number, rest: Plain = {}): Plain {
  const times = { startTimeUnixNano: at(fromMs), endTimeUnixNano: at(toMs) };
  return { traceId: TRACE_ID, spanId: spanId(number), ...(parent === 0 ? {} : { parentSpanId: spanId(parent) }), name, kind, ...times, ...rest };
}

export function request(
  groups: "resourceSpans" | "resourceLogs" | "resourceMetrics",
  scopes: string,
  items: string,
  ...of: readonly (readonly [resource: Readonly<Record<string, string>>, items: readonly Plain[]])[]
): Plain {
  return {
    [groups]: of.map(([resource, list]) => ({ resource: { attributes: attributes(resource) }, [scopes]: [{ scope: { name: "shop" }, [items]: list }] })),
  };
}

const timeout = attributes({ "exception.type": "TimeoutError", "exception.message": "no answer from the provider after 200 ms\n  at charge" });

export const TRACES = request(
  "resourceSpans",
  "scopeSpans",
  "spans",
  [
    STORE,
    [
      span(1, 0, "POST /checkout", 2, 0, 248.3, {
        attributes: attributes({
          "http.request.method": "POST",
          "http.route": "/checkout",
          "http.response.status_code": 502,
          "user_agent.original": "Mozilla/5.0",
        }),
        status: ERROR,
      }),
      span(2, 1, "load cart", 1, 2, 14.2, { attributes: attributes({ "cart.items": 3 }) }),
      span(3, 2, "SELECT shop.carts", 3, 3.1, 11.9, {
        attributes: attributes({ "db.system.name": "postgresql", "db.query.text": "SELECT * FROM shop.carts WHERE user_id = $1" }),
      }),
      span(4, 1, "POST", 3, 16, 244, {
        attributes: attributes({ "http.request.method": "POST", "url.full": "http://payments:8080/charge", "http.response.status_code": 500 }),
        status: ERROR,
      }),
    ],
  ],
  [
    { "service.name": "payments" },
    [
      span(5, 4, "POST /charge", 2, 21, 240.8, {
        attributes: attributes({ "http.request.method": "POST", "http.route": "/charge", "http.response.status_code": 500 }),
        status: { ...ERROR, message: "provider timed out" },
        events: [{ timeUnixNano: at(239), name: "exception", attributes: timeout }],
      }),
      span(6, 5, "orders publish", 4, 238, 240.1, { attributes: attributes({ "messaging.system": "kafka", "messaging.destination.name": "orders" }) }),
    ],
  ],
);

const inTrace = { traceId: TRACE_ID, spanId: spanId(1) };

export const LOGS = request(
  "resourceLogs",
  "scopeLogs",
  "logRecords",
  [
    STORE,
    [
      {
        ...inTrace,
        timeUnixNano: at(1),
        severityNumber: 9,
        body: { stringValue: "Checkout started" },
        attributes: attributes({ "user.id": "u-1187", "cart.items": 3 }),
      },
      { ...inTrace, timeUnixNano: at(13), severityNumber: 5, body: { stringValue: "Cart loaded" } },
      {
        ...inTrace,
        timeUnixNano: at(201),
        severityNumber: 13,
        body: { stringValue: "Payment provider is slow, waited 180 ms; will give up at 200 ms, which the circuit breaker counts as a failure" },
      },
    ],
  ],
  [
    { "service.name": "payments" },
    [
      {
        ...inTrace,
        timeUnixNano: at(240),
        severityNumber: 17,
        body: { stringValue: "Charge failed" },
        attributes: [...timeout, ...attributes({ "order.id": "o-99" })],
      },
      {
        observedTimeUnixNano: at(260),
        severityText: "info",
        eventName: "order.cancelled",
        body: { kvlistValue: { values: attributes({ id: "o-99", total: 129.95 }) } },
      },
    ],
  ],
);

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

function checkout(status: number): Plain {
  return { timeUnixNano: at(1000), attributes: attributes({ "http.request.method": "POST", "http.route": "/checkout", "http.response.status_code": status }) };
}

const CUMULATIVE = { aggregationTemporality: 2 };

export const METRICS = request("resourceMetrics", "scopeMetrics", "metrics", [
  STORE,
  [
    {
      name: "http.server.request.duration",
      unit: "s",
      histogram: {
        ...CUMULATIVE,
        dataPoints: [
          {
            ...checkout(200),
            count: "1482",
            sum: 64.2,
            min: 0.0009,
            max: 2.31,
            bucketCounts: [12, 140, 610, 480, 130, 60, 30, 12, 5, 2, 1, 0, 0, 0, 0].map(String),
            explicitBounds: BOUNDS,
          },
          { ...checkout(502), count: "17", sum: 4.1, bucketCounts: [0, 0, 0, 0, 0, 0, 12, 5, 0, 0, 0, 0, 0, 0, 0].map(String), explicitBounds: BOUNDS },
        ],
      },
    },
    {
      name: "orders.placed",
      unit: "{order}",
      sum: {
        aggregationTemporality: 1,
        isMonotonic: true,
        dataPoints: [
          ["EUR", "1284"],
          ["USD", "310"],
        ].map(([currency = "", asInt]) => ({ timeUnixNano: at(1000), asInt, attributes: attributes({ currency }) })),
      },
    },
    { name: "http.server.active_requests", unit: "{request}", sum: { ...CUMULATIVE, dataPoints: [{ timeUnixNano: at(1000), asInt: "12" }] } },
    { name: "process.memory.usage", unit: "By", gauge: { dataPoints: [{ timeUnixNano: at(1000), asInt: "123456789" }] } },
    { name: "process.cpu.utilization", unit: "1", gauge: { dataPoints: [{ asDouble: 0.1734219 }, { flags: 1 }] } },
    {
      name: "rpc.client.duration",
      unit: "ms",
      exponentialHistogram: {
        ...CUMULATIVE,
        dataPoints: [
          {
            count: "20",
            sum: 2210,
            scale: 1,
            positive: { offset: 10, bucketCounts: ["2", "6", "8", "3", "1"] },
            attributes: attributes({ "rpc.method": "Charge" }),
          },
        ],
      },
    },
    {
      name: "jvm.gc.pause",
      unit: "s",
      summary: {
        dataPoints: [
          {
            count: "48",
            sum: 0.61,
            quantileValues: [
              [0, 0.002],
              [0.5, 0.011],
              [0.99, 0.048],
              [1, 0.09],
            ].map(([quantile, value]) => ({ quantile, value })),
          },
        ],
      },
    },
  ],
]);
