/** What `log_dedup` is compared with a Collector on: settings, and what is sent within one interval. */
import type { Plain } from "../harness/judge.ts";
import { anyValue, attributes, id, time } from "./payloads/values.ts";

export interface LogDedupCase {
  readonly id: string;
  /** Without an interval: each side has its own. */
  readonly settings: object;
  readonly requests: readonly Plain[];
}

/** What left at once, and what at the end of the interval; undefined: nothing did. Or a refusal of the settings. */
export type LogDedupAnswer = { readonly refused: true } | { readonly passed?: unknown; readonly counted?: unknown };

const line = (n: number, severityNumber: number, body: Plain, rest: Plain = {}): Plain => ({ timeUnixNano: time(n), severityNumber, body, ...rest });
const text = (stringValue: string): Plain => ({ stringValue });
const deep = (at: string, user = "cy") => anyValue({ time: at, user: { name: user, at }, "a.b": at });
const done = (n: number, rest: Plain = {}) =>
  line(n, 9, text("request done"), { severityText: "INFO", attributes: attributes({ user: "ann", code: 200n, "host.name": "h" }), ...rest });

const shop: Plain = { attributes: attributes({ "service.name": "shop", env: "prod" }) };
const lib: Plain = { name: "lib", version: "1", attributes: attributes({ lib: "x" }) };
const inShop = (...logRecords: readonly Plain[]): Plain => ({ resourceLogs: [{ resource: shop, scopeLogs: [{ scope: lib, logRecords }] }] });

/** Records that are the same, nearly the same, and of every kind, in two requests. */
const REQUESTS: readonly Plain[] = [
  {
    resourceLogs: [
      {
        resource: shop,
        scopeLogs: [
          {
            scope: lib,
            logRecords: [
              done(0, { traceId: id(16, 1), spanId: id(8, 2), flags: 1, droppedAttributesCount: 2, eventName: "e", observedTimeUnixNano: time(1) }),
              done(1),
              done(2, { severityText: "info" }),
              done(3, { severityNumber: 10 }),
              done(4, { attributes: attributes({ "host.name": "h", code: 200n, user: "ann" }) }),
              done(5, { attributes: attributes({ user: "bob", code: 200n, "host.name": "h2" }) }),
              done(6, { attributes: attributes({ user: "ann", code: "200", "host.name": "h" }) }),
              line(7, 5, deep("1"), { attributes: attributes({ code: 1.5 }) }),
              line(8, 5, deep("2"), { attributes: attributes({ code: 1.5 }) }),
              line(9, 5, deep("1", "dee"), { attributes: attributes({ code: 1.5 }) }),
            ],
          },
          { scope: { name: "other" }, logRecords: [done(10), done(11), line(12, 0, {}), line(13, 0, {})] },
          { logRecords: [done(14)] },
        ],
      },
      { resource: { attributes: attributes({ "service.name": "cart" }) }, scopeLogs: [{ scope: lib, logRecords: [done(15), line(16, 17, text("failed"))] }] },
    ],
  },
  {
    resourceLogs: [
      {
        resource: { attributes: attributes({ env: "prod", "service.name": "shop" }) },
        scopeLogs: [
          { scope: lib, logRecords: [done(20), line(21, 17, text("failed"), { attributes: attributes({ log_count: 7n, first_observed_timestamp: "old" }) })] },
          { scope: { ...lib, version: "2" }, logRecords: [done(22)] },
        ],
      },
      { scopeLogs: [{ logRecords: [line(23, 9, anyValue(["a", 1n])), line(24, 9, anyValue(["a", 1n])), line(25, 9, anyValue(["a", "1"]))] }] },
    ],
  },
];

/** A body of every kind, each twice, and text that reads like it. */
const KINDS: readonly Plain[] = [
  inShop(
    ...[42n, 42.5, 42, true, "42", "true", null, "", Uint8Array.of(52, 50), ["42"], { k: "42" }, {}].flatMap((value, n) => [
      line(n, 9, anyValue(value)),
      line(n + 1, 9, anyValue(value)),
      line(n, 9, text("x"), { attributes: attributes({ v: value }) }),
    ]),
  ),
];

