/** The campaign of scripts/campaign.ts, short: a gateway that is killed loses nothing that it acknowledged. */
import { expect, it } from "vitest";
import { runtimeOf } from "../../scripts/test/rules.ts";
import { campaign, type Durability } from "./kills.ts";

const TARGET = runtimeOf(process.env["TEST_TARGET"] ?? "node");
const DURABILITIES: readonly Durability[] = ["write_first", "send_first"];

it.each(DURABILITIES)(
  "%s: killed in the middle of it, nothing that was acknowledged is lost, and duplicates have a reason",
  async (durability) => {
    if (TARGET === "workers") throw new Error("A Worker has no process to kill: scripts/test/rules.ts leaves this out");
    const report = await campaign({ runtime: TARGET, durability, kills: 3, seed: 20_261_121, lifeMsMax: 500, senders: 4, faults: 30 });
    expect(report.lost).toEqual([]);
    expect(report.unexplained).toEqual([]);
    expect(report.kills).toBe(3);
    expect(report.acknowledged).toBeGreaterThan(20);
  },
  120_000,
);
