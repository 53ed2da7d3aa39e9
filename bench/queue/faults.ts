/**
 * What trouble costs: one of two destinations hangs, the process is killed over a long queue, a gigabyte
 * waits on disk.
 *
 *     node bench/queue/faults.ts [--part hung,restart,memory] [--on node] [--rounds 3] [--seconds 3] [--rate 300] [--out FILE] [--json]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { spawn, type ChildProcess } from "node:child_process";
import { freePort } from "../e2e/free-port.ts";
import { GatewayProcess, stopAllGateways } from "../e2e/gateway-process.ts";
import type { LoadCommands } from "../e2e/load.ts";
import { closedLoop, openLoop } from "../e2e/measure.ts";
import { Recordings } from "../e2e/recordings.ts";
import type { SinkCommands } from "../e2e/sink.ts";
import { WorkerProcess } from "../e2e/worker.ts";
import { type Row, workOf } from "../e2e/works.ts";
import { describeMachine } from "../machine.ts";
import { residentBytes } from "../../test/black-box/processes.ts";
import { commandOf, type Contender, CONTENDERS } from "./contenders.ts";
import { sluiceOn } from "./programs.ts";
import { type FaultsResult, faultsText, type Hung } from "./results.ts";

const ITEMS = 100;
const CONNECTIONS = 16;
const ROTATION = 64;
const QUEUED_REQUESTS = 10_000;
const MEMORY_BYTES = 1_000_000_000;
const SETTLE_MS = 3000;
const START_MS = 60_000;
const ROW: Row = { work: workOf("plain-pass"), signal: "traces", items: ITEMS, order: "ascending" };

const { values } = parseArgs({
  options: {
    part: { type: "string", default: "hung,restart,memory" },
    on: { type: "string", default: "node" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    rate: { type: "string", default: "300" },
    out: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const programs = { sluice: sluiceOn(values.on), collector: { file: "", args: [] } };
const load = new WorkerProcess<LoadCommands>(new URL("../e2e/load.ts", import.meta.url));
const sinks = [0, 1].map(() => new WorkerProcess<SinkCommands>(new URL("../e2e/sink.ts", import.meta.url)));
const [first, second] = sinks;
try {
  await main();
} finally {
  await stopAllGateways();
  load.stop();
  for (const sink of sinks) sink.stop();
}

async function main(): Promise<void> {
  const parts = values.part.split(",");
  const { bodyBytes } = await new Recordings(ROTATION, load).load(ROW);
  const result: FaultsResult = {
    kind: "queue-faults",
    machine: describeMachine(),
    on: values.on,
    hung: parts.includes("hung") ? await measureHung() : [],
    restart: parts.includes("restart") ? await measureRestart() : undefined,
    memory: parts.includes("memory") ? await measureMemory(bodyBytes / ROTATION) : undefined,
  };
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, undefined, 1)}\n`);
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${faultsText(result)}\n`);
}

/** Both gateways run side by side, in turn: one has two good destinations, the other one that takes requests and never answers. */
async function measureHung(): Promise<Hung[]> {
  const [a = 0, b = 0] = await Promise.all(sinks.map(async (sink) => (await sink.ask("listen", undefined)).port));
  const hanging = await hangingServer();
  const found: Hung[] = [];
  for (const contender of [contenderOf("write-first"), contenderOf("send-first")]) {
    const well = await start(contender, [a, b]);
    const ill = await start(contender, [a, portOf(hanging.server)]);
    for (const gateway of [well, ill]) await turn(gateway, "closed", 1);
    for (const loop of ["fixed rate", "closed"] as const) {
      const shares: number[] = [];
      const p99Ms: number[] = [];
      const p99WellMs: number[] = [];
      for (let round = 0; round < Number(values.rounds); round++) {
        const good = await turn(well, loop, Number(values.seconds));
        const bad = await turn(ill, loop, Number(values.seconds));
        shares.push(bad.itemsASecond / good.itemsASecond);
        p99Ms.push(bad.p99Ms);
        p99WellMs.push(good.p99Ms);
        process.stderr.write(`${contender.id}, ${loop}: ${bad.itemsASecond.toFixed(0)} against ${good.itemsASecond.toFixed(0)} items/s\n`);
      }
      found.push({ durability: contender.id, loop, shares, p99Ms, p99WellMs });
    }
    await Promise.all([well.stop(), ill.stop()]);
  }
  hanging.close();
  return found;
}

