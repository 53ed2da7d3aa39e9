/**
 * The OTLP/HTTP door over the exchange of two phases: everything that the head can decide is answered
 * before a byte of the body is read. Then: read, inflate, admit, hand on, answer in the sender's own
 * encoding (OTLP 1.11, "OTLP/HTTP").
 *
 * Ownership: the arrived block is kept only while the batch may leave as it came; the inflated block
 * goes to the engine; the batch is released here once its outcome is known.
 */
import { messageOf, SluiceError, type ErrorCode } from "../../base/errors.ts";
import type { Answer, Aside, BodyResult, Canonical, Coding, Handler, RequestBody, RequestHead } from "../../base/host.ts";
import { type Signal } from "../../base/signal.ts";
import type { Admission } from "../../otlp/admission.ts";
import type { Encoding } from "../../otlp/responses.ts";
import { Batch, type Arrived, type Origin } from "../../pipeline/batch.ts";
import type { Context, Intake } from "../../pipeline/component.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import { Answers } from "./answers.ts";
import { Accepted, encodingOf } from "./content.ts";
import { corsOf, type CorsOptions } from "./cors.ts";
import { Counts } from "./counts.ts";

export interface DoorOptions {
  /** Signal by request path. */
  readonly paths: ReadonlyMap<string, Signal>;
  /** Bytes of a body, before and after decompression. */
  readonly bodyBytesMax: number;
  readonly algorithms: readonly string[];
  readonly includeMetadata: boolean;
  readonly cors: CorsOptions | undefined;
  readonly responseHeaders: Readonly<Record<string, string>>;
}

/** What the head of an acceptable request says. */
interface Request {
  readonly head: RequestHead;
  readonly signal: Signal;
  readonly encoding: Encoding;
  readonly coding: Coding | "none";
  /** The sender's own key of the request. */
  readonly key: string | undefined;
}

/** From this size on: what is smaller is converted or mended within some tens of milliseconds. */
const ASIDE_BYTES = 4 << 20;

/** What a sender may call a request, in quotes or without (draft-ietf-httpapi-idempotency-key-header). */
const KEY = /^[\x21-\x7e]{1,256}$/;

type Ok = Extract<BodyResult, { kind: "ok" }>;
type Admitted = Extract<Admission, { kind: "admitted" }>;

export function otlpHandler(options: DoorOptions, context: Context, intake: Intake): Handler {
  const door = new Door(options, context, intake);
  return (head, body) => door.handle(head, body);
}

class Door {
  readonly #options: DoorOptions;
  readonly #context: Context;
  readonly #intake: Intake;
  readonly #answers: Answers;
  readonly #accepted: Accepted;
  readonly #counts: Counts;
  readonly #bodyBytesMax: number;
  readonly #idPrefix: string;
  #lastId = 0;

  constructor(options: DoorOptions, context: Context, intake: Intake) {
    this.#options = options;
    this.#context = context;
    this.#intake = intake;
    this.#answers = new Answers(options.responseHeaders, options.cors === undefined ? undefined : corsOf(options.cors));
    this.#accepted = new Accepted(options.algorithms);
    this.#counts = new Counts(context.counters, context.id);
    // A body that no block can hold is too large whenever it comes: 503 would have its sender try for ever.
    this.#bodyBytesMax = Math.min(options.bodyBytesMax, context.engine.pool.largest);
    this.#idPrefix = Math.floor(context.host.random() * 2 ** 40).toString(36);
  }

  async handle(head: RequestHead, body: RequestBody): Promise<Answer> {
    const request = this.#examine(head);
    if ("status" in request) return request;
    try {
      return await this.#receive(request, body);
    } catch (error) {
      const code = error instanceof SluiceError ? error.code : "internal";
      // What the sender can bring about is answered; the log is for our own faults.
      if (code !== "over_budget" && code !== "too_large")
        this.#context.logger.log("error", "Cannot take a request", { receiver: this.#context.id, error: messageOf(error) });
      return this.#refuse(request, code, messageOf(error));
    }
  }

  /** The first phase: an answer, or what to read. */
  #examine(head: RequestHead): Request | Answer {
    const answers = this.#answers;
    const known = encodingOf(head.header("content-type"));
    const encoding = known ?? "proto";
    const signal = this.#options.paths.get(head.path);
    if (signal === undefined)
      return answers.error(head, encoding, 404, 5, "Cannot serve this path: OTLP is at /v1/traces, /v1/metrics, /v1/logs and /v1development/profiles");
    if (head.method === "OPTIONS" && this.#options.cors !== undefined) return answers.preflight(head);
    if (head.method !== "POST")
      return answers.error(head, encoding, 405, 12, "Cannot serve this method: OTLP uses POST", {
        allow: this.#options.cors === undefined ? "POST" : "OPTIONS, POST",
      });
    if (!this.#intake.signals.has(signal)) return answers.error(head, encoding, 404, 5, `Cannot take ${signal}: no pipeline for them`);
    if (known === undefined) {
      return answers.error(head, encoding, 415, 3, "Cannot read this content type: send application/x-protobuf or application/json", {
        accept: "application/x-protobuf, application/json",
      });
    }
    const coding = this.#accepted.of(head.header("content-encoding"));
    if (coding === undefined) {
      return answers.error(head, encoding, 415, 3, `Cannot read this content encoding: send one of ${this.#accepted.header}`, {
        "accept-encoding": this.#accepted.header,
      });
    }
    const key = head.header("idempotency-key");
    if (key !== undefined && !KEY.test(key)) {
      return answers.error(head, encoding, 400, 3, "Cannot use the Idempotency-Key: it has to have 1 to 256 characters of visible ASCII");
    }
    return { head, signal, encoding, coding, key };
  }

  async #receive(request: Request, body: RequestBody): Promise<Answer> {
    const read = await body.read(this.#bodyBytesMax);
    if (read.kind !== "ok") return this.#refuse(request, read.kind, this.#describe(read.kind));
    if (request.coding === "none") return this.#admit(request, read, undefined);
    const { engine, host } = this.#context;
    const inflated = await host.codecs.inflate(request.coding, engine.bytes.subarray(read.start, read.end), this.#bodyBytesMax).catch((error: unknown) => {
      read.block.release();
      throw error;
    });
    const mayForward = inflated.kind === "ok" && inflated.single && request.encoding === "proto";
    if (!mayForward) read.block.release();
    switch (inflated.kind) {
      case "ok":
        return this.#admit(request, inflated, mayForward ? { ...read, coding: request.coding } : undefined);
      case "damaged":
        return this.#refuse(request, "malformed_compression", `Cannot inflate the body: ${inflated.message}`);
      default:
        return this.#refuse(request, inflated.kind, this.#describe(inflated.kind));
    }
  }

