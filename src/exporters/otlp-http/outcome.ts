/** What the end of an attempt over HTTP means (OTLP 1.11, "Failures", "Retryable response codes"). */
import type { HttpResult } from "../../base/host.ts";
import type { Signal } from "../../base/signal.ts";
import { RETRY_AFTER_MS_MAX } from "../../delivery/backoff.ts";
import { cutMessage, type Encoding, readExportResponse, readStatus } from "../../otlp/responses.ts";
import { ACCEPTED, type Outcome } from "../../pipeline/outcome.ts";

export interface Attempt {
  readonly signal: Signal;
  /** Of the request; the answer must have the same. */
  readonly encoding: Encoding;
  readonly items: number;
  /** For a Retry-After that is a date. */
  readonly nowMs: number;
}

type Response = Extract<HttpResult, { kind: "response" }>;

const RETRYABLE = new Set([429, 502, 503, 504]);

export function outcomeOf(result: HttpResult, attempt: Attempt): Outcome {
  if (result.kind === "failed") {
    // An answer past the limit is no reason to send again (OTLP 1.11, "Response size limits").
    if (result.reason === "response_too_large") return { kind: "refused", message: result.message };
    return { kind: "retry", message: `${result.reason}: ${result.message}` };
  }
  const { status } = result;
  if (status >= 200 && status < 300) return delivered(result, attempt);
  const message = `the destination answered ${status}${detailOf(result, attempt.encoding)}`;
  if (!RETRYABLE.has(status)) return { kind: "refused", message, status };
  const afterMs = parseRetryAfter(result.header("retry-after"), attempt.nowMs);
  return afterMs === undefined ? { kind: "retry", message, status } : { kind: "retry", message, status, afterMs };
}

/** Delivered, whatever the body is: sending again because of an odd answer would only make duplicates. */
function delivered(response: Response, { signal, encoding, items }: Attempt): Outcome {
  if (response.body.length === 0) return ACCEPTED;
  const coded = response.header("content-encoding");
  const plain = coded === undefined || coded === "" || coded.toLowerCase() === "identity";
  const partial = plain ? readExportResponse(signal, answerEncoding(response, encoding), response.body) : undefined;
  if (partial === undefined) return { kind: "accepted", warning: `the answer to a delivered request cannot be read (status ${response.status})` };
  const rejected = Math.min(partial.rejected, items);
  if (rejected > 0) return { kind: "partial", rejected, message: partial.message };
  return partial.message === "" ? ACCEPTED : { kind: "accepted", warning: partial.message };
}

function detailOf(response: Response, encoding: Encoding): string {
  if (response.status >= 300 && response.status < 400) return ": redirects are not followed";
  const message = readStatus(answerEncoding(response, encoding), response.body)?.message ?? "";
  return message === "" ? "" : `: ${cutMessage(message)}`;
}

function answerEncoding(response: Response, encoding: Encoding): Encoding {
  const type = response.header("content-type")?.toLowerCase() ?? "";
  if (type.startsWith("application/json")) return "json";
  return type.startsWith("application/x-protobuf") ? "proto" : encoding;
}

/** Seconds or an HTTP-date, in milliseconds, at most an hour; undefined when it is neither. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return Math.min(Number(trimmed) * 1000, RETRY_AFTER_MS_MAX);
  // Every form of HTTP-date begins with the name of a day; Date.parse alone would take far more.
  const dateMs = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.min(Math.max(0, dateMs - nowMs), RETRY_AFTER_MS_MAX);
}