async function turn({ port }: GatewayProcess, loop: Hung["loop"], seconds: number): Promise<{ readonly itemsASecond: number; readonly p99Ms: number }> {
  if (first === undefined) throw new TypeError("There is no sink");
  await first.ask("reset", { keepBodies: false });
  const from = performance.now();
  const drive = loop === "closed" ? closedLoop(port, CONNECTIONS, seconds) : openLoop(port, CONNECTIONS, seconds, Number(values.rate));
  const { p99Ms } = await load.ask("drive", drive);
  const { items } = await first.ask("count", undefined);
  const itemsASecond = items / ((performance.now() - from) / 1000);
  await settled(first);
  return { itemsASecond, p99Ms };
}

/** What is left in queues must not be counted in the next turn. */
async function settled(sink: WorkerProcess<SinkCommands>): Promise<void> {
  for (let before = -1; ;) {
    const { items } = await sink.ask("count", undefined);
    if (items === before) return;
    before = items;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The queue is filled while nobody listens at the destination; then the process is killed, and started again with one there. */
async function measureRestart(): Promise<NonNullable<FaultsResult["restart"]>> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-queue-"));
  const [port, sinkPort] = [await freePort(), await freePort()];
  const command = commandOf(contenderOf("write-first"), { folder, port, sinks: [`http://127.0.0.1:${sinkPort}`] }, programs);
  const firstMs: number[] = [];
  let server: Server | undefined;
  const arrivals: number[] = [];
  try {
    const before = await spawned(command, port);
    await load.ask("drive", { ...closedLoop(port, CONNECTIONS, 300), requestsMax: QUEUED_REQUESTS });
    await killed(before);
    // It never answers: every start finds the whole queue.
    server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", () => arrivals.push(performance.now()));
    });
    await new Promise<void>((resolve) => server?.listen(sinkPort, "127.0.0.1", resolve));
    for (let round = 0; round < Number(values.rounds); round++) {
      arrivals.length = 0;
      const from = performance.now();
      const after = spawn(command.file, command.args, { stdio: "ignore" });
      while (arrivals.length === 0 && performance.now() - from < START_MS) await new Promise((resolve) => setTimeout(resolve, 2));
      firstMs.push((arrivals[0] ?? Number.NaN) - from);
      await killed(after);
    }
    return { spans: QUEUED_REQUESTS * ITEMS, firstMs };
  } finally {
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resident memory with nothing in the queue, after some traffic, and with a gigabyte in it. */
async function measureMemory(bytesARequest: number): Promise<NonNullable<FaultsResult["memory"]>> {
  if (second === undefined) throw new TypeError("There is no sink");
  const folder = mkdtempSync(join(tmpdir(), "sluice-queue-"));
  const [port, sinkPort] = [await freePort(), await freePort()];
  const command = commandOf(contenderOf("write-first"), { folder, port, sinks: [`http://127.0.0.1:${sinkPort}`] }, programs);
  const requests = Math.ceil(MEMORY_BYTES / bytesARequest);
  try {
    const child = await spawned(command, port);
    const pid = child.pid ?? 0;
    await load.ask("drive", { ...closedLoop(port, CONNECTIONS, 60), requestsMax: 200 });
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const idleBytes = residentBytes(pid);
    await load.ask("drive", { ...closedLoop(port, CONNECTIONS, 300), requestsMax: requests });
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const queuedBytes = residentBytes(pid);
    await killed(child);
    return { idleBytes, queuedBytes, storedBytes: requests * bytesARequest };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function start(contender: Contender, ports: readonly number[]): Promise<GatewayProcess> {
  return GatewayProcess.start(ROW, ports[0] ?? 0, ({ folder, port }) =>
    commandOf(contender, { folder, port, sinks: ports.map((one) => `http://127.0.0.1:${one}`) }, programs),
  );
}

async function spawned({ args, file }: { readonly file: string; readonly args: readonly string[] }, port: number): Promise<ChildProcess> {
  const child = spawn(file, args, { stdio: "ignore" });
  for (const end = performance.now() + START_MS; performance.now() < end;) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answered !== undefined) return child;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await killed(child);
  throw new Error("The gateway did not start");
}

async function killed(child: ChildProcess): Promise<void> {
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await closed;
}

/** Takes connections, reads, and never answers. */
async function hangingServer(): Promise<{ readonly server: Server; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    server,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

function contenderOf(id: string): Contender {
  const found = CONTENDERS.find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`There is no contender "${id}"`);
  return found;
}
