/** Spans: mostly HTTP servers and clients, some events (exceptions among them), a few links. */
import type { Plain } from "../test/harness/judge.ts";
import { attributes, nanos, spread, text } from "./payload-parts.ts";
import type { Random } from "./random.ts";

const NAMES = { groups: "resourceSpans", scopes: "scopeSpans", items: "spans" } as const;

export function makeTraces(random: Random, items: number, resources: number): Plain {
  let traceId = random.bytes(16);
  let parent: Uint8Array | undefined;
  return spread(random, items, resources, NAMES, (number) => {
    if (random.chance(25)) {
      traceId = random.bytes(16);
      parent = undefined;
    }
    const spanId = random.bytes(8);
    const made = makeSpan(random, number, traceId, spanId, parent);
    parent = spanId;
    return made;
  });
}

function makeSpan(random: Random, number: number, traceId: Uint8Array, spanId: Uint8Array, parent: Uint8Array | undefined): Plain {
  const start = number * 1000 + random.below(1000);
  return {
    traceId,
    spanId,
    ...(random.chance(10) ? { traceState: "ot=th:c,vendor=abc" } : {}),
    ...(parent === undefined ? {} : { parentSpanId: parent }),
    name: random.pick(["GET /api/v1/cart/{userId}", "POST /api/v1/orders", "SELECT shop.products", "publish orders"]),
    kind: 1 + random.below(5),
    startTimeUnixNano: nanos(start),
    endTimeUnixNano: nanos(start + 1 + random.below(900_000)),
    attributes: attributes(random, 15),
    ...(random.chance(5) ? { droppedAttributesCount: 1 + random.below(300) } : {}),
    ...(random.chance(12) ? { events: events(random, start) } : {}),
    ...(random.chance(4) ? { links: [link(random)] } : {}),
    ...(random.chance(30) ? { status: random.chance(30) ? { message: "deadline exceeded", code: 2 } : { code: 1 } } : {}),
    ...(random.chance(80) ? { flags: random.chance(50) ? 257 : 769 } : {}),
  };
}

function events(random: Random, start: number): Plain[] {
  const exception = {
    timeUnixNano: nanos(start + 5),
    name: "exception",
    attributes: [text("exception.type", "java.net.SocketTimeoutException"), text("exception.message", `Read timed out after ${random.below(9000)} ms`)],
  };
  const note = { timeUnixNano: nanos(start + 9), name: "Größe geprüft", attributes: [text("app.result", random.hex(6))] };
  return random.chance(50) ? [exception] : [note, exception];
}

function link(random: Random): Plain {
  return {
    traceId: random.bytes(16),
    spanId: random.bytes(8),
    ...(random.chance(30) ? { traceState: "vendor=abc" } : {}),
    attributes: [text("link.reason", "batch")],
    flags: 256,
  };
}
