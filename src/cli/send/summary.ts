/** The end of a campaign in words, and as JSON for programs. */
import { harmless, type Paint, table } from "../terminal.ts";
import type { Explanation } from "./fault.ts";
import type { SendPlan } from "./plan.ts";
import type { Tally } from "./tally.ts";

export interface Ending {
  readonly plan: SendPlan;
  readonly tally: Tally;
  readonly elapsedMs: number;
  /** A signal ended it. */
  readonly interrupted: boolean;
  readonly fault: Explanation | undefined;
}

const MESSAGES_SHOWN = 5;
const NOUNS = { traces: "spans", metrics: "data points", logs: "log records" } as const;
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const PRECISE = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** A table, and what destinations said. */
export function summaryText({ plan, tally, elapsedMs, interrupted }: Ending, paint: Paint): string {
  const noun = NOUNS[plan.content.signal];
  const rows = [
    ["sent", `${WHOLE.format(tally.sent)} ${noun} in ${WHOLE.format(tally.requests)} requests to ${harmless(plan.endpoint.shown)}`],
    ["accepted", WHOLE.format(tally.accepted)],
    ["rejected", WHOLE.format(tally.rejected)],
    ["failed", WHOLE.format(tally.failed)],
    ["retried", `${WHOLE.format(tally.retried)} requests`],
    ["bytes", `${WHOLE.format(tally.bytes)} (${plan.encoding}, ${plan.coding === "none" ? "not compressed" : plan.coding})`],
    ["duration", `${PRECISE.format(elapsedMs / 1000)} s${interrupted ? ", interrupted" : ""}`],
    ["rate", `${rateText(tally.accepted, elapsedMs)} ${noun}/s accepted`],
    ["latency", latencyText(tally)],
    ["seed", String(plan.content.seed)],
  ];
  const said = tally.messages.slice(0, MESSAGES_SHOWN).map(({ message, count }) => `  ${WHOLE.format(count)} x ${harmless(message)}\n`);
  const verdict = tally.complete ? paint("green", "all accepted") : paint("red", tally.sent === 0 ? "nothing sent" : "not all accepted");
  // There is no heading to paint.
  return `${verdict}\n${table(rows, (_, text) => text)}${said.length === 0 ? "" : `\n${said.join("")}`}`;
}

function latencyText({ latency }: Tally): string {
  const [half, most] = [latency.quantileMs(0.5), latency.quantileMs(0.99)];
  return half === undefined || most === undefined ? "no answer" : `p50 ${PRECISE.format(half)} ms, p99 ${PRECISE.format(most)} ms`;
}

function rateText(items: number, elapsedMs: number): string {
  return WHOLE.format(elapsedMs === 0 ? 0 : (items / elapsedMs) * 1000);
}

/** One object; numbers have their unit in the name. */
export function summaryJson({ plan, tally, elapsedMs, interrupted, fault }: Ending) {
  return {
    signal: plan.content.signal,
    url: plan.endpoint.shown,
    encoding: plan.encoding,
    compression: plan.coding,
    seed: plan.content.seed,
    sent: tally.sent,
    accepted: tally.accepted,
    rejected: tally.rejected,
    failed: tally.failed,
    requests: tally.requests,
    retried: tally.retried,
    bytes: tally.bytes,
    durationMs: rounded(elapsedMs),
    itemsPerSecond: elapsedMs === 0 ? 0 : rounded((tally.accepted / elapsedMs) * 1000),
    latencyMs: { p50: orNull(tally.latency.quantileMs(0.5)), p99: orNull(tally.latency.quantileMs(0.99)) },
    interrupted,
    error: fault?.message ?? null,
    messages: tally.messages,
  };
}

function orNull(value: number | undefined): number | null {
  return value === undefined ? null : rounded(value);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
