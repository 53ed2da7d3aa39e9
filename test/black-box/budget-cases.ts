/** Group C of the campaign, the budget of bytes in flight: what is over it is told to come again, and is not read. */
import { expect } from "vitest";
import { field } from "../harness/bytes.ts";
import { until } from "../contract/sinks.ts";
import { type Encoding, head, headersOf, MEDIA_TYPES, Raw, send } from "./client.ts";
import { goodTraces } from "./payloads.ts";
import { type Case, expectAccepted, expectRefused, type Group, type Rig } from "./rig.ts";
import { TARGET } from "./target.ts";

const SENDERS = 50;
/** The most that eight bodies can lie in; a Worker's memory is 64 MiB, whatever is asked for. */
const ARGUMENTS = TARGET === "workers" ? [] : ["--memory", "32MiB"];
const BODY_BYTES = TARGET === "workers" ? 8 << 20 : 4 << 20;
const HELD_MAX = 8;

/** A good request of exactly `size` bytes: a field that nobody knows fills it. */
function filled(size: number): Buffer {
  const { bytes } = goodTraces();
  // Its tag takes two bytes, its length four.
  const filler = field(1000, new Uint8Array(size - bytes.length - 6));
  const body = Buffer.concat([bytes, filler]);
  expect(body.length).toBe(size);
  return body;
}

/** Heads alone, each with the first byte of its body. */
function begin(rig: Rig, body: Uint8Array, count: number, lines: readonly string[]): Raw[] {
  const start = head("/v1/traces", [...lines, `Content-Length: ${body.length}`]);
  return Array.from({ length: count }, () => new Raw(rig.target.port).write(start).write(body.subarray(0, 1)));
}

/** Whether an answer arrived to its end. */
function answered({ received }: Raw): boolean {
  const end = received.indexOf("\r\n\r\n");
  return end > 0 && received.length - end - 4 >= Number(/^content-length: (\d+)\r$/im.exec(received)?.[1] ?? 0);
}

/** Refused for now, in the sender's encoding, and told when to come again. */
function expectBusy(raw: Raw, encoding: Encoding): void {
  expect(raw.statuses).toEqual([503]);
  expect(raw.received).toMatch(/^retry-after: 1\r$/im);
  expect(raw.received.toLowerCase()).toContain(`content-type: ${MEDIA_TYPES[encoding]}`);
  expect(raw.received).toContain("Cannot take the request now: the memory for requests in flight is used up");
}

/** Sends as many as the memory never holds, and waits until the surplus was refused. Those that are left have a place, or are refused soon. */
async function crowd(rig: Rig, body: Uint8Array): Promise<Raw[]> {
  const all = begin(rig, body, SENDERS, [`Content-Type: ${MEDIA_TYPES.proto}`]);
  await until(() => all.filter(answered).length >= SENDERS - HELD_MAX, "the surplus is refused", 30_000);
  const refused = all.filter(answered);
  for (const raw of refused) expectBusy(raw, "proto");
  return all.filter((raw) => !refused.includes(raw));
}

const CASES: readonly Case[] = [
  {
    id: "C50",
    input: "50 requests at once, of which the memory for requests in flight holds a few",
    answer: "the surplus is 503 with `Retry-After` before its body is sent, in the sender's encoding; those that were taken succeed",
    async run(rig) {
      const body = filled(BODY_BYTES);
      const taken = await crowd(rig, body);
      for (const [encoding, coding] of [
        ["json", "identity"],
        ["json", "gzip"],
        ["proto", "gzip"],
      ] as const) {
        const [late] = begin(rig, body, 1, [`Content-Type: ${MEDIA_TYPES[encoding]}`, `Content-Encoding: ${coding}`]);
        await late?.until(() => answered(late));
        if (late !== undefined) expectBusy(late, encoding);
        late?.destroy();
      }
      const { proto } = await rig.arrivals(async () => {
        for (const raw of taken) raw.write(body.subarray(1));
        await Promise.all(taken.map((raw) => raw.until(() => answered(raw))));
      });
      // Eight is the most; a place that the kernel itself takes is one less, and its refusal came late.
      const served = taken.filter(({ statuses }) => statuses[0] !== 503);
      expect(served.map(({ statuses }) => statuses)).toEqual(served.map(() => [200]));
      expect(served.length).toBeGreaterThan(1);
      for (const raw of taken) if (!served.includes(raw)) expectBusy(raw, "proto");
      expect(proto.map((one) => one.equals(body))).toEqual(served.map(() => true));
      for (const raw of taken) raw.destroy();
    },
  },
  {
    id: "C50",
    input: "the same once more, and all of them go away in the middle",
    answer: "the memory is free again: the next one is taken",
    async run(rig) {
      const body = filled(BODY_BYTES);
      for (const raw of await crowd(rig, body)) raw.destroy();
      const replies: number[] = [];
      // Until the server has noticed that they went away it may say 503, as it says itself.
      for (let attempt = 0; attempt < 100 && replies.at(-1) !== 200; attempt++) {
        const reply = await send(rig.target.port, { headers: headersOf("proto"), body });
        replies.push(reply.status);
        if (reply.status === 200) expectAccepted(reply, "proto");
        else expectRefused(reply, 503, "proto", "memory for requests in flight");
      }
      expect(replies.at(-1)).toBe(200);
    },
  },
];

export const BUDGET_OPTIONS = { args: ARGUMENTS, http: `max_request_body_size: ${BODY_BYTES}` } as const;
export const BUDGET_GROUPS: readonly Group[] = [{ title: "Budget", cases: CASES }];
