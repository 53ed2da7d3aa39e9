/** Log requests: one record with a value of every kind to compute with, and a request of many shapes. */
import type { Plain } from "../../harness/judge.ts";
import { anyValue, attributes, id, time } from "./values.ts";

/** What the cases of OTTL's functions read. */
const EVERY_KIND = attributes({
  text: "Hello World",
  blank: "",
  umlauts: "grüße 日本 😀 ﬁn",
  number: "42",
  float: "3.25",
  truth: "true",
  path: "/user/17/list/4711",
  url: "https://me:pw@shop.example:8443/a/b.html?x=1&y=2#top",
  json: '{"a":1,"b":[true,null,"x"],"c":{"d":1.5},"big":9007199254740993}',
  csv: 'one,"two, too",3',
  pairs: "user=joe role=admin",
  xml: '<a x="1"><b>one</b><b>two</b><c/></a>',
  ip: "192.168.7.9",
  when: "2024-02-29T12:34:56Z",
  card: "4111111111111111",
  int: 42n,
  negative: -7n,
  max: 9223372036854775807n,
  min: -9223372036854775808n,
  exact: 9007199254740993n,
  double: 3.5,
  whole: 2,
  tiny: 1e-7,
  huge: 1e21,
  nan: Number.NaN,
  infinite: Number.POSITIVE_INFINITY,
  yes: true,
  no: false,
  bytes: Uint8Array.of(0, 1, 250, 255),
  nobytes: new Uint8Array(0),
  list: ["a", 1n, 2.5, true, null, ["b"], { k: "v" }],
  texts: ["prod", "blue", "prod"],
  ints: [3n, 1n, 2n],
  doubles: [2.5, -1.5],
  nothing: [],
  map: { a: "one", b: { c: 2n, d: [1n, { e: "deep" }] }, "f.g": 1.5, z: null },
  objects: [
    { name: "first", value: 1n },
    { name: "second", value: { x: "y" } },
  ],
  nomap: {},
  empty: null,
});

const record: Plain = {
  resourceLogs: [
    {
      resource: { attributes: attributes({ "service.name": "shop", "host.name": "h-1", size: 3n }), droppedAttributesCount: 2 },
      scopeLogs: [
        {
          scope: { name: "lib", version: "1.2.3", attributes: attributes({ lib: "x" }), droppedAttributesCount: 1 },
          logRecords: [
            {
              timeUnixNano: time(),
              observedTimeUnixNano: time(1),
              severityNumber: 9,
              severityText: "Info",
              body: { stringValue: "a line of text" },
              attributes: EVERY_KIND,
              droppedAttributesCount: 3,
              flags: 1,
              traceId: id(16, 1),
              spanId: id(8, 2),
              eventName: "device.app.lifecycle",
            },
          ],
          schemaUrl: "https://schemas.example/scope",
        },
      ],
      schemaUrl: "https://schemas.example/resource",
    },
  ],
};

const line = (n: number, severityNumber: number, body: Plain, rest: Plain = {}): Plain => ({ timeUnixNano: time(n), severityNumber, body, ...rest });

const many: Plain = {
  resourceLogs: [
    {
      resource: { attributes: attributes({ "service.name": "shop", env: "prod", n: 1n }) },
      scopeLogs: [
        {
          scope: { name: "lib", version: "1" },
          logRecords: [
            line(0, 9, { stringValue: "request done" }, { severityText: "INFO", attributes: attributes({ user: "ann", code: 200n, ms: 1.5, ok: true }) }),
            line(1, 17, { stringValue: "request failed: password=secret" }, { severityText: "ERROR", attributes: attributes({ user: "bob", code: 500n }) }),
            line(2, 5, anyValue({ message: "deep", user: { id: 7n, name: "cy" }, tags: ["x", "y"] }), { attributes: attributes({ code: "200" }) }),
            line(3, 0, {}, { traceId: id(16, 9), spanId: id(8, 9), flags: 1 }),
          ],
        },
        { scope: { name: "other" }, logRecords: [line(4, 13, anyValue(["a", 1n])), line(5, 21, anyValue(42n), { eventName: "boot" })] },
      ],
    },
    {
      resource: { attributes: attributes({ "service.name": "cart", env: "test" }) },
      scopeLogs: [
        {
          scope: { name: "lib", version: "1" },
          logRecords: [
            line(6, 9, { bytesValue: Uint8Array.of(1, 2, 3) }, { attributes: attributes({ user: "ann", code: 404n }) }),
            line(7, 9, anyValue(1.5), { attributes: attributes({ user: "dee" }) }),
            line(8, 1, anyValue(true), { attributes: attributes({ empty: null, blank: "", list: ["a", "b"], map: { k: "v" } }) }),
          ],
        },
      ],
    },
    { scopeLogs: [{ logRecords: [line(9, 10, { stringValue: "no resource, no scope" })] }] },
    { resource: { attributes: attributes({ "service.name": "idle" }) }, scopeLogs: [{ scope: { name: "silent" }, logRecords: [] }] },
    { resource: { attributes: attributes({ "service.name": "bare" }) } },
  ],
};

export const LOGS: Readonly<Record<string, Plain>> = { record, many };
