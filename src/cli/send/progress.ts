/** One line on a terminal that says how far a campaign is. Nothing where standard error is no terminal. */
import type { SendPlan } from "./plan.ts";
import type { Tally } from "./tally.ts";

const EVERY_MS = 200;
const COLUMNS = 80;
const CLEAR_LINE = "\r\u001b[K";
const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** What of a terminal's stream is needed. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Begins; what it returns takes the line away again. */
export function showProgress(stream: ProgressStream, plan: SendPlan, tally: Tally, nowMs: () => number): () => void {
  if (stream.isTTY !== true) return () => {};
  const startMs = nowMs();
  const timer = setInterval(() => {
    // A line that wraps could not be taken away again. Some terminals do not say how wide they are.
    const columns = stream.columns === undefined || stream.columns === 0 ? COLUMNS : stream.columns;
    stream.write(`${CLEAR_LINE}${progressText(plan, tally, nowMs() - startMs).slice(0, columns - 1)}`);
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    stream.write(CLEAR_LINE);
  };
}

/** The line itself. */
export function progressText({ items, durationMs }: SendPlan, tally: Tally, elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const share = Math.max(items === Number.POSITIVE_INFINITY ? 0 : tally.sent / items, durationMs === undefined ? 0 : elapsedMs / durationMs);
  const parts = [
    ...(share === 0 ? [] : [`${Math.min(100, Math.floor(share * 100))} %`]),
    `${NUMBER.format(tally.accepted)} accepted`,
    ...(tally.rejected === 0 ? [] : [`${NUMBER.format(tally.rejected)} rejected`]),
    ...(tally.failed === 0 ? [] : [`${NUMBER.format(tally.failed)} failed`]),
    ...(tally.retried === 0 ? [] : [`${NUMBER.format(tally.retried)} retried`]),
    `${NUMBER.format(elapsedMs === 0 ? 0 : (tally.accepted / elapsedMs) * 1000)}/s`,
    `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`,
  ];
  return parts.join("  ");
}
