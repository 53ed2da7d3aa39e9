/**
 * A row: every gateway started fresh, made to prove the work, warmed, and then driven in turn (A B C
 * A B C), so that a ratio compares neighbours in time and what else the machine does hits all alike.
 */
import { GatewayProcess } from "./gateway-process.ts";
import type { Gateway } from "./gateway.ts";
import { closedLoop, takeTurn, type Target, type Turn } from "./measure.ts";
import type { Bench, Present } from "./bench.ts";
import { peakMemoryMib } from "./process-figures.ts";
import { type Fault, FLOOR, ratioOf, REFERENCE, type RowResult } from "./results.ts";
import type { TableRow } from "./rows.ts";
import { verify, type Verified } from "./verify.ts";
import type { Row } from "./works.ts";

interface Contender extends Target, Verified {
  readonly process: GatewayProcess | undefined;
}

/** Measures a row. What one gateway cannot do is a fault of that gateway; the others go on. */
export async function measureRow(bench: Bench, { row, id, title, asked }: TableRow): Promise<RowResult> {
  const { requests, bodyBytes } = await bench.recordings.load(row);
  bench.schedule.didRow(`${id}: requests recorded`);
  const contenders: Contender[] = [];
  const faults: Fault[] = [];
  try {
    contenders.push(await straight(bench, row, requests));
    for (const present of bench.present) {
      if (present.gateway.copies && !row.work.copyFloor) continue;
      try {
        contenders.push(await admit(bench, present, row, requests, expectedOf(row, contenders)));
      } catch (error) {
        faults.push({ id: present.gateway.id, why: messageOf(error) });
      }
      bench.schedule.didStart(`${id}: ${present.gateway.name}${faults.at(-1)?.id === present.gateway.id ? ` FAILED: ${faults.at(-1)?.why}` : " does it"}`);
    }
    const turns = await takeRounds(bench, id, row, contenders);
    const gateways = contenders.map((one) => gatewayTurns(one, turns));
    const bytesAnItem = bodyBytes / (requests.length * row.items);
    return { id, title, asked, signal: row.signal, items: row.items, order: row.order, bytesAnItem, gateways, faults };
  } finally {
    await Promise.all(contenders.flatMap((one) => (one.process === undefined ? [] : [one.process.stop()])));
  }
}

/** The text of what was thrown, with what the gateway said. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The load generator's requests straight into the sink. */
async function straight({ sinkPort, workers }: Bench, row: Row, requests: readonly Uint8Array[]): Promise<Contender> {
  const claim = { port: sinkPort, row: unchanged(row), agent: undefined };
  const proved = await verify(claim, requests, workers.load, workers.sink);
  return { id: FLOOR, port: sinkPort, counted: { pid: 0, only: undefined }, process: undefined, ...proved };
}

/** Rules do what they do at the first gateway: the Collector, where there is one. */
function expectedOf({ work }: Row, contenders: readonly Contender[]): Verified | undefined {
  return work.effect === "rules" ? contenders.find(({ id }) => id !== FLOOR) : undefined;
}

async function admit(
  bench: Bench,
  { gateway, command }: Present,
  row: Row,
  requests: readonly Uint8Array[],
  expected: Verified | undefined,
): Promise<Contender> {
  const { workers, sinkPort } = bench;
  const running = await GatewayProcess.start(row, sinkPort, command);
  try {
    const { port } = running;
    const claim = { port, row: gateway.copies ? unchanged(row) : row, agent: gateway.agent, expected };
    const proved = await verify(claim, requests, workers.load, workers.sink);
    const contender = { id: gateway.id, port, counted: countedOf(gateway, running), process: running, ...proved };
    await warm(bench, contender);
    return contender;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Whose CPU and memory is a gateway's. */
export function countedOf({ countOnly }: Gateway, { pid, port }: GatewayProcess): Target["counted"] {
  return { pid, only: countOnly && { name: countOnly.name, without: countOnly.without(port) } };
}

function unchanged(row: Row): Row {
  return { ...row, work: { ...row.work, effect: "none" } };
}

async function warm({ workers, options, schedule }: Bench, { port }: Target): Promise<void> {
  if (schedule.warmSeconds > 0) await workers.load.ask("drive", closedLoop(port, options.connections, schedule.warmSeconds));
}

async function takeRounds(bench: Bench, id: string, row: Row, contenders: readonly Contender[]): Promise<Map<string, Turn[]>> {
  const { options, schedule, workers } = bench;
  const turns = new Map<string, Turn[]>(contenders.map((one) => [one.id, []]));
  for (let round = 1; round <= options.rounds; round++) {
    for (const one of contenders) {
      const turn = await takeTurn(one, closedLoop(one.port, options.connections, schedule.seconds), row.items, workers);
      turns.get(one.id)?.push(turn);
      schedule.didTurn(`${id}, round ${round} of ${options.rounds}, ${one.id}: ${turnText(turn)}`);
    }
  }
  return turns;
}

function turnText({ cpuSecondsAMillion, itemsASecond, fault }: Turn): string {
  const cpu = cpuSecondsAMillion === null ? "" : `${cpuSecondsAMillion.toFixed(3)} CPU s a million items, `;
  return `${cpu}${itemsASecond.toFixed(0)} items/s${fault === "" ? "" : `, FAULT: ${fault}`}`;
}

function gatewayTurns(one: Contender, turns: ReadonlyMap<string, readonly Turn[]>): RowResult["gateways"][number] {
  const own = turns.get(one.id) ?? [];
  return {
    id: one.id,
    peakMemoryMib: peakMemoryMib(one.counted),
    startMs: one.process?.startMs ?? null,
    differs: one.differs,
    delivered: one.delivered.reduce((sum, items) => sum + items, 0),
    turns: own,
    ratio: ratioOf(own, turns.get(REFERENCE)),
  };
}
