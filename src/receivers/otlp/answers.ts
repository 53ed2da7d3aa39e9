/** The door's answers: OTLP responses and google.rpc.Status in the sender's encoding, with their headers. */
import type { ErrorCode } from "../../base/errors.ts";
import type { Answer, RequestHead } from "../../base/host.ts";
import type { Signal } from "../../base/signal.ts";
import { type Encoding, ERROR_STATUS, MEDIA_TYPES, type PartialSuccess, writeExportResponse, writeStatus } from "../../otlp/responses.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import type { Cors } from "./cors.ts";

type Headers = Readonly<Record<string, string>>;

/** Asked of a sender when no destination said how long. */
const RETRY_AFTER_SECONDS = 5;
/** Asked when only the memory is used up: it is free again as soon as exports end. */
const BUDGET_RETRY_AFTER_SECONDS = 1;
const EMPTY = new Uint8Array(0);

interface Asked {
  readonly head: RequestHead;
  readonly signal: Signal;
  readonly encoding: Encoding;
}

export class Answers {
  readonly #cors: Cors | undefined;
  readonly #always: Readonly<Record<Encoding, Headers>>;

  /** `responseHeaders` go on every answer. */
  constructor(responseHeaders: Headers, cors: Cors | undefined) {
    this.#cors = cors;
    const headers = (encoding: Encoding) => ({ ...responseHeaders, "content-type": MEDIA_TYPES[encoding], "x-content-type-options": "nosniff" });
    this.#always = { proto: headers("proto"), json: headers("json") };
  }

  preflight(head: RequestHead): Answer {
    return { status: 204, headers: this.#cors?.preflight(head) ?? {}, body: EMPTY };
  }

  /** `rpc` is a google.rpc.Code. */
  error(head: RequestHead, encoding: Encoding, status: number, rpc: number, message: string, extra: Headers = {}): Answer {
    return { status, headers: { ...this.#headers(head, encoding), ...extra }, body: writeStatus(encoding, { code: rpc, message }) };
  }

  failure(head: RequestHead, encoding: Encoding, code: ErrorCode, message: string): Answer {
    const { http, rpc } = ERROR_STATUS[code];
    return this.error(head, encoding, http, rpc, message, http === 503 ? { "retry-after": String(BUDGET_RETRY_AFTER_SECONDS) } : {});
  }

  /** `cut` is what the door itself rejected of the request. */
  outcome({ head, signal, encoding }: Asked, outcome: Outcome, cut: PartialSuccess): Answer {
    switch (outcome.kind) {
      case "accepted":
        return this.#success(head, signal, encoding, outcome.warning === undefined ? cut : joined(cut, { rejected: 0, message: outcome.warning }));
      case "partial":
        return this.#success(head, signal, encoding, joined(cut, outcome));
      case "retry": {
        const seconds = outcome.afterMs === undefined ? RETRY_AFTER_SECONDS : Math.max(1, Math.ceil(outcome.afterMs / 1000));
        return this.error(head, encoding, 503, 14, `Cannot deliver now: ${outcome.message}`, { "retry-after": String(seconds) });
      }
      default:
        return this.#refused(head, encoding, outcome.status, outcome.message);
    }
  }

  /** Permanent: 400, unless the destination found it too large or the fault is our own. */
  #refused(head: RequestHead, encoding: Encoding, status: number | undefined, message: string): Answer {
    if (status === 413) return this.error(head, encoding, 413, 8, `Cannot deliver: ${message}`);
    return this.error(head, encoding, 400, 3, `Cannot deliver: ${message}`);
  }

  #success(head: RequestHead, signal: Signal, encoding: Encoding, partial: PartialSuccess): Answer {
    return { status: 200, headers: this.#headers(head, encoding), body: writeExportResponse(signal, encoding, partial) };
  }

  #headers(head: RequestHead, encoding: Encoding): Headers {
    const always = this.#always[encoding];
    return this.#cors === undefined ? always : { ...always, ...this.#cors.answer(head) };
  }
}

function joined(one: PartialSuccess, other: PartialSuccess): PartialSuccess {
  return { rejected: one.rejected + other.rejected, message: [one.message, other.message].filter((text) => text !== "").join("; ") };
}
