/** What `sluice send` makes of a destination's answers, and of an interrupt in the middle. */
import { describe, expect, it } from "vitest";
import { bodiesOf, itemsOf, type Reply, send, summaryOf, withDestination } from "./send-harness.ts";

describe("an interrupt", () => {
  it("ends it early: what is under way is answered, and the summary is printed", async () => {
    let kill = () => {};
    const reply = (index: number) => void (index === 3 && kill());
    await withDestination(reply, async (to) => {
      const began = (by: () => void) => {
        kill = by;
      };
      const ended = await send(["logs", "-e", to.url, "-d", "inf", "--rate", "100", "--batch", "5", "--json"], { began });
      const { sent, accepted, interrupted } = summaryOf(ended);
      expect([ended.code, accepted, interrupted]).toEqual([0, sent, true]);
      expect(itemsOf("logs", bodiesOf(to)).length).toBe(sent);
      expect(to.arrived.length).toBeGreaterThanOrEqual(4);
    });
  });

  it("ends a wait for the next attempt, and counts what was given up", async () => {
    let kill = () => {};
    const reply = (): Reply => {
      setTimeout(() => kill(), 50);
      return { status: 503, headers: { "retry-after": "50" } };
    };
    await withDestination(reply, async (to) => {
      const began = (by: () => void) => {
        kill = by;
      };
      const ended = await send(["logs", "-e", to.url, "--json"], { began });
      expect([ended.code, to.arrived.length]).toEqual([1, 1]);
      expect(summaryOf(ended)).toMatchObject({ sent: 100, failed: 100, accepted: 0, retried: 0, interrupted: true });
    });
  });
});

describe("what a destination answers", () => {
  it("503, then 200: sent again, after the time that it names, the same bytes", async () => {
    const reply = (index: number): Reply | undefined => (index < 2 ? { status: 503, headers: { "retry-after": String(index) } } : undefined);
    await withDestination(reply, async (to) => {
      const ended = await send(["traces", "-e", to.url, "-n", "10", "--json"]);
      expect(ended.code).toBe(0);
      expect(summaryOf(ended)).toMatchObject({ sent: 10, accepted: 10, requests: 1, retried: 2 });
      expect(to.arrived.length).toBe(3);
      expect(to.arrived[2]?.body).toEqual(to.arrived[0]?.body);
    });
  });

  it("503 always: given up after the retries, told, and the exit code is 1", async () => {
    const body = JSON.stringify({ code: 14, message: "full" });
    const reply = (): Reply => ({ status: 503, headers: { "retry-after": "0", "content-type": "application/json" }, body });
    await withDestination(reply, async (to) => {
      const { code, stdout } = await send(["traces", "-e", to.url, "-n", "10", "--batch", "5", "--retries", "2"]);
      expect([code, to.arrived.length]).toEqual([1, 6]);
      expect(stdout).toMatch(/^not all accepted\n/);
      expect(stdout).toMatch(/failed +10\nretried +4 requests\n/);
      expect(stdout).toMatch(/\n {2}6 x the destination answered 503: full\n$/);
    });
  });

  it("a partial success: what was rejected is counted, and the exit code is 1", async () => {
    const body = JSON.stringify({ partialSuccess: { rejectedLogRecords: "3", errorMessage: "too \u001b[31mold" } });
    const reply = (index: number): Reply | undefined => (index === 1 ? { status: 200, headers: { "content-type": "application/json" }, body } : undefined);
    await withDestination(reply, async (to) => {
      const args = ["logs", "-e", to.url, "-n", "30", "--batch", "10"];
      const ended = await send([...args, "--json"]);
      expect(ended.code).toBe(1);
      expect(summaryOf(ended)).toMatchObject({ sent: 30, accepted: 27, rejected: 3, failed: 0, retried: 0 });
      to.arrived.length = 0;
      // A terminal does not obey what a destination says.
      expect((await send(args)).stdout).toMatch(/\n {2}1 x rejected in part: too \ufffd\[31mold\n$/);
    });
  });

  it.each([
    [401, "", "Give what it asks for with --header"],
    [404, "", "Is this an OTLP/HTTP destination, and does it take traces?"],
    [404, "/x", "The URL was used as it is: a base URL, without a path, gets /v1/traces"],
    [413, "", "Make requests smaller: --batch is 100"],
    [415, "", "Try another --encoding or --compression"],
    [308, "", "Give the URL that it redirects to"],
  ])("%d at %j: the campaign ends with the cure", async (status, path, cure) => {
    await withDestination(
      () => ({ status }),
      async (to) => {
        const { code, stdout, stderr } = await send(["traces", "-e", `${to.url}${path}`, "-n", "100000", "--header", "authorization=secret"]);
        expect([code, stdout, to.arrived.length]).toEqual([1, "", 1]);
        expect(stderr).toContain(`Cannot send to ${to.url}${path === "" ? "/v1/traces" : path}: the destination answered ${status}`);
        expect(stderr).toContain(`  => ${cure}`);
        expect(stderr).not.toContain("secret");
      },
    );
  });
});
