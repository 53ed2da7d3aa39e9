/** Group B's heavy end: bodies as large as the door takes, and one byte larger. */
import { expect } from "vitest";
import { judge } from "../harness/judge.ts";
import { spansIn } from "./arrivals.ts";
import { coded, CODINGS } from "./client.ts";
import { BODY_BYTES_MAX, expectBounded, TAKEN_BODIES } from "./memory.ts";
import { expectAccepted, expectRefused, type Case, type Group, type Rig } from "./rig.ts";

const IDS = '"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"';
const NUMBERS_BEFORE = '{"x":[1';
const NUMBERS_AFTER = `],"resourceSpans":[{"scopeSpans":[{"spans":[{${IDS},"name":"behind"}]}]}]}`;
const TEXT_BEFORE = `{"resourceSpans":[{"scopeSpans":[{"spans":[{${IDS},"name":"`;
const TEXT_AFTER = '"}]}]}]}';

/** A body of `size` bytes: `before`, as much of `unit` as fits, blanks, `after`. */
function filled(size: number, before: string, unit: string, after: string): Buffer {
  const body = Buffer.alloc(size, 0x20);
  const room = size - before.length - after.length;
  body.write(before, 0);
  body.fill(unit, before.length, before.length + room - (room % unit.length));
  body.write(after, size - after.length);
  return body;
}

/** Both codings at the limit are taken and `see` what arrived; one byte more is 413. */
async function atTheLimit(rig: Rig, make: (size: number) => Buffer, see: (name: string) => void): Promise<void> {
  const fits = make(BODY_BYTES_MAX);
  const over = make(BODY_BYTES_MAX + 1);
  for (const coding of CODINGS) {
    // Made first: what this process is busy with must not look like the server's stall.
    const [sentFitting, sentOver] = [coded(coding, fits), coded(coding, over)];
    await expectBounded(rig, async () => expectAccepted(await rig.export("traces", "json", sentFitting, coding), "json"), TAKEN_BODIES);
    // The good requests of the other client arrived as well.
    const large = rig.proto.bodies.flatMap((body) => spansIn([judge("traces").toObject(Uint8Array.from(body))])).map(({ name }) => String(name));
    expect(large.filter((name) => !name.startsWith("good "))).toHaveLength(1);
    for (const name of large) if (!name.startsWith("good ")) see(name);
    rig.proto.bodies.length = 0;
    await expectBounded(rig, async () => expectRefused(await rig.export("traces", "json", sentOver, coding), 413, "json", `over ${BODY_BYTES_MAX} bytes`));
  }
}

const CASES: readonly Case[] = [
  {
    id: "B36",
    input: "as many numbers as the limit allows in a list that nobody knows, and one byte more",
    answer: "200, the list is skipped; over the limit 413; others are served meanwhile",
    run: (rig) =>
      atTheLimit(
        rig,
        (size) => filled(size, NUMBERS_BEFORE, ",1", NUMBERS_AFTER),
        (name) => expect(name).toBe("behind"),
      ),
  },
  {
    id: "B36",
    input: "one string as long as the limit allows, and one byte more",
    answer: "200, delivered whole; over the limit 413; others are served meanwhile",
    run: (rig) =>
      atTheLimit(
        rig,
        (size) => filled(size, TEXT_BEFORE, "x", TEXT_AFTER),
        (name) => expect(name.length).toBe(BODY_BYTES_MAX - TEXT_BEFORE.length - TEXT_AFTER.length),
      ),
  },
];

export const JSON_HEAVY_GROUPS: readonly Group[] = [{ title: "JSON: large", cases: CASES }];
