/** `sluice send` on the other runtimes that it runs on, driven from Node. Both come with the repository's own packages. */
import { describe, expect, it } from "vitest";
import { SENT_SIGNALS } from "../../src/cli/send/content.ts";
import type { Plain } from "../harness/judge.ts";
import { bodiesOf, itemsOf, itemsOfObject, type Reply, send, summaryOf, withDestination } from "./send-harness.ts";

describe.each(["bun", "deno"] as const)("on %s", (runtime) => {
  it("sends every signal in every form, and says which runtime it was", async () => {
    await withDestination(undefined, async (to) => {
      for (const signal of SENT_SIGNALS) {
        to.arrived.length = 0;
        const form = { traces: ["--compression", "gzip"], metrics: ["--encoding", "json", "--compression", "zstd"], logs: ["--compression", "none"] }[signal];
        const ended = await send([signal, "-e", to.url, "-n", "250", "--workers", "2", "--json", ...form], { runtime });
        expect([ended.code, ended.stderr]).toEqual([0, ""]);
        expect(summaryOf(ended)).toMatchObject({ sent: 250, accepted: 250, requests: 3 });
        const objects =
          signal === "metrics"
            ? bodiesOf(to).flatMap((body) => itemsOfObject(signal, JSON.parse(new TextDecoder().decode(body)) as Plain))
            : itemsOf(signal, bodiesOf(to));
        expect(objects.length).toBe(250);
        expect(to.arrived.every(({ headers }) => headers["user-agent"]?.endsWith(`(${runtime})`))).toBe(true);
      }
    });
  });

  it("retries, is interrupted, and finds nobody", async () => {
    let kill = () => {};
    const reply = (index: number): Reply | undefined => {
      if (index === 0) return { status: 429, headers: { "retry-after": "0" } };
      if (index === 4) kill();
      return undefined;
    };
    await withDestination(reply, async (to) => {
      const began = (by: () => void) => {
        kill = by;
      };
      const ended = await send(["logs", "-e", to.url, "-d", "inf", "--rate", "100", "--batch", "5", "--json"], { runtime, began });
      const { sent, accepted, retried, interrupted } = summaryOf(ended);
      expect([ended.code, accepted, retried, interrupted]).toEqual([0, sent, 1, true]);
    });
    const { code, stderr } = await send(["logs", "-e", "http://127.0.0.1:1"], { runtime });
    expect([code, stderr.split("\n")[0]]).toEqual([1, "Cannot reach http://127.0.0.1:1/v1/logs: nothing listens there"]);
  });
});