const one = (name: string, settings: object, requests = REQUESTS): LogDedupCase => ({ id: name, settings, requests });

export const LOG_DEDUP_CASES: readonly LogDedupCase[] = [
  one("defaults", {}),
  one("every kind of value", {}, KINDS),
  one("kinds of a named field", { include_fields: ["attributes.v"] }, KINDS),
  ...["n", "log.count", "user", "first_observed_timestamp"].map((name) => one(`log_count_attribute: ${name}`, { log_count_attribute: name })),
  one("no log_count_attribute", { log_count_attribute: "" }),
  ...["UTC", "", "Asia/Kolkata", "America/New_York", "America/St_Johns", "Europe/Berlin", "Pacific/Auckland"].map((timezone) =>
    one(`timezone: ${timezone}`, { timezone }, [inShop(done(0), done(1))]),
  ),
  one("no such timezone", { timezone: "Nowhere/City" }),
  one("exclude_fields of the body", { exclude_fields: ["body.time", "body.user.at", String.raw`body.a\.b`] }),
  one("exclude_fields of attributes", { exclude_fields: [String.raw`attributes.host\.name`, "attributes.user"] }),
  one("exclude_fields, all attributes", { exclude_fields: ["attributes"] }),
  one("exclude_fields, a map", { exclude_fields: ["body.user", "attributes.absent.deep", "body.time.deep"] }),
  one("exclude_fields, an unescaped dot", { exclude_fields: ["attributes.host.name"] }),
  one("exclude_fields, the count's own attribute", { exclude_fields: ["attributes.log_count"] }),
  one("exclude_fields, the whole body", { exclude_fields: ["body"] }),
  one("exclude_fields, elsewhere", { exclude_fields: ["resource.env"] }),
  one("exclude_fields, twice the same", { exclude_fields: ["attributes.a", "attributes.a"] }),
  one("include_fields of attributes", { include_fields: ["attributes.code"] }),
  one("include_fields of attributes and body", { include_fields: ["attributes.user", "body.user.name"] }),
  one("include_fields, a map", { include_fields: ["body.user"] }),
  one("include_fields, none there", { include_fields: ["attributes.absent", "body.absent.deep"] }),
  one("include_fields, an escaped dot", { include_fields: [String.raw`attributes.host\.name`] }),
  one("include_fields, the whole body", { include_fields: ["body"] }),
  one("include_fields, elsewhere", { include_fields: ["severity_text"] }),
  one("include_fields and exclude_fields", { include_fields: ["attributes.a"], exclude_fields: ["attributes.b"] }),
  one("conditions on records", { conditions: ["severity_number >= SEVERITY_NUMBER_INFO"] }),
  one("conditions with their context", { conditions: ['log.attributes["user"] == "ann"', "log.severity_number == 17"] }),
  one("conditions on resources", { conditions: ['resource.attributes["service.name"] == "cart"'] }),
  one("conditions on scopes", { conditions: ['instrumentation_scope.name == "other"'] }),
  one("conditions that hold for none", { conditions: ["false"] }),
  one("conditions that hold for all", { conditions: ["true"] }),
  one("conditions that fail on some", { conditions: ['Int(body["time"]) > 1'] }),
  one("conditions with converters", { conditions: ['IsMatch(body, "^request")', "IsMap(body)"] }),
  one("conditions and exclude_fields", { conditions: ['attributes["user"] == "ann"'], exclude_fields: ["attributes.user"] }),
  one("conditions and include_fields", { conditions: ["IsMap(body)"], include_fields: ["attributes.code"] }),
  one("no condition at all", { conditions: [] }),
  one("a wrong condition", { conditions: ["nope == 1"] }),
  one("an interval of nothing", { interval: "0s" }),
  one("an unknown key", { nope: 1 }),
];
