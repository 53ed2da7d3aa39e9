/** A run of the harness as tables: for the terminal, and for RESULTS.md. */
import { short, spreadOf, spreadText, tableText, type Spread } from "../statistics.ts";
import { addedMs, type EndToEndResult, faultsOf, FLOOR, type GatewayInfo, type GatewayTurns, REFERENCE, type RowResult } from "./results.ts";
import type { Turn } from "./measure.ts";

/** A share of one core from which on a thread is taken to be the limit. */
const SATURATED = 0.95;

/** Everything that a run found. */
export function tablesOf(result: EndToEndResult): string {
  const parts: string[] = [];
  for (const row of result.rows) parts.push(`### ${row.title}`, rowText(row, result));
  if (result.latency !== null) parts.push(latencyText(result));
  if (result.starts !== null) parts.push(startText(result));
  return [...parts, ...notesOf(result)].join("\n\n");
}

/** One row: its gateways, what the clients waited, what the harness itself cost. */
function rowText(row: RowResult, { gateways: infos }: EndToEndResult): string {
  const head = [
    "gateway",
    "CPU s a million items",
    "less than the Collector",
    "items/s",
    "cores",
    "peak MiB",
    "p50 ms",
    "p99",
    "p99.9",
    "generator CPU s",
    "sink CPU s",
  ];
  const body = row.gateways.map((one) => {
    const rows = one.turns;
    return [
      nameOf(infos, one.id),
      spreadText(spreadOfTurns(rows, (turn) => turn.cpuSecondsAMillion)),
      one.ratio === null || one.id === REFERENCE ? "" : `${spreadText(one.ratio)} x`,
      median(rows, (turn) => turn.itemsASecond),
      median(rows, (turn) => turn.busy),
      one.peakMemoryMib === 0 ? "" : short(one.peakMemoryMib),
      median(rows, ({ waits }) => waits.p50Ms),
      median(rows, ({ waits }) => waits.p99Ms),
      median(rows, ({ waits }) => waits.p999Ms),
      `${median(rows, (turn) => turn.loadCpuSecondsAMillion)}${saturated(rows, (turn) => turn.loadBusy)}`,
      `${median(rows, (turn) => turn.sinkCpuSecondsAMillion)}${saturated(rows, (turn) => turn.sinkBusy)}`,
    ];
  });
  return [`${short(row.bytesAnItem)} B an item as sent`, tableText([head, ...body]), ...rowNotes(row, infos)].join("\n\n");
}

function rowNotes({ gateways }: RowResult, infos: readonly GatewayInfo[]): string[] {
  const notes: string[] = [];
  const workers = gateways.filter(({ id }) => id !== FLOOR && !(infos.find((info) => info.id === id)?.copies ?? false));
  if (new Set(workers.map(({ delivered }) => delivered)).size > 1) {
    notes.push(`Of one rotation arrived: ${workers.map(({ id, delivered }) => `${delivered} items from ${nameOf(infos, id)}`).join(", ")}.`);
  }
  for (const { id, differs } of gateways) if (differs !== "") notes.push(`${nameOf(infos, id)} also changes: \`${differs}\`.`);
  return notes;
}

function latencyText({ latency, gateways: infos }: EndToEndResult): string {
  if (latency === null) return "";
  const head = ["gateway", "p50 ms", "p99", "p99.9", "p50 added", "p99 added", "p99.9 added", "peak MiB", "cores", "generator late p99"];
  const body = latency.gateways.map(({ id, runs }) => {
    const of = (figure: (run: (typeof runs)[number]) => number | null): Spread => spreadOf(runs.map(figure).filter((value) => value !== null));
    const added = (["p50Ms", "p99Ms", "p999Ms"] as const).map((key) => (id === FLOOR ? "" : spreadText(spreadOf(addedMs(latency, id, key)))));
    return [
      nameOf(infos, id),
      ...(["p50Ms", "p99Ms", "p999Ms"] as const).map((key) => short(of(({ waits }) => waits[key]).median)),
      ...added,
      id === FLOOR ? "" : short(of(({ peakMemoryMib }) => peakMemoryMib).max),
      id === FLOOR ? "" : short(of(({ busy }) => busy).median),
      short(of(({ waits }) => waits.lagP99Ms).median),
    ];
  });
  const title = `### Latency at ${latency.rate} spans a second, ${latency.items} a request`;
  return [
    title,
    `${latency.seconds.toFixed(1)} s a run, plain in, resource upsert, plain out; added: over the bare sink, within a round`,
    tableText([head, ...body]),
  ].join("\n\n");
}

function startText({ starts, gateways: infos }: EndToEndResult): string {
  const body = (starts?.gateways ?? []).map(({ id, version, startMs }) => [nameOf(infos, id), version, spreadText(spreadOf(startMs))]);
  return ["### Start-up, from spawn to the first answer", tableText([["gateway", "version", "ms"], ...body])].join("\n\n");
}

function notesOf(result: EndToEndResult): string[] {
  const notes = result.absent.map(({ id, why }) => `${id} was not measured: ${why}`);
  for (const note of new Set(result.gateways.map((one) => one.note).filter((text) => text !== ""))) {
    const names = result.gateways.filter((one) => one.note === note).map(({ name }) => name);
    notes.push(`${names.join("; ")}: ${note}.`);
  }
  if (result.rows.some(({ gateways }) => gateways.some(({ turns }) => [...turns].some(isSaturated)))) {
    notes.push("`*`: this thread of the harness was itself busy all the time and limits items/s; CPU an item is not affected.");
  }
  const faults = faultsOf(result);
  if (faults.length === 0) notes.push("Every item sent arrived.");
  else notes.push("NOT COMPLETE, the figures do not count:", ...faults.map((fault) => `- ${fault}`));
  return notes;
}

/** The name of a gateway, or of the floor. */
export function nameOf(infos: readonly GatewayInfo[], id: string): string {
  return id === FLOOR ? "straight into the sink" : (infos.find((one) => one.id === id)?.name ?? id);
}

function isSaturated({ loadBusy, sinkBusy }: Turn): boolean {
  return loadBusy >= SATURATED || sinkBusy >= SATURATED;
}

function saturated(turns: GatewayTurns["turns"], figure: (turn: Turn) => number): string {
  return spreadOfTurns(turns, figure).median >= SATURATED ? " *" : "";
}

function median(turns: GatewayTurns["turns"], figure: (turn: Turn) => number | null): string {
  return short(spreadOfTurns(turns, figure).median);
}

/** NaN where the figure does not exist. */
function spreadOfTurns(turns: readonly Turn[], figure: (turn: Turn) => number | null): Spread {
  return spreadOf(turns.map(figure).filter((value) => value !== null));
}
