/** What all signals' payloads are made of: attributes, resources, scopes, times. */
import type { Plain } from "../test/harness/judge.ts";
import type { Random } from "./random.ts";

const SERVICES = ["checkout", "cart", "payment", "shipping", "recommendation", "frontend", "ad", "email"] as const;
const REGIONS = ["eu-central-1", "us-east-1", "ap-southeast-2"] as const;
const ROUTES = ["/api/v1/cart/{userId}", "/api/v1/orders/{orderId}/items", "/healthz", "/api/v2/products/search"] as const;
const PEOPLE = ["Zoë Müller", "田中 太郎", "Søren Ångström", "Ана Петровић", "Renée 🚀"] as const;

/** Nanoseconds since 1970 as a decimal string; 2026, spread over `at` microseconds. */
export function nanos(at: number): string {
  return (1_795_000_000_000_000_000n + BigInt(at) * 1000n + 7n).toString();
}

export function text(key: string, value: string): Plain {
  return { key, value: { stringValue: value } };
}

export function whole(key: string, value: number): Plain {
  return { key, value: { intValue: String(value) } };
}

type Maker = (random: Random) => Plain;

/** What a server or client span of an HTTP service carries. */
const COMMON: readonly Maker[] = [
  (r) => text("http.request.method", r.pick(["GET", "POST", "PUT", "DELETE"])),
  (r) => whole("http.response.status_code", r.pick([200, 200, 200, 201, 304, 404, 500])),
  (r) => text("url.scheme", r.pick(["https", "http"])),
  (r) => text("url.path", `/api/v1/tenants/${r.hex(8)}/cart/${r.hex(8)}/items`),
  (r) => text("http.route", r.pick(ROUTES)),
  (r) => text("server.address", `${r.pick(SERVICES)}.shop.svc.cluster.local`),
  (r) => whole("server.port", r.pick([80, 443, 8080, 8443])),
  (r) => text("client.address", `10.${r.below(256)}.${r.below(256)}.${r.below(256)}`),
  (r) => text("user_agent.original", r.pick(["Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101", "okhttp/4.12.0 (Linux; Android 15; Pixel 9)"])),
  (r) => text("network.protocol.version", r.pick(["1.1", "2"])),
  (r) => whole("thread.id", r.below(4000)),
  (r) => text("thread.name", `http-nio-8080-exec-${r.below(64)}`),
  (r) => text("enduser.id", `${r.hex(8)}-${r.hex(4)}-4${r.hex(3)}-a${r.hex(3)}-${r.hex(12)}`),
  (r) => ({ key: "cache.hit", value: { boolValue: r.chance(50) } }),
  (r) => ({ key: "app.cart.total", value: { doubleValue: r.below(100_000) / 100 } }),
];

const RARE: readonly Maker[] = [
  (r) => text("enduser.name", r.pick(PEOPLE)),
  (r) => text("db.query.text", `SELECT id, name, price FROM products WHERE category = '${r.hex(6)}' AND price < ${r.below(900)} ORDER BY price LIMIT 50`),
  (r) => ({ key: "app.tags", value: { arrayValue: { values: [{ stringValue: r.hex(5) }, { intValue: String(r.below(9)) }] } } }),
  (r) => ({ key: "app.labels", value: { kvlistValue: { values: [text("tier", r.pick(["gold", "iron"])), text("zone", r.hex(4))] } } }),
  (r) => ({ key: "app.digest", value: { bytesValue: r.bytes(20) } }),
  (r) => whole("messaging.offset", r.below(2 ** 31)),
  () => ({ key: "app.empty", value: {} }),
];

/** About `count` attributes with different keys. */
export function attributes(random: Random, count: number): Plain[] {
  const made: Plain[] = [];
  const skip = Math.max(0, COMMON.length - count);
  const from = skip === 0 ? 0 : random.below(skip + 1);
  for (const make of COMMON.slice(from, from + count)) made.push(make(random));
  for (const make of RARE) if (random.chance(count >= 8 ? 4 : 2)) made.push(make(random));
  return made;
}

export function resource(random: Random, number: number): Plain {
  const service = random.pick(SERVICES);
  return {
    attributes: [
      text("service.name", service),
      text("service.namespace", "shop"),
      text("service.version", `1.${random.below(40)}.${random.below(10)}`),
      text("service.instance.id", `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-${random.hex(12)}`),
      text("deployment.environment.name", random.pick(["production", "staging"])),
      text("cloud.provider", "aws"),
      text("cloud.region", random.pick(REGIONS)),
      text("host.name", `ip-10-0-${random.below(256)}-${random.below(256)}`),
      text("k8s.cluster.name", "shop-prod"),
      text("k8s.namespace.name", "shop"),
      text("k8s.pod.name", `${service}-${random.hex(9)}-${random.hex(5)}`),
      text("k8s.deployment.name", service),
      whole("process.pid", random.below(32768)),
      text("telemetry.sdk.language", random.pick(["go", "java", "nodejs"])),
      text("telemetry.sdk.name", "opentelemetry"),
      text("telemetry.sdk.version", "1.40.0"),
    ],
    ...(number % 4 === 3 ? { entityRefs: [{ type: "service", idKeys: ["service.name"], descriptionKeys: ["service.version"] }] } : {}),
  };
}

export function scope(random: Random): Plain {
  return {
    name: random.pick(["io.opentelemetry.tomcat-10.0", "@opentelemetry/instrumentation-http", "otelhttp"]),
    version: "0.60.0",
    ...(random.chance(20) ? { attributes: [text("scope.kind", "auto")] } : {}),
  };
}

/**
 * The common shape of a request: `items` spread over `resources` groups of one or two scopes, with
 * `make` called once an item.
 */
export function spread(
  random: Random,
  items: number,
  resources: number,
  names: { readonly groups: string; readonly scopes: string; readonly items: string },
  make: (number: number) => Plain,
): Plain {
  const groups: Plain[] = [];
  let made = 0;
  for (let i = 0; i < resources; i++) {
    const until = Math.round(((i + 1) * items) / resources);
    const scopes: Plain[] = [];
    const middle = random.chance(40) ? made + ((until - made) >>> 1) : until;
    for (const stop of middle < until ? [middle, until] : [until]) {
      const list: Plain[] = [];
      while (made < stop) list.push(make(made++));
      const url = random.chance(50) ? { schemaUrl: "https://opentelemetry.io/schemas/1.37.0" } : {};
      scopes.push({ scope: scope(random), [names.items]: list, ...url });
    }
    const url = random.chance(50) ? { schemaUrl: "https://opentelemetry.io/schemas/1.37.0" } : {};
    groups.push({ resource: resource(random, i), [names.scopes]: scopes, ...url });
  }
  return { [names.groups]: groups };
}
