/** Trace requests. */
import type { Plain } from "../../harness/judge.ts";
import { attributes, id, time } from "./values.ts";

const event = (name: string, at: number, values: Parameters<typeof attributes>[0] = {}): Plain => ({
  name,
  timeUnixNano: time(at),
  attributes: attributes(values),
});

const root: Plain = {
  traceId: id(16, 1),
  spanId: id(8, 10),
  traceState: "vendor=abc,ot=th:8",
  flags: 257,
  name: "GET /user/17",
  kind: 2,
  startTimeUnixNano: time(),
  endTimeUnixNano: time(1.5),
  attributes: attributes({
    "http.method": "GET",
    "http.route": "/user/{id}",
    "http.url": "https://shop.example/user/17?token=secret",
    "http.status_code": 200n,
    "db.statement": "SELECT * FROM users WHERE id = 17",
    "user.email": "ann@shop.example",
    "card.number": "4111111111111111",
    ratio: 0.25,
    sampled: true,
    tags: ["a", "b"],
    nested: { k: "v", n: 1n },
    blob: Uint8Array.of(1, 2),
    empty: null,
  }),
  droppedAttributesCount: 1,
  events: [event("start", 0.1), event("exception", 0.2, { "exception.type": "IOError", "exception.message": "disk full", attempt: 1n }), event("end", 0.3)],
  droppedEventsCount: 2,
  links: [
    { traceId: id(16, 3), spanId: id(8, 30), traceState: "a=b", attributes: attributes({ why: "retry" }), droppedAttributesCount: 4, flags: 1 },
    { traceId: id(16, 4), spanId: id(8, 40) },
  ],
  droppedLinksCount: 3,
  status: { code: 2, message: "failed" },
};

const span = (n: number, rest: Plain): Plain => ({
  traceId: id(16, 1),
  spanId: id(8, 10 + n),
  parentSpanId: id(8, 10),
  startTimeUnixNano: time(n),
  endTimeUnixNano: time(n + 0.25),
  ...rest,
});

const many: Plain = {
  resourceSpans: [
    {
      resource: { attributes: attributes({ "service.name": "shop", "host.name": "h-1", env: "prod", n: 1n }), droppedAttributesCount: 1 },
      scopeSpans: [
        {
          scope: { name: "http", version: "1.0", attributes: attributes({ lib: "x", n: 1n }), droppedAttributesCount: 2 },
          spans: [
            root,
            span(1, {
              name: "SELECT users",
              kind: 3,
              attributes: attributes({ "db.system": "postgresql", "db.operation": "SELECT", "http.status_code": 500n }),
            }),
            span(2, { name: "internal", kind: 1, status: { code: 1 } }),
          ],
          schemaUrl: "https://schemas.example/scope",
        },
        {
          scope: { name: "queue" },
          spans: [
            span(3, { name: "publish orders", kind: 4, attributes: attributes({ "messaging.system": "kafka", "http.status_code": "404", n: 3n }) }),
            span(4, { name: "", kind: 5, events: [event("only", 4.1, { big: 9007199254740993n })] }),
          ],
        },
      ],
      schemaUrl: "https://schemas.example/resource",
    },
    {
      resource: { attributes: attributes({ "service.name": "cart", env: "test" }) },
      scopeSpans: [
        {
          scope: { name: "http", version: "2.0" },
          spans: [span(5, { traceId: id(16, 77), name: "op::cart::add", kind: 2, attributes: attributes({ a: "x", env: "span" }) })],
        },
      ],
    },
    { scopeSpans: [{ spans: [span(6, { traceId: id(16, 200), name: "lonely", traceState: "ot=rv:1234567890abcd" })] }] },
    { resource: { attributes: attributes({ "service.name": "idle" }) }, scopeSpans: [{ scope: { name: "silent" } }] },
  ],
};

/** One span, for OTTL's paths. */
const one: Plain = {
  resourceSpans: [
    {
      resource: { attributes: attributes({ "service.name": "shop" }), droppedAttributesCount: 1 },
      scopeSpans: [
        { scope: { name: "http", version: "1.0", attributes: attributes({ lib: "x" }), droppedAttributesCount: 2 }, spans: [root], schemaUrl: "urn:scope" },
      ],
      schemaUrl: "urn:resource",
    },
  ],
};

/** Spans of many traces, for samplers. */
const sampled: Plain = {
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: Array.from({ length: 48 }, (_, n) => ({
            traceId: Uint8Array.from({ length: 16 }, (__, at) => (n * 37 + at * at * 11 + 5) & 0xff),
            spanId: id(8, n + 1),
            name: `s${n}`,
            attributes: n % 12 === 0 ? attributes({ "sampling.priority": BigInt(n % 24) }) : [],
          })),
        },
      ],
    },
  ],
};

export const TRACES: Readonly<Record<string, Plain>> = { many, one, sampled };
