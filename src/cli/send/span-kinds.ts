/** The kinds of spans that made-up traces have, with attributes by the semantic conventions. */
import { SPAN_EVENT_ATTRIBUTES, SPAN_EVENT_NAME, SPAN_EVENT_TIME_UNIX_NANO, SPAN_EVENTS } from "../../otlp/tables.ts";
import { AttributeWriter } from "./attributes.ts";
import type { MessageWriter } from "./message.ts";
import type { Random } from "./random.ts";

/** Where attributes go, and what they tell. */
export interface Desk {
  readonly to: MessageWriter;
  readonly field: number;
  readonly write: AttributeWriter;
  readonly random: Random;
  readonly failed: boolean;
}

export interface SpanKind {
  readonly name: string;
  /** `Span.kind`. */
  readonly kind: number;
  readonly attributes: (desk: Desk) => void;
}

export interface RequestKind {
  readonly method: string;
  readonly route: string;
  readonly attributes: (desk: Desk) => void;
}

const INTERNAL = 1;
const CLIENT = 3;
const PRODUCER = 4;

const AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "okhttp/5.1.0", "curl/8.15.0"] as const;
const SERVER_ERRORS = [500, 502, 503] as const;

/** What the root spans serve. */
export const REQUESTS: readonly RequestKind[] = [
  request("GET", "/api/products/{id}", (random) => `/api/products/${random.below(10_000)}`, [200, 200, 200, 304, 404]),
  request("GET", "/api/cart", () => "/api/cart", [200]),
  request("POST", "/api/cart/items", () => "/api/cart/items", [201, 201, 409]),
  request("POST", "/api/orders", () => "/api/orders", [201, 201, 201, 402]),
  request("GET", "/api/search", () => "/api/search", [200, 200, 400]),
];

/** What happens inside. */
export const CHILD_KINDS: readonly SpanKind[] = [
  { name: "SELECT shop.products", kind: CLIENT, attributes: (desk) => query(desk, "SELECT", "SELECT id, name, price FROM products WHERE id = $1") },
  { name: "INSERT shop.orders", kind: CLIENT, attributes: (desk) => query(desk, "INSERT", "INSERT INTO orders (id, total) VALUES ($1, $2)") },
  { name: "POST", kind: CLIENT, attributes: payment },
  { name: "GET", kind: CLIENT, attributes: cache },
  { name: "send orders", kind: PRODUCER, attributes: publish },
  { name: "calculate prices", kind: INTERNAL, attributes: calculate },
];

function request(method: string, route: string, path: (random: Random) => string, statuses: readonly number[]): RequestKind {
  const attributes = ({ to, field, write, random, failed }: Desk) => {
    write.text(to, field, "http.request.method", method);
    write.text(to, field, "http.route", route);
    write.text(to, field, "url.path", path(random));
    write.text(to, field, "url.scheme", "https");
    write.int(to, field, "http.response.status_code", random.pick(failed ? SERVER_ERRORS : statuses));
    write.text(to, field, "server.address", "shop.example");
    write.int(to, field, "server.port", 443);
    write.text(to, field, "client.address", `192.0.2.${random.below(256)}`);
    write.text(to, field, "user_agent.original", random.pick(AGENTS));
    write.text(to, field, "network.protocol.version", random.pick(["1.1", "2"]));
  };
  return { method, route, attributes };
}

function query({ to, field, write, random }: Desk, operation: string, text: string): void {
  write.text(to, field, "db.system.name", "postgresql");
  write.text(to, field, "db.namespace", "shop");
  write.text(to, field, "db.operation.name", operation);
  write.text(to, field, "db.query.text", text);
  write.text(to, field, "server.address", `db-${random.below(3)}.shop.example`);
  write.int(to, field, "server.port", 5432);
  write.int(to, field, "db.response.returned_rows", random.below(50));
}

function payment({ to, field, write, random, failed }: Desk): void {
  write.text(to, field, "http.request.method", "POST");
  write.text(to, field, "url.full", `https://pay.example/v2/charges/${random.hex(8)}`);
  write.text(to, field, "server.address", "pay.example");
  write.int(to, field, "http.response.status_code", failed ? 504 : 200);
  write.int(to, field, "http.request.resend_count", random.below(3));
  write.double(to, field, "app.amount", random.below(100_000) / 100 + 0.5);
}

function cache({ to, field, write, random }: Desk): void {
  write.text(to, field, "db.system.name", "redis");
  write.text(to, field, "db.operation.name", "GET");
  write.text(to, field, "app.cache.key", `cart:${random.hex(8)}`);
  write.bool(to, field, "app.cache.hit", random.chance(80));
}

function publish({ to, field, write, random }: Desk): void {
  write.text(to, field, "messaging.system", "kafka");
  write.text(to, field, "messaging.operation.type", "send");
  write.text(to, field, "messaging.destination.name", "orders");
  write.text(to, field, "messaging.destination.partition.id", String(random.below(12)));
  write.text(to, field, "messaging.message.id", random.hex(24));
}

function calculate({ to, field, write, random }: Desk): void {
  write.text(to, field, "code.function.name", "shop.prices.calculate");
  write.int(to, field, "thread.id", random.below(64));
  write.text(to, field, "app.customer", random.pick(["Zoë Müller", "田中 太郎", "Søren Ångström", "Ana Ruiz"]));
}

/** The event that instrumentation records when something throws. */
export function writeException(to: MessageWriter, random: Random, at: bigint): void {
  const event = to.begin(SPAN_EVENTS);
  to.fixed64(SPAN_EVENT_TIME_UNIX_NANO, at);
  to.text(SPAN_EVENT_NAME, "exception");
  PLAIN.text(to, SPAN_EVENT_ATTRIBUTES, "exception.type", "TimeoutError");
  PLAIN.text(to, SPAN_EVENT_ATTRIBUTES, "exception.message", `no answer within ${1 + random.below(9)} s`);
  to.end(event);
}

/** For what the operator's attributes do not belong to. */
const PLAIN = new AttributeWriter([]);
