/** Runs a plan on this runtime's own sockets and codecs, under its signals, and says how it ended. */
import { nodeClient } from "../../runtimes/node/client.ts";
import { nodeCodecs } from "../../runtimes/node/codecs.ts";
import { nodeEngine } from "../../runtimes/node/host.ts";
import { EXIT } from "../configuration.ts";
import { findingText } from "../report.ts";
import { painter } from "../terminal.ts";
import { type CampaignParts, runCampaign } from "./campaign.ts";
import { explain } from "./fault.ts";
import { generatorOf } from "./generator.ts";
import type { SendPlan } from "./plan.ts";
import { showProgress } from "./progress.ts";
import { Stopper } from "./stopper.ts";
import { type Ending, summaryJson, summaryText } from "./summary.ts";
import { Tally } from "./tally.ts";

/** Only JSON is made in the kernel's memory, one batch at a time; pages that nobody writes cost nothing. */
const JSON_MEMORY_BYTES = 512 << 20;
const SMALL_MEMORY_BYTES = 8 << 20;
const IDLE_TIMEOUT_MS = 60_000;

/** How the end is told. */
export interface Telling {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Sends, prints, and returns the exit code. Throws `config` when a certificate cannot be read. */
export async function runSend(plan: SendPlan, { json, quiet }: Telling): Promise<number> {
  const engine = nodeEngine(plan.encoding === "json" ? JSON_MEMORY_BYTES : SMALL_MEMORY_BYTES);
  const client = nodeClient({ tls: plan.tls, maxIdleConnections: plan.workers, maxConnections: plan.workers, idleTimeoutMs: IDLE_TIMEOUT_MS });
  const parts: CampaignParts = {
    plan,
    client,
    engine,
    codecs: nodeCodecs(engine.pool),
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    random: () => Math.random(),
    generator: generatorOf(plan.content, () => Date.now()),
    tally: new Tally(),
    stopper: new Stopper(),
    intake: new Stopper(),
  };
  const signals = obeySignals(parts);
  const hideProgress = quiet ? () => {} : showProgress(process.stderr, plan, parts.tally, () => performance.now());
  const startMs = performance.now();
  try {
    const fault = await runCampaign(parts).finally(hideProgress);
    const explained = fault === undefined ? undefined : explain(fault, plan);
    return tell({ plan, tally: parts.tally, elapsedMs: performance.now() - startMs, interrupted: signals.seen(), fault: explained }, { json, quiet });
  } finally {
    signals.forget();
    await client.close();
  }
}

function tell(ending: Ending, { json, quiet }: Telling): number {
  const { fault, tally } = ending;
  if (fault !== undefined) process.stderr.write(findingText(fault, "error", painter(process.stderr)));
  if (json) process.stdout.write(`${JSON.stringify(summaryJson(ending), undefined, 2)}\n`);
  else if (!quiet && fault === undefined) process.stdout.write(summaryText(ending, painter(process.stdout)));
  return tally.complete ? EXIT.ok : EXIT.failed;
}

/** The first SIGINT or SIGTERM ends the campaign: what is under way is still answered. A second one ends the process. */
function obeySignals({ intake, stopper }: CampaignParts) {
  let seen = false;
  const stop = () => {
    if (seen) process.exit(EXIT.failed);
    seen = true;
    intake.stop();
    stopper.stop();
  };
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, stop);
  return {
    seen: () => seen,
    forget: () => {
      for (const name of names) process.off(name, stop);
    },
  };
}