  /** Takes over the holds on the body and on `arrived`. */
  #admit(request: Request, body: Omit<Ok, "kind">, arrived: Arrived | undefined): Promise<Answer> {
    const { engine, host } = this.#context;
    const { signal, encoding } = request;
    const { block, start, end } = body;
    if (end - start >= ASIDE_BYTES && host.aside !== undefined) return this.#admitLarge(request, body, arrived, host.aside);
    let admission: Admission;
    try {
      admission = encoding === "json" ? engine.admitJson(signal, start, end, block) : engine.admit(signal, start, end, block);
    } catch (error) {
      arrived?.block.release();
      throw error;
    }
    return this.#take(request, admission, arrived);
  }

  /** Converting, or mending, a large body would keep all others waiting: it is done aside. Checking it would not. */
  async #admitLarge(request: Request, { block, start, end }: Omit<Ok, "kind">, arrived: Arrived | undefined, aside: Aside): Promise<Answer> {
    const { engine } = this.#context;
    const { signal, encoding } = request;
    const admission = encoding === "proto" ? engine.admitAsIs(signal, start, end, block) : undefined;
    if (admission !== undefined) return this.#take(request, admission, arrived);
    // What is mended does not leave as it came.
    arrived?.block.release();
    let held = true;
    const letGo = (): void => {
      if (held) block.release();
      held = false;
    };
    const admit = (made: Canonical): Admission => {
      // First: there may be no room for both.
      letGo();
      return engine.admitCanonical(signal, made);
    };
    return this.#take(request, await aside.canonical(signal, encoding, engine.bytes.subarray(start, end), admit).finally(letGo), undefined);
  }

  /** Takes over the holds on what was admitted and on `arrived`. */
  #take(request: Request, admission: Admission, arrived: Arrived | undefined): Promise<Answer> {
    const unchanged = admission.kind === "admitted" && admission.unchanged;
    if (!unchanged) arrived?.block.release();
    if (admission.kind === "malformed") {
      const where = admission.path === "" ? "" : ` in ${admission.path}`;
      return Promise.resolve(this.#refuse(request, admission.code, `Cannot read the request: ${admission.message}${where}, at byte ${admission.offset}`));
    }
    return this.#deliver(request, admission, unchanged ? arrived : undefined);
  }

  async #deliver(request: Request, admission: Admitted, arrived: Arrived | undefined): Promise<Answer> {
    const { signal } = request;
    const { chunk, items, rejected, message } = admission;
    const batch = new Batch({ signal, chunks: [chunk], id: this.#nextId(), items, origin: this.#originOf(request), arrived });
    try {
      this.#counts.failed(signal, rejected);
      const outcome: Outcome = items === 0 ? { kind: "accepted" } : await this.#intake.consume(batch);
      this.#counts.outcome(signal, items, outcome);
      return this.#answers.outcome(request, outcome, { rejected, message });
    } finally {
      batch.release();
    }
  }

  #refuse({ head, encoding, signal }: Request, code: ErrorCode, message: string): Answer {
    this.#counts.request(signal, "failure");
    return this.#answers.failure(head, encoding, code, message);
  }

  #describe(kind: "too_large" | "over_budget" | "aborted" | "timeout"): string {
    switch (kind) {
      case "too_large":
        return `Cannot take the request: the body is over ${this.#bodyBytesMax} bytes`;
      case "over_budget":
        return "Cannot take the request now: the memory for requests in flight is used up";
      case "timeout":
        return "Cannot take the request: the body did not arrive in time";
      default:
        return "Cannot take the request: the sender went away";
    }
  }

  #nextId(): string {
    this.#lastId++;
    return `${this.#idPrefix}-${this.#lastId.toString(36)}`;
  }

  #originOf({ head, key }: Request): Origin {
    const { id, host } = this.#context;
    const headers = this.#options.includeMetadata ? head.headers() : {};
    const origin = { receiver: id, peer: head.peer, tenant: "", arrivedMs: host.clock.nowMs(), headers };
    return key === undefined ? origin : { ...origin, key };
  }
}
