/** Made-up log records: lines and structured bodies of all severities, half of them tied to a span. */
import {
  ANY_VALUE_KVLIST_VALUE,
  ANY_VALUE_STRING_VALUE,
  EXPORT_LOGS_SERVICE_REQUEST_RESOURCE_LOGS,
  KEY_VALUE_LIST_VALUES,
  LOG_RECORD_ATTRIBUTES,
  LOG_RECORD_BODY,
  LOG_RECORD_EVENT_NAME,
  LOG_RECORD_FLAGS,
  LOG_RECORD_OBSERVED_TIME_UNIX_NANO,
  LOG_RECORD_SEVERITY_NUMBER,
  LOG_RECORD_SEVERITY_TEXT,
  LOG_RECORD_SPAN_ID,
  LOG_RECORD_TIME_UNIX_NANO,
  LOG_RECORD_TRACE_ID,
  SCOPE_LOGS_LOG_RECORDS,
} from "../../otlp/tables.ts";
import { AttributeWriter } from "./attributes.ts";
import { type Content, type Generator, nanosOf } from "./content.ts";
import { Envelope } from "./envelope.ts";
import { MessageWriter } from "./message.ts";
import { Random } from "./random.ts";

/** `SeverityNumber` of trace, debug, info, warn, error, fatal; information is what most logs are. */
const SEVERITIES = [1, 5, 9, 9, 9, 9, 9, 13, 17, 21] as const;
/** From 1 on, four numbers each (OTLP, logs.proto). */
const SEVERITY_TEXTS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
const ERROR = 17;
const SAMPLED = 1;
/** A record is observed this much after it was made. */
const OBSERVED_NANOS = 40_000n;
const STRUCTURED_PERCENT = 10;

type Line = (random: Random) => string;

const LINES: readonly Line[] = [
  (random) => `Handled GET /api/products/${random.below(10_000)} in ${random.below(400)} ms`,
  (random) => `Order ${random.hex(12)} was paid`,
  (random) => `Cache missed for cart:${random.hex(8)}`,
  (random) => `Kundin „Zoë Müller“ hat ${1 + random.below(5)} Artikel im Korb`,
];

const ERROR_LINES: readonly Line[] = [
  (random) => `Cannot charge order ${random.hex(12)}: no answer within ${1 + random.below(9)} s`,
  (random) => `Cannot connect to db-${random.below(3)}.shop.example:5432: connection refused`,
];

/** For what the operator's attributes do not belong to. */
const PLAIN = new AttributeWriter([]);

export class LogGenerator implements Generator {
  readonly #content: Content;
  readonly #nowMs: () => number;
  readonly #random: Random;
  readonly #to = new MessageWriter();
  readonly #envelope: Envelope;
  readonly #attributes: AttributeWriter;

  constructor(content: Content, nowMs: () => number) {
    this.#content = content;
    this.#nowMs = nowMs;
    this.#random = new Random(content.seed);
    this.#envelope = new Envelope(content);
    this.#attributes = new AttributeWriter(content.attributes);
  }

  request(items: number): Uint8Array<ArrayBuffer> {
    this.#envelope.write(this.#to, this.#random, EXPORT_LOGS_SERVICE_REQUEST_RESOURCE_LOGS, () => {
      for (let i = 0; i < items; i++) this.#record();
    });
    return this.#to.take();
  }

  #record(): void {
    const to = this.#to;
    const random = this.#random;
    const severity = this.#content.severityNumber ?? random.pick(SEVERITIES);
    const at = nanosOf(this.#nowMs(), random);
    const structured = this.#content.body === undefined && random.chance(STRUCTURED_PERCENT);
    const record = to.begin(SCOPE_LOGS_LOG_RECORDS);
    to.fixed64(LOG_RECORD_TIME_UNIX_NANO, at);
    to.varint(LOG_RECORD_SEVERITY_NUMBER, severity);
    to.text(LOG_RECORD_SEVERITY_TEXT, this.#content.severityText ?? SEVERITY_TEXTS[(severity - 1) >> 2] ?? "");
    this.#body(structured, severity);
    this.#fields();
    this.#context();
    to.fixed64(LOG_RECORD_OBSERVED_TIME_UNIX_NANO, at + OBSERVED_NANOS);
    if (structured) to.text(LOG_RECORD_EVENT_NAME, "app.login");
    to.end(record);
  }

  #body(structured: boolean, severity: number): void {
    const to = this.#to;
    const body = to.begin(LOG_RECORD_BODY);
    if (structured) {
      const list = to.begin(ANY_VALUE_KVLIST_VALUE);
      PLAIN.text(to, KEY_VALUE_LIST_VALUES, "user", this.#random.hex(8));
      PLAIN.int(to, KEY_VALUE_LIST_VALUES, "attempt", 1 + this.#random.below(3));
      PLAIN.bool(to, KEY_VALUE_LIST_VALUES, "ok", this.#random.chance(90));
      to.end(list);
    } else {
      to.text(ANY_VALUE_STRING_VALUE, this.#content.body ?? this.#random.pick(severity >= ERROR ? ERROR_LINES : LINES)(this.#random));
    }
    to.end(body);
  }

  #fields(): void {
    const to = this.#to;
    const random = this.#random;
    const write = this.#attributes;
    write.text(to, LOG_RECORD_ATTRIBUTES, "log.iostream", random.pick(["stdout", "stderr"]));
    write.text(to, LOG_RECORD_ATTRIBUTES, "code.function.name", random.pick(["shop.cart.add", "shop.orders.pay", "shop.search"]));
    write.int(to, LOG_RECORD_ATTRIBUTES, "code.line.number", 1 + random.below(900));
    write.text(to, LOG_RECORD_ATTRIBUTES, "thread.name", `worker-${random.below(16)}`);
    write.given(to, LOG_RECORD_ATTRIBUTES);
  }

  #context(): void {
    const { traceId, spanId } = this.#content;
    const tied = this.#random.chance(50);
    if (!tied && traceId === undefined && spanId === undefined) return;
    this.#to.fixed32(LOG_RECORD_FLAGS, SAMPLED);
    this.#to.bytes(LOG_RECORD_TRACE_ID, traceId ?? this.#random.id(16));
    this.#to.bytes(LOG_RECORD_SPAN_ID, spanId ?? this.#random.id(8));
  }
}
